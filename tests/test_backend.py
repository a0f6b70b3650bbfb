"""Which implementation runs, and what the user is told of it; each case in a process of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import rmpe_ext

PACKAGE = Path(rmpe_ext.__file__).parent
USE_EVERY_OP = """
import warnings, torch, rmpe_ext
warnings.simplefilter("always")
image = torch.arange(300, dtype=torch.uint8).view(1, 10, 10, 3)
matrices = rmpe_ext.crop_matrices(torch.tensor([[1., 1., 7., 9.]]), (8, 6))
crops = rmpe_ext.crop(image, matrices, (8, 6))
keypoints, scores = rmpe_ext.decode(crops, matrices=matrices)
boxes = torch.tensor([[1., 1., 7., 9.]])
keep = rmpe_ext.pose_nms(keypoints, scores, boxes).keep
rmpe_ext.box_nms(boxes, scores[:, 0], 0.5)
print(rmpe_ext.backend().mode, round(crops.sum().item(), 3), keypoints.tolist(), keep.tolist())
"""


def run(code, folder=PACKAGE.parent, **environment):
    """Run code against the package in ``folder``."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "RMPE_EXT_BACKEND"},
        "PYTHONPATH": str(folder),
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def native():
    """Every op on the native library."""
    return run(USE_EVERY_OP)


@pytest.fixture
def without_library(tmp_path):
    """A copy of the package as it is where no library was built."""
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "rmpe_ext", ignore=ignored)
    return tmp_path


def warnings_in(result):
    return [line for line in result.stderr.splitlines() if "RuntimeWarning" in line]


def test_the_tests_run_on_the_native_library():
    assert rmpe_ext.backend().mode == os.environ.get("RMPE_EXT_BACKEND", "native")


def test_native_runs_in_silence(native):
    assert native.returncode == 0, native.stderr
    assert native.stdout.startswith("native ")
    assert not warnings_in(native)


def test_without_a_library_results_are_the_same_and_one_warning_says_so(native, without_library):
    other = run(USE_EVERY_OP, without_library)
    assert other.returncode == 0, other.stderr
    assert other.stdout == native.stdout.replace("native", "reference", 1)
    assert len(warnings_in(other)) == 1
    assert warnings_in(other)[0].startswith("<string>:")  # it points at the caller
    for part in ("pure-PyTorch path on cpu", "no compiled library _C", "slower", "pip install"):
        assert part in other.stderr


def test_a_damaged_library_is_reported_and_not_used(without_library):
    (without_library / "rmpe_ext" / "_C.abi3.so").write_bytes(b"not a library")
    result = run(USE_EVERY_OP, without_library)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("reference ")
    assert "_C.abi3.so did not load" in warnings_in(result)[0]


def test_a_damaged_cuda_library_leaves_the_cpu_alone(native, tmp_path):
    ignored = shutil.ignore_patterns("_C_cuda.*", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "rmpe_ext", ignore=ignored)
    (tmp_path / "rmpe_ext" / "_C_cuda.abi3.so").write_bytes(b"not a library")
    result = run(USE_EVERY_OP, tmp_path)
    assert result.stdout == native.stdout
    assert not warnings_in(result)


@pytest.mark.skipif(
    not list(PACKAGE.glob("_C_cuda.*")) or torch.version.cuda is None,
    reason="needs the CUDA library, which takes nvcc to build, and a CUDA build of torch",
)
def test_the_cuda_library_loads_on_a_machine_without_a_gpu():
    assert rmpe_ext.backend().cuda_reason is None
    assert torch._C._dispatch_has_kernel_for_dispatch_key("rmpe_ext::crop", "CUDA")


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm of binutils")
@pytest.mark.parametrize("path", sorted(PACKAGE.glob("_C*.so")), ids=lambda path: path.name)
def test_a_library_uses_nothing_of_torch_but_its_stable_interface(path):
    """Names of at:: and c10:: change with every release."""
    wanted = subprocess.check_output(["nm", "-D", "--undefined-only", path], text=True)
    assert "aoti_torch_" in wanted
    assert not re.findall(r"_ZN?K?(?:2at|3c10)\w+", wanted)


def test_reference_by_choice_runs_in_silence(native):
    result = run(USE_EVERY_OP, RMPE_EXT_BACKEND="reference")
    assert result.stdout == native.stdout.replace("native", "reference", 1)
    assert not warnings_in(result)


def test_native_by_choice_fails_without_a_library(without_library):
    result = run(USE_EVERY_OP, without_library, RMPE_EXT_BACKEND="native")
    assert result.returncode == 1
    assert "ImportError: RMPE_EXT_BACKEND=native, but no compiled library _C in" in result.stderr


def test_unknown_backend():
    result = run(USE_EVERY_OP, RMPE_EXT_BACKEND="fast")
    assert "RMPE_EXT_BACKEND must be one of auto, native, reference, got 'fast'" in result.stderr
