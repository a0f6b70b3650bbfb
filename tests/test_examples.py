"""The example scripts: they run as their docstrings say, and come to what rmpe itself comes to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
PHOTOGRAPHS = ROOT / "examples" / "photographs"

if not EXAMPLES:  # where only the tests were copied
    pytest.skip("needs the repository", allow_module_level=True)


def run(name, *arguments, **options):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "python")])
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "python" / name, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, **options,
    )  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_help_says_how_to_start_it(example):
    pytest.importorskip("onnxruntime")
    result = run(example.name, "--help")
    assert result.returncode == 0, result.stderr
    assert f"python examples/python/{example.name} " in result.stdout


def test_preprocess_and_decode_finds_people_in_their_boxes(models_dir):
    pytest.importorskip("onnxruntime")
    network = models_dir / "simplepose_coco17.onnx"
    boxes = [["0", "0", "380", "512"], ["20", "20", "360", "500"]]
    options = [word for box in boxes for word in ("--box", *box)]
    result = run("preprocess_and_decode.py", network, PHOTOGRAPHS / "astronaut.jpg", *options)
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("  ")]
    found = np.array(rows, np.float64).reshape(2, 17, 3)
    for person, box in zip(found, np.array(boxes, np.float64), strict=True):
        sure = person[person[:, 2] > 0.3]
        assert len(sure) >= 5  # the face and the shoulders at least
        assert (sure[:, :2] >= box[:2]).all() and (sure[:, :2] <= box[2:]).all()


def test_own_pipeline_finds_the_people_that_rmpe_finds(tmp_path):
    import rmpe

    result = run("own_pipeline.py", PHOTOGRAPHS, "--out", tmp_path)
    assert result.returncode == 0, result.stderr
    lines = (tmp_path / "people.jsonl").read_text().splitlines()
    paths = sorted(PHOTOGRAPHS.glob("*.jpg"))
    estimator = rmpe.PoseEstimator()
    for line, path in zip(lines, paths, strict=True):
        found = estimator(path)
        # Merging drops poses without a joint that is a little sure.
        expected = found.select(found.keypoint_scores.amax(1) >= 0.3)
        boxes = np.array([person["box"] for person in json.loads(line)["people"]])
        assert len(boxes) > 0
        np.testing.assert_allclose(boxes, expected.boxes.numpy(), atol=1e-3)
        assert f"{path.name}: {len(expected)} people" in result.stdout
        drawing = rmpe.read_image(tmp_path / f"{path.name}.png")
        assert (drawing != rmpe.read_image(path)).any()


def test_a_damaged_image_is_skipped(tmp_path):
    (tmp_path / "damaged.jpg").write_bytes(b"no image")
    images = [tmp_path / "damaged.jpg", PHOTOGRAPHS / "astronaut.jpg"]
    result = run("own_pipeline.py", *images, "--out", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "skipped" in result.stderr and "damaged.jpg" in result.stderr
    assert len((tmp_path / "out" / "people.jsonl").read_text().splitlines()) == 1


def test_a_video_goes_over_the_whole_photograph_and_back(tmp_path):
    av = pytest.importorskip("av")
    from rmpe import read_image

    photograph = PHOTOGRAPHS / "basketball.jpg"
    result = run("make_video.py", photograph, "--out", tmp_path / "new/moving.mp4", "--frames", "9")
    assert result.returncode == 0, result.stderr
    with av.open(str(tmp_path / "new/moving.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    pixels = read_image(photograph)
    assert len(frames) == 9 and frames[0].shape == pixels.shape
    differences = [np.abs(frame.astype(float) - pixels).mean() for frame in frames]
    assert max(differences[0], differences[-1]) < 5 < min(differences[3:6])
