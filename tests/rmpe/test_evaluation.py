"""Keypoint AP of the real networks."""

import pytest

from rmpe import PoseEstimator
from rmpe.evaluation import evaluate


@pytest.mark.parametrize(
    "true_boxes, nms, least",
    [(True, None, 0.428), (False, "alphapose", 0.332), (False, "rmpe", 0.332)],
)
def test_real_networks_reach_the_plain_pipeline(models_dir, coco_mini, true_boxes, nms, least):
    """A hand-written pipeline of OpenCV calls on these networks reaches .428 and .332."""
    estimator = PoseEstimator(models_dir=models_dir, nms=None)
    measures = evaluate(estimator, coco_mini, nms=[nms], true_boxes=true_boxes)
    assert measures[nms or "none"].ap >= least
