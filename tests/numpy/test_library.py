"""What ``rmpe_ext.numpy`` needs, and what it says where that is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rmpe_ext

PACKAGE = Path(rmpe_ext.__file__).parent
# An editable install would find the libraries of this copy from any other.
IMPORT = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
import rmpe_ext, rmpe_ext.numpy
"""


def run(code, folder=PACKAGE.parent):
    """Run code against the package in ``folder``."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True
    )


@pytest.fixture
def without_library(tmp_path):
    """A copy of the package as it is where no library was built."""
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "rmpe_ext", ignore=ignored)
    return tmp_path


def test_torch_is_not_needed():
    """Not to import it, and not to call any op."""
    result = run("""
import sys
sys.modules["torch"] = None  # importing it fails
import numpy as np, rmpe_ext.numpy as ops
image = np.arange(300, dtype=np.uint8).reshape(1, 10, 10, 3)
boxes = np.float32([[1, 1, 7, 9]])
matrices = ops.crop_matrices(boxes, (8, 6))
crops = ops.affine_sample(ops.crop(image, matrices, (8, 6)), np.float32([np.eye(2, 3)]), (8, 6))
ops.soft_argmax(crops)
ops.decode_simcc(crops[:, :, 0], crops[:, :, :, 0])
keypoints, scores = ops.decode(crops, matrices=matrices)
areas, sigmas = boxes[:, 3], (0.1,) * 3
suppressor = ops.pose_nms(keypoints, scores, boxes).suppressor
ops.pose_similarity(keypoints, scores, boxes)
ops.merge_poses(keypoints, scores, boxes, suppressor)
ops.oks_nms(keypoints, scores, areas, sigmas)
ops.soft_oks_nms(keypoints, scores, areas, sigmas)
ops.nearby_joints_nms(keypoints, scores)
ops.box_nms(boxes, scores[:, 0], 0.5)
""")
    assert result.returncode == 0, result.stderr


def test_an_op_on_tensors_says_that_it_needs_torch():
    result = run("""
import sys
sys.modules["torch"] = None
import rmpe_ext
rmpe_ext.decode
""")
    assert result.returncode == 1
    assert "ModuleNotFoundError: rmpe_ext.decode takes tensors of torch, which is not installed: " \
           "install torch, or call rmpe_ext.numpy.decode" in result.stderr  # fmt: skip


def test_no_library(without_library):
    result = run(IMPORT, without_library)
    assert result.returncode == 1
    assert "rmpe_ext.numpy needs its compiled library, and there is no _numpy in" in result.stderr
    assert (
        "reinstall, in the folder of the sources, under this Python: pip install ." in result.stderr
    )
    assert run(IMPORT.replace(", rmpe_ext.numpy", ""), without_library).returncode == 0


def test_a_library_for_another_python(without_library):
    name = "_numpy.cpython-399-x86_64-linux-gnu.so"
    (without_library / "rmpe_ext" / name).write_bytes(b"")
    result = run(IMPORT, without_library)
    this = sys.implementation.cache_tag
    assert f"{name} is for another Python than this one, {this}. To build" in result.stderr


def test_a_damaged_library(without_library):
    name = next(PACKAGE.glob("_numpy.*.so")).name
    (without_library / "rmpe_ext" / name).write_bytes(b"not a library")
    assert f"{name} did not load: " in run(IMPORT, without_library).stderr
