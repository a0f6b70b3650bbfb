"""Fitting the pose-guided proposals generator to planted detector errors."""

from pathlib import Path

import numpy as np
import pytest

from rmpe.datasets.dataset import Dataset
from rmpe.method.fit_proposals import edge_offsets, fit_proposals, match_detections
from rmpe.skeletons import COCO_17

STANDING = np.random.default_rng(1).uniform(0.1, 0.9, (17, 2))
STANDING[[5, 6]], STANDING[[11, 12]] = (0.5, 0.3), (0.5, 0.6)
LYING = STANDING[:, ::-1].copy()
# The detector cuts off the feet of those who stand, and places those who lie too far left.
MISTAKES = {0: np.array([0.0, 0.0, 0.0, -0.2]), 1: np.array([-0.15, 0.0, -0.15, 0.0])}


def planted(count=400, images=100, *, seed=0):
    """A data set of people who stand or lie, and a detector's boxes on it."""
    generator = np.random.default_rng(seed)
    kind = generator.integers(0, 2, count)
    image = np.sort(generator.integers(0, images, count))
    corner = np.stack([np.arange(count) * 500.0, generator.uniform(0, 300, count)], 1)
    sides = np.where(kind[:, None], (180.0, 60.0), (60.0, 180.0))
    boxes = np.concatenate([corner, corner + sides], 1)
    pose = np.where(kind[:, None, None], LYING, STANDING)
    keypoints = corner[:, None] + pose * sides[:, None]
    dataset = Dataset(
        annotations=Path("planted.json"),
        skeleton=COCO_17,
        image_ids=tuple(range(images)),
        paths=tuple(Path(f"{i}.jpg") for i in range(images)),
        image_sizes=np.zeros((images, 2)),
        person_ids=tuple(range(count)),
        image_index=image,
        keypoints=keypoints + generator.normal(0, 0.5, keypoints.shape),
        visibility=np.full((count, 17), 2),
        boxes=boxes,
        areas=sides.prod(1),
        crowd=np.zeros(count, bool),
    )
    offsets = np.stack([MISTAKES[k] for k in kind]) + generator.normal(0, 0.03, (count, 4))
    found = boxes + np.tile(sides, 2) * offsets
    order = generator.permutation(count)
    return dataset, kind, found[order], image[order]


def test_each_pose_gets_the_mistakes_that_were_planted():
    dataset, kind, boxes, image = planted()
    calls = []
    fit = fit_proposals(
        dataset, boxes, image, atomic_poses=2, most_components=2, prior=1, progress=calls.append
    )
    assert len(fit.people) == 400 and sum(calls) == 6
    for group in (0, 1):
        own = kind[fit.people[fit.groups == group]]
        assert (own == own[0]).all()
        mixture = fit.proposals.mixtures[group]
        assert mixture.people == len(own)
        np.testing.assert_allclose(mixture.mean(), MISTAKES[own[0]], atol=0.01)
    # Nobody is without torso: everybody's mixture stands in.
    assert fit.proposals.mixtures[2].people == 0


def test_pose_tells_more_of_unseen_images_than_one_mixture_does():
    dataset, _, boxes, image = planted()
    fit = fit_proposals(dataset, boxes, image, atomic_poses=2, most_components=1)
    scores = fit.log_likelihood
    assert scores["per pose"] > scores["one mixture"] + 0.5
    assert scores["one Gaussian"] > scores["released"]
    assert set(scores) == {"released", "one Gaussian", "one mixture", "per pose", "per pose alone"}


def test_result_is_repeatable():
    dataset, _, boxes, image = planted(200)
    first, second = (
        fit_proposals(dataset, boxes, image, atomic_poses=2, most_components=2) for _ in range(2)
    )
    assert first.log_likelihood == second.log_likelihood


def test_people_in_a_crowd_region_and_without_keypoints_do_not_count():
    dataset, _, boxes, image = planted(200)
    crowd, visibility = dataset.crowd.copy(), dataset.visibility.copy()
    crowd[3], visibility[5] = True, 0
    fields = {name: getattr(dataset, name) for name in dataset.__dataclass_fields__}
    changed = Dataset(**fields | {"crowd": crowd, "visibility": visibility})
    fit = fit_proposals(changed, boxes, image, atomic_poses=2, most_components=1)
    assert len(fit.people) == 198 and not {3, 5} & set(fit.people.tolist())


def test_too_few_detections_are_an_error_that_counts_them():
    dataset, _, boxes, image = planted(200)
    with pytest.raises(
        ValueError, match="must match at least 25 annotated people .* got 20 of 200"
    ):
        fit_proposals(dataset, boxes[:20], image[:20])


def test_pairs_have_the_greatest_sum_of_ious():
    true = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10]])
    # The first detection overlaps both; greedily by the best single pair the second would be lost.
    found = np.array([[1.5, 0, 11.5, 10], [-4, 0, 6, 10]])
    people, detections = match_detections(
        true, np.zeros(2, int), found, np.zeros(2, int), min_iou=0.4
    )
    assert people.tolist() == [0, 1] and detections.tolist() == [1, 0]


def test_pairs_stay_within_an_image_and_above_the_lowest_iou():
    true, found = np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 10, 10], [0, 0, 10, 4]])
    for image, rows in [([1, 1], 0), ([1, 0], 0), ([0, 1], 1)]:
        people, _ = match_detections(true, np.zeros(1, int), found, np.array(image))
        assert len(people) == rows
    assert len(match_detections(true[:0], np.zeros(0, int), found, np.zeros(2, int))[0]) == 0


def test_offsets_are_edges_in_sides_of_the_true_box():
    true, found = np.array([[10.0, 20, 30, 120]]), np.array([[8.0, 30, 34, 100]])
    np.testing.assert_allclose(edge_offsets(true, found), [[-0.1, 0.1, 0.2, -0.2]])
