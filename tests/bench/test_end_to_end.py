"""The ways that are compared: they find the same people."""

from pathlib import Path

import numpy as np
import pytest

from bench import end_to_end

PHOTOGRAPH = Path(__file__).resolve().parents[2] / "examples/photographs/basketball.jpg"


@pytest.mark.parametrize("way", ["script", "rtmlib"])
def test_rivals_find_the_joints_that_rmpe_finds(models_dir, monkeypatch, way):
    pytest.importorskip("onnxruntime")
    if way == "rtmlib":
        pytest.importorskip("rtmlib", reason="needs rtmlib")
    monkeypatch.setattr(end_to_end, "MODELS", models_dir)
    people = end_to_end.rmpe_way(1)(str(PHOTOGRAPH))
    theirs = end_to_end.WAYS[way]()(str(PHOTOGRAPH))
    assert len(theirs) >= len(people) >= 2  # they have no pose NMS
    for keypoints, scores in zip(people.keypoints, people.keypoint_scores, strict=True):
        sure = scores.numpy() > 0.3
        distances = [
            np.linalg.norm(np.reshape(found[0], (17, 2)) - keypoints.numpy(), axis=1)[sure].mean()
            for found in theirs
        ]
        assert min(distances) < 5  # a pixel of the heatmap is 9 of the photograph


def test_mosaics_hold_the_people_they_are_named_for(tmp_path, data_dir, monkeypatch):
    from rmpe import read_image

    monkeypatch.setattr(end_to_end, "DATA", data_dir)
    end_to_end.write_mosaics(tmp_path, 5)
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == end_to_end.PHOTOGRAPHS
    mosaic = read_image(paths[0])
    assert mosaic.shape == (640, 960, 3)
    assert mosaic[325:, 645:].max() < 20 < mosaic[:320, :320].mean()  # the sixth cell is empty
