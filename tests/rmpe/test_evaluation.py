"""A pipeline measured on a data set: with stand-ins for networks, and with real ones."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe import PoseEstimator
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.detectors.detections import Detections
from rmpe.evaluation import evaluate, evaluate_boxes, predict
from rmpe.inputs.images import ImageError
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.models.pose import PoseNetwork
from rmpe.models.read import load_card
from rmpe.people import People
from rmpe.skeletons import COCO_17
from rmpe.timing import StageTimer

from .coco_annotations import annotations, person, random_annotations


def write_with_images(content, folder, size=(60, 60)):
    """Write annotations and their images; return the data set."""
    for image in content["images"]:
        Image.new("RGB", size).save(folder / image["file_name"])
    file = folder / "annotations.json"
    file.write_text(json.dumps(content))
    return load_dataset(file, folder)


class Replay:
    """An estimator that "finds" the people of result rows, image after image."""

    def __init__(self, dataset, rows):
        self.pose = SimpleNamespace(card=SimpleNamespace(name="replay", skeleton=COCO_17))
        self.timer = StageTimer()
        self.rows = [[row for row in rows if row["image_id"] == i] for i in dataset.image_ids]
        self.boxes = []

    def __call__(self, images, boxes=None):
        self.boxes += [None] * len(images) if boxes is None else boxes
        batch, self.rows = self.rows[: len(images)], self.rows[len(images) :]
        index = [i for i, rows in enumerate(batch) for _ in rows]
        flat = [row["keypoints"] for rows in batch for row in rows]
        p = len(flat)
        return People(
            keypoints=torch.tensor(flat).reshape(p, 17, 3)[..., :2],
            keypoint_scores=torch.ones(p, 17),
            boxes=torch.zeros(p, 4),
            box_scores=torch.ones(p),
            scores=torch.tensor([row["score"] for rows in batch for row in rows]),
            image_index=torch.tensor(index, dtype=torch.int64),
            image_sizes=((60, 60),) * len(images),
            skeleton=COCO_17,
        )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_measure_does_not_depend_on_batches(tmp_path, seed, batch_size):
    rng = np.random.default_rng(seed)
    content, rows = random_annotations(rng)
    content["annotations"].append(person(id="one at least"))
    dataset = write_with_images(content, tmp_path)
    found = evaluate(Replay(dataset, rows), dataset, nms=[None], batch_size=batch_size)
    assert found == {"none": average_precision(dataset, rows)}


def test_true_boxes_are_those_of_single_people_with_keypoints(tmp_path):
    people = [
        person(id=1, bbox=[1, 2, 3, 4]),
        person(id=2, iscrowd=1),
        person(id=3, keypoints=[0, 0, 0] * 17),
        person(id=4, image_id=2, bbox=[5, 6, 7, 8]),
    ]
    images = [{"id": i, "file_name": f"{i}.png"} for i in (1, 2, 3)]
    dataset = write_with_images(annotations(*people, images=images), tmp_path)
    estimator = Replay(dataset, [])
    evaluate(estimator, dataset, nms=[None], true_boxes=True)
    assert [boxes.tolist() for boxes in estimator.boxes] == [[[1, 2, 4, 6]], [[5, 6, 12, 14]], []]


class Uniform(torch.nn.Module):
    """A pose network whose heatmaps have a peak in their middle, or none."""

    device = torch.device("cpu")
    output_shapes = ((17, 64, 48),)

    def __init__(self, peak):
        super().__init__()
        self.peak = peak

    def forward(self, batch):
        maps = torch.full((len(batch), 17, 64, 48), 0.5)
        maps[:, :, 32, 24] += self.peak
        return (maps,)


def with_network(peak):
    return PoseEstimator(None, PoseNetwork(load_card("simplepose_coco17"), Uniform(peak)), nms=None)


def test_batch_in_which_nobody_is_annotated(tmp_path):
    middle = person(bbox=[0, 0, 60, 60], area=3600, keypoints=[30, 30, 2] * 17)
    images = [{"id": i, "file_name": f"{i}.png"} for i in (1, 2)]
    dataset = write_with_images(annotations(middle, images=images), tmp_path)
    for batch_size in (1, 2):
        found = evaluate(
            with_network(peak=1), dataset, nms=[None], true_boxes=True, batch_size=batch_size
        )
        assert found["none"].ap == pytest.approx(1)
        assert found["none"].people == 1


def test_box_without_extent_never_counts_as_right(tmp_path):
    """Its crop, and so its keypoints, are NaN."""
    dataset = write_with_images(annotations(person(bbox=[0, 0, 0, 0], area=9e4)), tmp_path)
    found = evaluate(with_network(peak=0), dataset, nms=[None], true_boxes=True)
    assert found["none"].ap == 0
    assert found["none"].people == 1


def test_nobody_annotated_is_an_error_before_any_network_runs(tmp_path):
    dataset = write_with_images(annotations(), tmp_path)
    with pytest.raises(DatasetError, match="annotations.json: at least one person in the 1 images"):
        evaluate(None, dataset, nms=[None])


def test_images_of_another_size_than_annotated(tmp_path):
    image = {"id": "x", "file_name": "1.png", "height": 80, "width": 60}
    dataset = write_with_images(annotations(person(image_id="x"), images=[image]), tmp_path)
    message = (
        "1.png must be 60 x 80 pixels, as .* states for the image with the id 'x', got 60 x 60"
    )
    with pytest.raises(DatasetError, match=message):
        evaluate(Replay(dataset, []), dataset, nms=[None])


def test_image_that_cannot_be_read(tmp_path):
    dataset = write_with_images(annotations(person()), tmp_path)
    dataset.paths[0].write_bytes(b"no image")
    with pytest.raises(ImageError, match="1.png"):
        evaluate(Replay(dataset, []), dataset, nms=[None])


def test_network_of_other_keypoints(tmp_path, models_dir):
    dataset = write_with_images(annotations(person()), tmp_path)
    estimator = PoseEstimator(None, "hourglass_aic14", models_dir=models_dir, nms=None)
    message = "must have the keypoints of coco_17, as .*annotations.json has; hourglass_aic14 has"
    with pytest.raises(ValueError, match=message):
        predict(estimator, dataset, nms=[None])


@pytest.mark.parametrize(
    "true_boxes, nms, least",
    [(True, None, 0.428), (False, "alphapose", 0.332), (False, "rmpe", 0.332)],
)
def test_real_networks_reach_the_plain_pipeline(models_dir, coco_mini, true_boxes, nms, least):
    """A hand-written pipeline of OpenCV calls on these networks reaches .428 and .332."""
    networks = ("ssd_mobilenet_v1_coco", "simplepose_coco17")
    estimator = PoseEstimator(*networks, models_dir=models_dir, nms=None)
    measures = evaluate(estimator, coco_mini, nms=[nms], true_boxes=true_boxes)
    assert measures[nms or "none"].ap >= least


def test_boxes_are_measured_image_by_image_as_pycocotools_measures_the_file(tmp_path):
    """The detector is shifted by more pixels from image to image, and sees a person too many."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{"id": 10 * i, "file_name": f"{i}.png"} for i in range(1, 12)]
    boxes = {image["id"]: [[5, 5, 20, 30], [30, 10, 15, 40]] for image in images}
    content = annotations(
        *(person(id=2 * i + j + 1, image_id=image["id"], bbox=box, area=box[2] * box[3],
                 iscrowd=int(j == 1 and i == 3))
          for i, image in enumerate(images) for j, box in enumerate(boxes[image["id"]])),
        images=images,
    )  # fmt: skip
    dataset = write_with_images(content, tmp_path)
    seen, rows = [], []

    def detector(batch, threshold):
        assert threshold <= 0.05
        found, scores, index = [], [], []
        for place in range(len(batch)):
            shift = len(seen)
            seen.append(place)
            for score, (x, y, width, height) in [
                (0.9, (5 + shift, 5, 20, 30)), (0.5, (30, 10, 15, 40)), (0.6, (2, 40, 15, 15)),
            ]:  # fmt: skip
                found.append([x, y, x + width, y + height])
                scores.append(score)
                index.append(place)
                rows.append({"image_id": images[shift]["id"], "category_id": 1,
                             "bbox": [x, y, width, height], "score": score})  # fmt: skip
        return Detections(torch.tensor(found).float(), torch.tensor(scores), torch.tensor(index))

    measured = evaluate_boxes(detector, dataset)
    truth = COCO(str(dataset.annotations))
    wanted = COCOeval(truth, truth.loadRes(rows), "bbox")
    wanted.evaluate()
    wanted.accumulate()
    wanted.summarize()
    assert len(seen) == 11
    assert 0.2 < measured.ap < 0.8
    assert (measured.ap, measured.ap50, measured.ap75) == pytest.approx(tuple(wanted.stats[:3]))
