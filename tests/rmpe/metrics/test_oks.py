"""OKS against pycocotools' own."""

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.metrics.cocoeval import matched
from rmpe.metrics.oks import oks, pairs_in_images
from rmpe.metrics.predictions import Predictions
from rmpe.skeletons import COCO_17

from ..coco_annotations import annotations, person, random_annotations, write


def all_oks(dataset, predictions):
    """Rows, people and OKS of all pairs within an image."""
    rows, people = pairs_in_images(dataset, predictions)
    similarity = oks(
        predictions.keypoints[rows],
        dataset.keypoints[people],
        dataset.visibility[people],
        dataset.boxes[people],
        dataset.areas[people],
        COCO_17.sigmas,
    )
    return rows, people, similarity


@pytest.mark.parametrize("seed", range(40))
def test_pycocotools_own(tmp_path, seed):
    content, rows = random_annotations(np.random.default_rng(seed))
    content["annotations"].append(person(id="one at least"))
    dataset = load_dataset(write(content, tmp_path), tmp_path)
    # pycocotools keeps the 20 best of each image, in the order of their scores.
    found = Predictions.from_coco(dataset, rows).best(20)
    pose, people, similarity = all_oks(dataset, found)
    theirs = matched(dataset, found).ious
    count = 0
    for image in range(len(dataset)):
        of_image = np.flatnonzero(found.image_index == image)
        ranked = of_image[np.argsort(-found.scores[of_image], kind="stable")]
        expected = theirs[image + 1, 1]
        if len(expected):
            ours = [similarity[pose == row] for row in ranked]
            np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)
            count += expected.size
    assert count == len(similarity)


def test_broadcasting_gives_the_same(coco_mini):
    rng = np.random.default_rng(0)
    poses = coco_mini.keypoints[:5] + rng.normal(0, 5, (5, 17, 2))
    truth = (coco_mini.keypoints, coco_mini.visibility, coco_mini.boxes, coco_mini.areas)
    table = oks(poses[:, None], *truth, COCO_17.sigmas)
    assert table.shape == (5, len(coco_mini.areas))
    for i in range(5):
        assert oks(poses[i], *truth, COCO_17.sigmas).tolist() == table[i].tolist()


def test_keypoints_that_are_not_finite_are_right_for_nobody():
    truth = (np.zeros((17, 2)), np.full(17, 2), np.zeros(4), np.array(100.0))
    pose = np.zeros((17, 2))
    assert oks(pose, *truth, COCO_17.sigmas) == 1
    pose[:8], pose[8] = np.nan, np.inf
    assert oks(pose, *truth, COCO_17.sigmas) == pytest.approx(8 / 17)
    nobody = (np.zeros((17, 2)), np.zeros(17), np.array([0.0, 0, 9, 9]), np.array(100.0))
    assert oks(pose, *nobody, COCO_17.sigmas) == pytest.approx(8 / 17)


def test_nobody(tmp_path):
    dataset = load_dataset(write(annotations(), tmp_path), tmp_path)
    none = Predictions(np.zeros(0, int), np.zeros((0, 17, 2)), np.zeros(0), np.zeros((0, 17)))
    assert [len(array) for array in all_oks(dataset, none)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("sigmas", "error", "message"),
    [
        ((0.1,) * 16, ValueError, "sigmas must have 17 values, one for each keypoint, got 16"),
        ((0.1,) * 18, ValueError, "sigmas must have 17 values, one for each keypoint, got more"),
        ((-0.1,) * 17, ValueError, "sigmas must be above 0 and finite, as"),
        ((float("nan"),) * 17, ValueError, "sigmas must be above 0 and finite, as"),
        (None, TypeError, "sigmas must be 17 numbers, one for each keypoint, got None"),
    ],
)
def test_sigmas_are_one_for_each_keypoint(sigmas, error, message):
    person = np.zeros((1, 17, 2))
    with pytest.raises(error, match=message):
        oks(person, person, np.full((1, 17), 2), np.zeros((1, 4)), np.ones(1), sigmas)


PERSON = np.zeros((2, 17, 2)), np.full((2, 17), 2), np.zeros((2, 4)), np.ones(2), COCO_17.sigmas


@pytest.mark.parametrize(
    ("poses", "people", "error", "message"),
    [
        ([[1, 2]], PERSON, TypeError, "poses must be a numpy array of real numbers, got"),
        (PERSON[0][0, 0, 0], PERSON, TypeError, "poses must be a numpy array of real numbers"),
        (PERSON[0][..., 0], PERSON, ValueError, r"poses must be \(..., K, 2\), got \(2, 17\)"),
        (
            PERSON[0][:, :5],
            PERSON,
            ValueError,
            r"keypoints must be \(..., 5, 2\), got \(2, 17, 2\)",
        ),
        (
            PERSON[0],
            (PERSON[0], PERSON[1] * 1j, *PERSON[2:]),
            TypeError,
            "visibility must hold real numbers, got complex128",
        ),
        (
            np.zeros((3, 17, 2)),
            PERSON,
            ValueError,
            "leading dimensions of poses, .* must broadcast",
        ),
        (
            PERSON[0],
            (*PERSON[:3], -PERSON[3], PERSON[4]),
            ValueError,
            "areas must be finite, and fr",
        ),
        (
            PERSON[0],
            (*PERSON[:3], PERSON[3] * np.nan, PERSON[4]),
            ValueError,
            "areas must be finite",
        ),
        (
            PERSON[0],
            (*PERSON[:2], PERSON[2] + np.inf, *PERSON[3:]),
            ValueError,
            "boxes must be fin",
        ),
        (PERSON[0].astype(object), PERSON, TypeError, "poses must hold real numbers, got object"),
    ],
)
def test_wrong_arrays_are_named(poses, people, error, message):
    with pytest.raises(error, match=message):
        oks(poses, *people)


@pytest.mark.filterwarnings("error")
def test_poses_beyond_numbers_are_like_nobody():
    for value in (np.nan, np.inf, 1e300):
        assert oks(np.full((2, 17, 2), value), *PERSON).tolist() == [0, 0]
