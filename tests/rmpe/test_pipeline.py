"""From images to people, on stand-in networks whose answers are known and on real ones."""

import dataclasses
import json
import pickle

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rmpe import PoseEstimator
from rmpe.detectors.detections import Detections
from rmpe.heads.heatmap import _blur_matrix
from rmpe.inputs.images import ImageError
from rmpe.method.fitted_suppression import FittedSuppression
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.pose import PoseNetwork
from rmpe.models.read import load_card
from rmpe.pipeline import _CROP_BYTES, suppress
from rmpe.skeletons import COCO_17
from rmpe.timing import StageTimer

SIMPLEPOSE = load_card("simplepose_coco17")
CARD = dataclasses.replace(
    SIMPLEPOSE,
    input=dataclasses.replace(SIMPLEPOSE.input, mean=(0.0,) * 3, std=(1.0,) * 3),
    # The mean of four pixels lies between the second and the third.
    head=dataclasses.replace(SIMPLEPOSE.head, offset=1.5),
)


class BrightestRed:
    """A pose network that finds the brightest red spot for every joint."""

    device = torch.device("cpu")
    output_shapes = ((17, 64, 48),)
    calls = 0

    def __call__(self, crops):
        self.calls += 1
        return (F.avg_pool2d(crops[:, :1], 4).expand(-1, 17, -1, -1),)


class WholeImage:
    """A detector that sees one person as large as each image, with falling confidence."""

    def __call__(self, images, threshold=None):
        boxes = [[0, 0, image.shape[1], image.shape[0]] for image in images]
        scores = torch.linspace(0.9, 0.5, max(len(images), 1))[: len(images)]
        return Detections(
            torch.tensor(boxes, dtype=torch.float32).view(-1, 4), scores, torch.arange(len(images))
        )


def estimator(**options):
    return PoseEstimator(WholeImage(), PoseNetwork(CARD, BrightestRed()), **options)


def spot(height, width, x, y):
    """A dark RGB image with a soft red spot at (x, y)."""
    row, column = np.mgrid[:height, :width]
    distance2 = (column - x) ** 2 + (row - y) ** 2
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = 250 * np.exp(-distance2 / (2 * (max(height, width) / 20) ** 2))
    return image


SPOTS = [(120, 90, 30, 70), (200, 320, 250, 40), (75, 75, 40, 40)]


@pytest.mark.parametrize(
    "box", [[5, 5, 5, 9], [5, 5, 9, 5], [np.nan, 0, 9, 9], [0, 0, np.inf, 9], [0, 0, 1e300, 9]]
)
def test_a_box_in_which_nothing_can_be_seen_gives_no_keypoints(box):
    """And leaves the others as they are."""
    good = [0, 0, 90, 120]
    people = estimator(nms=None)([spot(*SPOTS[0])], boxes=[[good, box]])
    (alone,) = estimator(nms=None)([spot(*SPOTS[0])], boxes=[[good]]).keypoints
    assert torch.isnan(people.keypoints[1]).all()
    torch.testing.assert_close(people.keypoints[0], alone)


@pytest.mark.parametrize(
    "convention, tolerance", [("hrnet", 0.5), ("dark", 0.3), ("dark_udp", 0.3)]
)
@pytest.mark.parametrize("flip", [False, True])
def test_a_point_comes_back_where_it_was(convention, tolerance, flip):
    """Through crop, network, decode and back; images of different sizes in one call."""
    images = [spot(*s) for s in SPOTS]
    options = {}
    if flip:
        # These heatmaps mirror without a shift, unlike those that the convention is for.
        options = {"nms": None}
        tolerance *= 4
    people = estimator(convention=convention, flip=flip, **options)(images)
    assert len(people) == 3
    assert people.image_sizes == tuple(s[:2] for s in SPOTS)
    for i, (height, width, x, y) in enumerate(SPOTS):
        # One heatmap pixel in the image, for a box padded to the crop's aspect ratio.
        pixel = 4 * 1.25 * max(width / 192, height / 256)
        error = people.keypoints[i] - torch.tensor([x, y])
        assert error.abs().max() <= tolerance * pixel


def test_one_image_in_every_form(tmp_path):
    image = spot(*SPOTS[0])
    cv2.imwrite(str(tmp_path / "spot.png"), image[:, :, ::-1])
    run = estimator()
    want = run([image])
    for form in (
        image,
        torch.from_numpy(image),
        image[None],
        torch.from_numpy(image)[None],
        tmp_path / "spot.png",
        str(tmp_path / "spot.png"),
        [tmp_path / "spot.png"],
    ):
        assert torch.equal(run(form).keypoints, want.keypoints)
    assert torch.equal(run(image[:, :, ::-1], channels="bgr").keypoints, want.keypoints)


def test_given_boxes():
    images = [spot(*s) for s in SPOTS]
    boxes = [
        np.array([[0, 0, 90, 120, 0.25]]),
        np.zeros((0, 4)),
        [[0, 0, 75, 75], [20, 20, 60, 60]],
    ]
    people = estimator(nms=None)(images, boxes=boxes)
    assert people.image_index.tolist() == [0, 2, 2]
    assert people.box_scores.tolist() == [0.25, 1.0, 1.0]
    assert [len(one) for one in people.split()] == [1, 0, 2]
    one = estimator(nms=None)(images[0], boxes=[[0, 0, 90, 120]])
    assert torch.equal(one.keypoints[0], people.keypoints[0])


def test_nobody():
    people = estimator()([spot(*SPOTS[0])], boxes=[[]])
    assert len(people) == 0
    assert people.keypoints.shape == (0, 17, 2)
    assert [len(one) for one in people.split()] == [0]
    assert len(estimator()([])) == 0


def test_repeated_people_are_removed_and_the_best_ranked_stays():
    box = [0, 0, 90, 120]
    boxes = [[[*box, 0.3], [*box, 0.8], [*box, 0.5]]]
    images = [spot(*SPOTS[0])]
    everybody = estimator(nms=None)(images, boxes=boxes)
    assert len(everybody) == 3
    assert estimator()(images, boxes=boxes).box_scores.tolist() == pytest.approx([0.8])
    assert suppress(everybody, "rmpe", eta=1e9).box_scores.tolist() == pytest.approx(
        [0.3, 0.8, 0.5]
    )


def test_many_people_are_cut_in_pieces_of_bounded_memory(monkeypatch):
    images = [spot(*s) for s in SPOTS]
    boxes = [[[0, 0, 40 + n, 60 + n] for n in range(7)] for _ in images]
    whole = estimator(nms=None)(images, boxes=boxes)
    monkeypatch.setitem(_CROP_BYTES, "cpu", 4 * 4 * 3 * 256 * 192)
    run = estimator(nms=None)
    pieces = run(images, boxes=boxes)
    assert run.pose.network.calls == 6
    assert torch.equal(whole.keypoints, pieces.keypoints)


def test_score_is_box_score_times_root_mean_square_of_the_joints():
    class FromUnsureToSure(BrightestRed):
        def __call__(self, crops):
            return (super().__call__(crops)[0] * torch.linspace(0, 1, 17)[:, None, None],)

    run = PoseEstimator(None, PoseNetwork(CARD, FromUnsureToSure()), nms=None)
    people = run([spot(*SPOTS[0])], boxes=[[[0, 0, 90, 120, 0.5]]])
    joints = people.keypoint_scores[0].double().numpy()
    assert joints.min() < 0.1
    assert joints.max() > 0.9
    assert people.scores[0].item() == pytest.approx(0.5 * np.sqrt((joints**2).mean()))


def test_results_are_ordinary_tensors():
    people = estimator()([spot(*SPOTS[0])])
    people.keypoints[0, 0] += 1.0


def test_stages_are_timed():
    timer = StageTimer()
    estimator(timer=timer)([spot(*SPOTS[0])])
    assert list(timer.seconds) == ["read", "detect", "crop", "pose", "decode", "nms"]
    assert all(seconds >= 0 for seconds in timer.seconds.values())


@pytest.mark.parametrize(
    "images, options, error, message",
    [
        ([np.zeros((4, 4))], {}, ValueError, r"images\[0\] must be uint8 \(H, W, 3\), got float64 \(4, 4\)"),
        ([np.zeros((4, 4, 3), np.float32)], {}, ValueError, "images.0. must be uint8 .* got float32"),
        ([spot(*SPOTS[0])], {"boxes": []}, ValueError, "boxes must have one array for each of 1 images, got 0"),
        ([spot(*SPOTS[0])], {"boxes": [[[1, 2, 3]]]}, ValueError, r"boxes\[0\] must be \(M, 4\) or \(M, 5\), got \(1, 3\)"),
        ([spot(*SPOTS[0])], {"channels": "hsv"}, ValueError, "channels must be one of rgb, bgr, got 'hsv'"),
        (["/no/such/image.jpg"], {}, ImageError, "/no/such/image.jpg"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(images, options, error, message):
    with pytest.raises(error, match=message):
        estimator()(images, **options)


def test_without_a_detector_boxes_are_needed():
    run = PoseEstimator(None, PoseNetwork(CARD, BrightestRed()))
    with pytest.raises(
        ValueError, match="boxes must be given, because this estimator has no detector"
    ):
        run([spot(*SPOTS[0])])


def test_unknown_nms_is_refused_when_the_estimator_is_made():
    with pytest.raises(ValueError, match="preset must be one of"):
        estimator(nms="soft")
    with pytest.raises(TypeError, match="'gamma' is not a parameter of pose NMS"):
        estimator(nms_parameters={"gamma": 1.0})
    with pytest.raises(ValueError, match="convention must be one of"):
        estimator(convention="coco")


@pytest.mark.parametrize(
    "pair",
    [(DEFAULT_DETECTOR, DEFAULT_POSE), ("ssd_mobilenet_v1_coco", "simplepose_coco17")],
    ids=["pytorch", "onnx"],
)
def test_an_estimator_can_be_pickled(models_dir, data_dir, pair):
    path = data_dir / "coco-mini" / "images" / "000000030752.jpg"
    estimator = PoseEstimator(*pair, models_dir=models_dir, threshold=0.3)
    wanted = estimator(path)
    copied = pickle.dumps(estimator)
    if pair[1] == "simplepose_coco17":
        assert len(copied) < 1 << 20  # onnxruntime reads its files again.
    found = pickle.loads(copied)(path)
    assert len(wanted) and torch.equal(found.keypoints, wanted.keypoints)


@pytest.mark.parametrize(
    "change",
    [
        lambda: torch.set_default_dtype(torch.float64),
        lambda: torch.set_default_dtype(torch.float16),
        lambda: torch.set_default_dtype(torch.bfloat16),
        lambda: torch.set_default_device("meta"),
        lambda: torch.set_autocast_enabled("cpu", True),
    ],
    ids=["float64", "float16", "bfloat16", "device", "autocast"],
)
def test_the_defaults_of_the_process_change_nothing(models_dir, data_dir, change):
    """Code that computes geometry in float64, or trains on a GPU or in bfloat16, sets them."""
    paths = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[:2]
    boxes = [[[10, 20, 200, 300]], []]

    def run():
        people = PoseEstimator(models_dir=models_dir, flip=True, nms=None)
        hourglass = PoseEstimator(None, "hourglass_aic14", models_dir=models_dir)
        return people(paths), hourglass(paths, boxes=boxes), hourglass(paths, boxes=[[], []])

    wanted = run()
    assert len(wanted[0]) > 2
    _blur_matrix.cache_clear()
    change()
    try:
        results = run()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_autocast_enabled("cpu", False)
    for found, want in zip(results, wanted, strict=True):
        for name in ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores"):
            assert getattr(found, name).dtype == torch.float32
            assert torch.equal(getattr(found, name), getattr(want, name))


def test_people_know_what_score_the_card_wants_drawn():
    image = spot(*SPOTS[0])
    for score in (None, 0.15):
        card = dataclasses.replace(CARD, drawn_score=score)
        estimate = PoseEstimator(WholeImage(), PoseNetwork(card, BrightestRed()))
        people = estimate([image, image])
        assert people.drawn_score == estimate.drawn_score == score
        assert estimate([image], boxes=[[]]).drawn_score == score
        assert estimate.follow(image, people[0].people).drawn_score == score


@pytest.mark.parametrize(
    "detector", [DEFAULT_DETECTOR, "ssd_mobilenet_v1_coco", "ssd_person_retail_0013"]
)
@pytest.mark.parametrize("pose", [DEFAULT_POSE, "simplepose_coco17", "hourglass_aic14"])
def test_real_networks_find_the_skier(models_dir, data_dir, detector, pose):
    """A large isolated person: every pair of networks puts the joints where the annotator did."""
    folder = data_dir / "coco-mini"
    truth = next(
        person
        for person in json.loads((folder / "person_keypoints.json").read_text())["annotations"]
        if person["image_id"] == 30752
    )
    annotated = np.reshape(truth["keypoints"], (17, 3))
    people = PoseEstimator(detector, pose, models_dir=models_dir)(
        folder / "images" / "000000030752.jpg"
    )
    best = people.keypoints[people.scores.argmax()].numpy()
    near = [
        np.hypot(*(best[people.skeleton.keypoints.index(name)] - annotated[n, :2]))
        < 0.05 * truth["bbox"][3]
        for n, name in enumerate(COCO_17.keypoints)
        if annotated[n, 2] and name in people.skeleton.keypoints
    ]
    assert len(near) >= 10
    assert np.mean(near) >= 0.75


class TwoClasses(WholeImage):
    """A detector that sees a dog in the very place of a person."""

    classes = ("person", "dog")

    def __call__(self, images, threshold=None):
        found = super().__call__(images)
        return Detections(
            found.boxes.repeat_interleave(2, 0),
            found.scores.repeat_interleave(2),
            found.image_index.repeat_interleave(2),
            torch.tensor([0, 1]).repeat(len(images)),
        )


def test_classes_are_told_and_do_not_suppress_each_other():
    pose = PoseNetwork(CARD, BrightestRed())
    people = PoseEstimator(TwoClasses(), pose, nms="alphapose")([spot(*SPOTS[0]), spot(*SPOTS[1])])
    assert people.class_names == ["person", "dog"] * 2
    assert people[1].people.class_names == ["person", "dog"]
    same = {
        "box-nms": {"threshold": 0.5},
        "alphapose-merge": {"merge_box": 0.1, "merge_radius": 15},
    }
    for kind, parameters in same.items():
        kept = suppress(people, FittedSuppression(kind, parameters))
        assert kept.class_names == people.class_names
        assert kept.image_index.equal(people.image_index)
    one = PoseEstimator(WholeImage(), pose)([spot(*SPOTS[0])])
    assert (one.classes, one.class_index) == (("person",), None)
