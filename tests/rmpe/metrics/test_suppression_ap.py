"""AP of selections of poses against pycocotools on the selected poses."""

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.predictions import Predictions
from rmpe.metrics.suppression_ap import SuppressionAP

from ..coco_annotations import annotations, person, random_annotations, write


def random_case(folder, seed):
    rng = np.random.default_rng(seed)
    content, rows = random_annotations(rng)
    content["annotations"].append(person(id="last", image_id=content["images"][0]["id"], area=2000))
    dataset = load_dataset(write(content, folder), folder)
    return rng, dataset, Predictions.from_coco(dataset, rows * 3)


@pytest.mark.parametrize("seed", range(40))
def test_any_selection_measures_as_pycocotools_does(tmp_path, seed):
    rng, dataset, predictions = random_case(tmp_path, seed)
    measure = SuppressionAP(dataset, predictions)
    # One object for all selections: what it remembers of one must not show in the next.
    for share in (1.0, 0.5, 0.9, 0.1, 0.0, 0.5):
        keep = rng.random(len(predictions)) < share
        expected = average_precision(dataset, predictions.select(keep)).ap
        assert measure(keep) == pytest.approx(expected, abs=1e-12)


def test_more_than_twenty_poses_of_an_image(tmp_path):
    people = [person(id=1, image_id=1, area=2000)]
    dataset = load_dataset(
        write(annotations(*people, images=[{"id": 1, "file_name": "1.png"}]), tmp_path), tmp_path
    )
    far = (np.array(people[0]["keypoints"], float) + 1000).tolist()
    rows = [{"image_id": 1, "keypoints": far, "score": 1 - i / 100} for i in range(25)]
    rows.append({"image_id": 1, "keypoints": people[0]["keypoints"], "score": 0.01})
    predictions = Predictions.from_coco(dataset, rows)
    measure = SuppressionAP(dataset, predictions)
    assert measure(np.ones(26, bool)) == 0  # the right one is the 26th
    keep = np.ones(26, bool)
    keep[:6] = False  # now the 20th
    assert measure(keep) == pytest.approx(average_precision(dataset, predictions.select(keep)).ap)
    assert measure(keep) > 0
