"""Fitting suppression to poses of which some show a person twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rmpe.datasets.dataset import Dataset
from rmpe.method.fit_nms import cross_validate, fit_suppression
from rmpe.method.suppressions import SUPPRESSIONS, preset_of
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.predictions import Predictions
from rmpe.people import People
from rmpe.skeletons import COCO_17

POSE = np.random.default_rng(1).uniform(0, 1, (17, 2))


def planted(images=30, seed=0):
    """Two people an image, one of them found twice, the second time worse."""
    rng = np.random.default_rng(seed)
    corner = np.array([[10.0, 10.0], [300.0, 20.0]])
    keypoints = np.tile(corner[:, None] + POSE * (100, 200), (images, 1, 1))
    boxes = np.tile(np.concatenate([corner, corner + (100, 200)], 1), (images, 1))
    dataset = Dataset(
        annotations=Path("planted.json"),
        skeleton=COCO_17,
        image_ids=tuple(range(images)),
        paths=tuple(Path(f"{i}.jpg") for i in range(images)),
        image_sizes=np.full((images, 2), 480),
        person_ids=tuple(range(2 * images)),
        image_index=np.repeat(np.arange(images), 2),
        keypoints=keypoints,
        visibility=np.full((2 * images, 17), 2),
        boxes=boxes,
        areas=np.full(2 * images, 10_000.0),
        crowd=np.zeros(2 * images, bool),
    )
    rows = np.concatenate([np.arange(2 * images), np.arange(0, 2 * images, 2)])
    repeated = np.arange(len(rows)) >= 2 * images
    noise = rng.normal(0, 1, (len(rows), 17, 2)) * np.where(repeated, 6.0, 2.0)[:, None, None]
    scores = rng.uniform(0.3, 1, 2 * images)[rows] - 0.02 * repeated
    people = People(
        keypoints=torch.tensor(keypoints[rows] + noise, dtype=torch.float32),
        keypoint_scores=torch.full((len(rows), 17), 0.8),
        boxes=torch.tensor(boxes[rows], dtype=torch.float32),
        box_scores=torch.tensor(scores, dtype=torch.float32),
        scores=torch.tensor(scores, dtype=torch.float32),
        image_index=torch.tensor(dataset.image_index[rows]),
        image_sizes=((480, 480),) * images,
        skeleton=COCO_17,
    )
    return dataset, people


DATASET, PEOPLE = planted()
PLAIN = average_precision(DATASET, Predictions.from_people(PEOPLE)).ap


@pytest.mark.parametrize("kind", sorted(SUPPRESSIONS))
def test_every_kind_gains_from_its_fit(kind):
    fit = fit_suppression(SUPPRESSIONS[kind], PEOPLE, DATASET, starts=1)
    assert PLAIN + 0.05 < fit.ap <= 1
    # The AP that it states is the one that pycocotools measures with these parameters.
    keep, people = SUPPRESSIONS[kind].apply(PEOPLE, fit.parameters)
    kept = Predictions.from_people(people.select(keep))
    assert average_precision(DATASET, kept).ap == pytest.approx(fit.ap, abs=1e-12)
    assert set(fit.parameters) == set(SUPPRESSIONS[kind].grids)


def test_fitted_setting_is_the_best_of_its_surfaces():
    fit = fit_suppression(SUPPRESSIONS["nearby-joints"], PEOPLE, DATASET)
    surface = fit.surfaces["distance", "max_near"]
    assert surface.shape == (13, 14) and surface.max() == fit.ap
    assert fit.settings == surface.size


def test_every_setting_is_measured_once_and_reported():
    calls = []
    fit = fit_suppression(SUPPRESSIONS["paper"], PEOPLE, DATASET, starts=2, progress=calls.append)
    assert sum(calls) == fit.settings < 2 * 20 * (13 * 13 + 13 * 25)


def test_result_is_repeatable():
    first, second = (
        fit_suppression(SUPPRESSIONS["alphapose"], PEOPLE, DATASET, starts=2) for _ in range(2)
    )
    assert first.parameters == second.parameters and first.ap == second.ap


def test_cross_validation_fits_to_other_images_only():
    kind = SUPPRESSIONS["box-nms"]
    calls = []

    def recorded(people, parameters):
        calls.append((set(people.image_index.tolist()), parameters["threshold"]))
        return kind.apply(people, parameters)

    kept = cross_validate(replace(kind, apply=recorded), PEOPLE, DATASET, folds=3, starts=1)
    # Each of the 39 settings on two thirds of the images, then one of them on the last third.
    assert len(calls) == 3 * 40
    for fold in range(3):
        *fitted, (held_out, _) = calls[40 * fold : 40 * (fold + 1)]
        assert len({threshold for _, threshold in fitted}) == 39
        assert all(images | held_out == set(range(30)) for images, _ in fitted)
        assert all(not images & held_out for images, _ in fitted)
    assert average_precision(DATASET, kept).ap > PLAIN + 0.05
    assert set(kept.image_index.tolist()) == set(range(30))


@pytest.mark.parametrize("folds", [1, 31])
def test_folds_must_be_within_the_number_of_images(folds):
    with pytest.raises(ValueError, match=rf"folds must be in 2..30, the images, got {folds}"):
        cross_validate(SUPPRESSIONS["paper"], PEOPLE, DATASET, folds=folds)


def test_eta_is_a_fraction_of_the_largest_similarity():
    preset = preset_of("paper", {"sigma1": 0.2, "sigma2": 1.0, "lam": 3.0, "eta": 0.25}, joints=17)
    assert (preset.eta, preset.unit, preset.squared) == (17 * 4 * 0.25, "box", True)
    assert preset_of("alphapose", {"eta": 0.5, "near_joints": 4.0}, 17).near_joints == 4
