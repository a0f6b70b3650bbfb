"""People whose numbers autograd follows, or are of another precision: results as of any others."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from rmpe.arrays import as_array, as_float64
from rmpe.metrics.predictions import Predictions
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import record
from rmpe.pipeline import suppress
from rmpe.trackers.tracker import track

from .outputs.material import make_people

NUMBERS = ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores")
IMAGE = np.zeros((40, 60, 3), np.uint8)


def changed(people, change):
    return dataclasses.replace(people, **{name: change(getattr(people, name)) for name in NUMBERS})


@pytest.fixture
def people():
    """Two people whose numbers bfloat16 can hold."""
    return changed(make_people(2), lambda values: values.bfloat16().float())


CHANGES = {
    "float64": torch.Tensor.double,
    "bfloat16": torch.Tensor.bfloat16,
    "followed by autograd": lambda values: values.clone().requires_grad_(),
    # A view that stands for the negative of what is in memory.
    "negative view": lambda values: torch.complex(values, -values).conj().imag,
    "strided": lambda values: torch.stack([values, values], -1)[..., 1],
}
USES = {
    "record": lambda people: record(ImageLabel("a.jpg", "a.jpg", 1), people),
    "draw": lambda people: draw(IMAGE, people, DrawingStyle(min_keypoint_score=0)).tolist(),
    "blur": lambda people: draw(IMAGE, people, DrawingStyle(blur_faces=True)).tolist(),
    "predictions": lambda people: Predictions.from_people(people).keypoints.tolist(),
    "arrays": lambda people: people[0].numpy().boxes.xyxy.tolist(),
    "rtmlib": lambda people: people[0].to_rtmlib()[0].tolist(),
    "coco": lambda people: people[0].to_coco(),
    "track": lambda people: track(track(None, people)[0], people)[1].track_ids.tolist(),
    "suppress": lambda people: suppress(people).scores.tolist(),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("change", CHANGES)
def test_results_are_the_same(people, change, use):
    assert USES[use](changed(people, CHANGES[change])) == USES[use](people)


@pytest.mark.parametrize("use", ["record", "draw", "blur", "coco", "track", "rtmlib"])
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [1e308, -1e308, 1e39])
def test_what_float32_cannot_hold_counts_as_not_finite(people, use, value):
    """Products of such numbers are none in float64 either."""
    double = changed(people, torch.Tensor.double)

    def far(number):
        return dataclasses.replace(
            double,
            keypoints=torch.full_like(double.keypoints, number),
            boxes=torch.tensor([[-number, -number, number, number]] * 2, dtype=torch.float64),
        )

    assert USES[use](far(value)) == USES[use](far(math.copysign(math.inf, value)))


@pytest.mark.parametrize("name", ["keypoint_scores", "boxes", "scores"])
def test_suppression_names_the_numbers_of_another_dtype(people, name):
    mixed = dataclasses.replace(people, **{name: getattr(people, name).double()})
    rule = rf"{name} of people must have the dtype of their keypoints \(torch.float32\), got"
    with pytest.raises(ValueError, match=rule):
        suppress(mixed)


def test_arrays_stay_as_they_are():
    array = np.arange(3, dtype=np.int16)
    assert as_array(array) is array
    assert as_float64(array).dtype == np.float64
    assert as_array(torch.arange(3)).dtype == np.int64
