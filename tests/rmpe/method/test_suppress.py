"""Suppression of any kind, as the pipeline applies it."""

import pytest

from rmpe.method.fitted_suppression import FittedSuppression
from rmpe.pipeline import suppress

from ..test_pipeline import SPOTS, estimator, spot


def test_a_file_may_hold_another_kind_of_suppression(tmp_path):
    file = tmp_path / "boxes.toml"
    file.write_text('kind = "box-nms"\nthreshold = 0.5\n')
    boxes = [[[0, 0, 90, 120, 0.3], [0, 0, 90, 110, 0.8], [60, 0, 150, 120, 0.5]]]
    images = [spot(*SPOTS[0])]
    found = estimator(nms=file)(images, boxes=boxes)
    assert found.box_scores.tolist() == pytest.approx([0.8, 0.5])
    found = estimator(nms=file, nms_parameters={"threshold": 1})(images, boxes=boxes)
    assert len(found) == 3
    with pytest.raises(ValueError, match="parameters of box-nms must be threshold, got thr.*, eta"):
        estimator(nms=file, nms_parameters={"eta": 1})
    # One that lowers scores keeps everybody.
    everybody = estimator(nms=None)(images, boxes=boxes)
    soft = suppress(everybody, FittedSuppression("soft-oks-nms", {"threshold": 0.5}))
    assert len(soft) == 3 and (soft.scores < everybody.scores).any()
