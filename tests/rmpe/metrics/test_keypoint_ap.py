"""Keypoint AP against pycocotools run by hand, on annotations that it reads rightly."""

import contextlib
import io
import json
import os

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.oks import pairs_in_images
from rmpe.metrics.predictions import Predictions
from rmpe.skeletons import COCO_17

from ..coco_annotations import annotations, person, random_annotations, write

# In CI; RMPE_RANDOM_DATASETS asks for more.
RANDOM_DATASETS = int(os.environ.get("RMPE_RANDOM_DATASETS", 100))


def by_hand(content, rows, folder):
    """AP, AP50, AP75, APM, APL and AR, as pycocotools gives them for files."""
    truth, results = folder / "truth.json", folder / "results.json"
    truth.write_text(json.dumps(content))
    results.write_text(json.dumps(rows))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        measure = COCOeval(coco, coco.loadRes(str(results)), "keypoints")
        measure.evaluate()
        measure.accumulate()
        measure.summarize()
    return measure.stats[:6].tolist()


def measures(dataset, rows):
    """The same, as this package gives them."""
    found = average_precision(dataset, rows)
    values = (found.ap, found.ap50, found.ap75, found.ap_medium, found.ap_large, found.ar)
    return [-1.0 if value is None else value for value in values]


def odd_ids(content, rows, rng):
    """Give images, people and the category other ids, legal but such as pycocotools fails on.

    Those of images keep their order, by which pycocotools ranks results of equal scores.
    """
    count = len(content["images"])
    numbers = np.sort(rng.choice(10**6, count, replace=False)) - rng.integers(10**6)
    chosen = [
        numbers.tolist(),
        [2**63 + int(number) for number in numbers],
        [f"image {number:09d}" for number in range(count)],
        [float(number) for number in numbers],
        list(range(count)),
    ][rng.integers(5)]
    image_ids = dict(zip(range(1, count + 1), chosen, strict=True))
    category = [0, 1, 99, "person"][rng.integers(4)]
    scheme = rng.integers(5)
    anew = dict.fromkeys(image_ids, 0)
    new_people = []
    for i, one in enumerate(content["annotations"]):
        number = anew[one["image_id"]]
        anew[one["image_id"]] += 1
        changes = {
            "id": [number, f"p{i}", i - 3, 2**64 + i, float(i)][scheme],
            "image_id": image_ids[one["image_id"]],
            "category_id": category,
            "iscrowd": [one["iscrowd"], bool(one["iscrowd"])][rng.integers(2)],
            "num_keypoints": [one["num_keypoints"], 5, "many"][rng.integers(3)],
        }
        new_people.append(one | changes)
    images = [image | {"id": image_ids[image["id"]]} for image in content["images"]]
    rng.shuffle(images)
    categories = [{"id": 7, "name": "dog"}, {"id": category, "name": "person"}]
    new_rows = [row | {"image_id": image_ids[row["image_id"]]} for row in rows]
    return annotations(*new_people, images=images, categories=categories), new_rows


@pytest.mark.parametrize("seed", range(RANDOM_DATASETS))
def test_pycocotools_by_hand_on_random_annotations(tmp_path, seed):
    rng = np.random.default_rng(seed)
    plain, plain_rows = random_annotations(rng)
    content, rows = odd_ids(plain, plain_rows, rng)
    dataset = load_dataset(write(content, tmp_path), tmp_path)
    expected = by_hand(plain, plain_rows, tmp_path)
    countable = [
        one for one in plain["annotations"]
        if one["num_keypoints"] and not one["iscrowd"] and one["area"] <= 1e10
    ]  # fmt: skip
    if countable:
        assert measures(dataset, rows) == expected
    else:
        assert expected[0] in (-1, 0)
        with pytest.raises(DatasetError, match="at least one person in the .* images"):
            average_precision(dataset, rows)


def test_known_result_file(data_dir, tmp_path):
    """A pair of truth and predictions whose AP pycocotools is known to give."""
    folder = data_dir / "coco-eval-pair"
    truth = folder / "example_coco_val.json"
    rows = json.loads((folder / "example_coco_preds.json").read_text())
    found = average_precision(load_dataset(truth, None), rows)
    assert (found.ap, found.ap50, found.ap75) == pytest.approx((0.861, 0.993, 0.911), abs=1e-3)
    content = json.loads(truth.read_text())
    assert measures(load_dataset(truth, None), rows) == by_hand(content, rows, tmp_path)


def test_annotations_as_results_are_perfect(coco_mini):
    labeled = coco_mini.labeled
    points = coco_mini.keypoints[labeled]
    found = average_precision(
        coco_mini,
        Predictions(coco_mini.image_index[labeled], points, np.ones(86), np.ones((86, 17))),
    )
    assert found.ap == pytest.approx(1.0)
    assert found.people == 86


def test_without_results_everything_is_zero(coco_mini):
    assert measures(coco_mini, []) == [0.0] * 6


@pytest.fixture
def two_images(tmp_path):
    """A data set of one person in each of two images, and the rows that find them."""
    rng = np.random.default_rng(0)
    people = [
        person(id=i, image_id=i, area=5000, keypoints=[*rng.integers(9, 99, 2).tolist(), 2] * 17)
        for i in (0, 1)
    ]
    rows = [
        {"image_id": one["image_id"], "keypoints": one["keypoints"], "score": 0.5} for one in people
    ]
    images = [{"id": i, "file_name": f"{i}.png"} for i in (0, 1)]
    return load_dataset(write(annotations(*people, images=images), tmp_path), tmp_path), rows


def test_ids_from_zero(two_images):
    assert measures(*two_images) == pytest.approx([1, 1, 1, 1, -1, 1])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_keypoints_that_are_not_finite_are_never_right(two_images, value):
    dataset, rows = two_images
    nowhere = [row | {"keypoints": [value] * 51} for row in rows]
    found = average_precision(dataset, nowhere)
    assert (found.ap, found.ap50, found.ar, found.people) == (0, 0, 0, 2)


def test_one_keypoint_that_is_nan_is_one_that_is_missed(two_images):
    """OKS is then 16 / 17 = .941, which passes all thresholds but .95."""
    dataset, rows = two_images
    for row in rows:
        row["keypoints"] = [float("nan"), *row["keypoints"][1:]]
    assert average_precision(dataset, rows).ap == pytest.approx(0.9)


def test_false_pose_without_place_still_costs(two_images):
    """One that ranks above a right one: precision 1/2, then 2/3, at a recall up to 1/2, then 1."""
    dataset, rows = two_images
    nowhere = rows[0] | {"keypoints": [float("nan")] * 51, "score": 0.9}
    ap = average_precision(dataset, [nowhere, *rows]).ap
    assert ap == pytest.approx(2 / 3)


def test_score_that_is_nan_ranks_last(two_images):
    dataset, rows = two_images
    wrong = rows[0] | {"keypoints": [900, 900, 1] * 17, "score": float("nan")}
    assert average_precision(dataset, [wrong, *rows]).ap == pytest.approx(1)


def test_twenty_best_of_each_image_count(two_images):
    dataset, rows = two_images
    wrong = [rows[0] | {"keypoints": [900, 900, 1] * 17, "score": 0.6}] * 20
    found = average_precision(dataset, wrong + rows)
    assert found.ar == pytest.approx(0.5)
    assert found.people == 22


@pytest.mark.parametrize(
    "changes", [{"keypoints": [3, 3, 0] * 17}, {"iscrowd": 1}, {"area": 1.1e10}]
)
def test_nobody_to_find_is_an_error(tmp_path, changes):
    dataset = load_dataset(write(annotations(person(**changes)), tmp_path), tmp_path)
    message = (
        "annotations.json: at least one person in the 1 images that are there must have a labeled "
        r"keypoint, iscrowd 0 and an area up to 1e\+10, got none of 1"
    )
    with pytest.raises(DatasetError, match=message):
        average_precision(dataset, [])


def test_skeleton_without_sigmas(tmp_path):
    one = person(keypoints=[3, 3, 2] * 16)
    names = "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax neck"
    names += " head_top right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist"
    categories = [{"id": 1, "name": "person", "keypoints": names.split()}]
    dataset = load_dataset(write(annotations(one, categories=categories), tmp_path), tmp_path)
    with pytest.raises(DatasetError, match="published sigmas, which OKS needs; mpii_16 has none"):
        average_precision(dataset, [])


@pytest.mark.parametrize(
    "change",
    [{"image_id": 7}, {"keypoints": [1] * 50}, {"keypoints": "no"}, {"score": None}],
)
def test_rows_that_do_not_fit(two_images, change):
    dataset, rows = two_images
    with pytest.raises(ValueError, match=r"rows\[1\] must have image_id, one of .*, 51 numbers"):
        average_precision(dataset, [rows[0], rows[1] | change])


def test_sigmas_are_those_of_pycocotools(two_images):
    assert COCOeval(iouType="keypoints").params.kpt_oks_sigmas == pytest.approx(COCO_17.sigmas)


@pytest.mark.parametrize(
    ("image", "joints", "message"),
    [
        (-1, 17, r"image_index must be in 0..1, one of the 2 images of .*, got -1"),
        (2, 17, r"image_index must be in 0..1, .* got 2"),
        (0, 16, r"keypoints must be \(R, 17, 2\), for the skeleton coco_17 of .* got \(2, 16, 2\)"),
    ],
)
@pytest.mark.parametrize("measure", [average_precision, pairs_in_images])
def test_predictions_of_another_data_set_are_refused(two_images, measure, image, joints, message):
    """Counted from the end, -1 would be the last image."""
    dataset, _ = two_images
    found = Predictions(
        np.array([0, image]), np.zeros((2, joints, 2)), np.ones(2), np.ones((2, joints))
    )
    with pytest.raises(ValueError, match=message):
        measure(dataset, found)
