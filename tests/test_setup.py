"""setup.py says in a sentence what the build misses, and starts nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

if not (ROOT / "setup.py").is_file():
    pytest.skip("needs the sources", allow_module_level=True)

# Runs setup.py as `python setup.py build_ext` does, after a change of what it finds.
BUILD = """
import sys, runpy
{change}
sys.argv = ["setup.py", "--quiet", "build_ext"]
runpy.run_path("setup.py", run_name="__main__")
"""


@pytest.fixture
def sources(tmp_path):
    """What setup.py reads, without anything to compile."""
    for name in ("build_backend.py", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "rmpe_ext").mkdir()
    shutil.copy(ROOT / "rmpe_ext" / "__init__.py", tmp_path / "rmpe_ext")
    (tmp_path / "python").mkdir()
    return tmp_path


def build(sources, change="", **variables):
    return subprocess.run(
        [sys.executable, "-c", BUILD.format(change=change)],
        cwd=sources,
        env=os.environ | {"PYTHONPATH": str(sources), "RMPE_EXT_CUDA": "0"} | variables,
        capture_output=True,
        text=True,
    )


OLD_TORCH = """
import pathlib
folder = pathlib.Path("old/torch")
folder.mkdir(parents=True)
(folder / "__init__.py").touch()
(folder / "version.py").write_text("__version__ = '2.9.1+cu128'; cuda = '12.8'")
sys.path.insert(0, "old")
"""
MISSING = "import shutil; which = shutil.which; shutil.which = lambda name, **k: (" \
          "None if name == {!r} else which(name, **k))"  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "import setuptools; setuptools.__version__ = '65.5.0'",
            "setuptools 65.5.0 is too old to build it. Install a newer one: "
            "pip install --upgrade 'setuptools>=77'",
        ),
        (
            "sys.modules['torch'] = None",
            "torch is not installed in the environment that builds it. Install it (pip install "
            "'torch>=2.10'), or set RMPE_EXT_TORCH=0 to build rmpe_ext.numpy alone.",
        ),
        (OLD_TORCH, "torch 2.9.1+cu128 is too old: the stable ABI to which rmpe_ext is written "
                    "begins with 2.10. Install a newer one: pip install 'torch>=2.10'"),
        (
            "sys.modules['numpy'] = None",
            "numpy, with which it is built, is not installed. Install it: pip install 'numpy>=2'",
        ),
        ("import numpy; numpy.__version__ = '1.26.4'", "numpy 1.26.4 is too old to build it"),
        (MISSING.format("ninja"), "ninja, with which it is built, was not found. Install it: "
                                  "pip install ninja"),
        (MISSING.format("cmake"), "cmake, with which it is built, was not found. Install it: "
                                  "pip install cmake"),
        (
            "import sysconfig; sysconfig.get_path = lambda *_: '/nowhere'",
            "the headers of Python",
        ),
    ],
    ids=["setuptools too old", "no torch", "torch too old", "no numpy", "numpy too old",
         "no ninja", "no CMake", "no headers of Python"],
)  # fmt: skip
def test_what_is_missing_is_named(sources, change, said):
    result = build(sources, change)
    assert result.returncode != 0
    assert f"rmpe_ext: {said}" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_numpy_alone_needs_is_not_torch(sources):
    """It goes on to CMake, which does not find the sources here."""
    result = build(sources, "sys.modules['torch'] = None", RMPE_EXT_TORCH="0")
    assert "rmpe_ext: CMake could not prepare the build" in result.stderr
    assert "torch" not in result.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (dict(RMPE_EXT_CUDA="yes"), "RMPE_EXT_CUDA must be auto, 0 or 1, got 'yes'"),
        (dict(RMPE_EXT_CUDA="1", PATH="/nowhere", CXX=""), "but no C++ compiler was found"),
    ],
)
def test_variables(sources, variables, said):
    result = build(sources, **variables)
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_pip_says_so_where_there_is_no_setuptools(sources):
    """As in a new environment of Python 3.12, with --no-build-isolation."""
    code = "import sys; sys.modules['setuptools'] = None; import build_backend"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=sources, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.startswith("rmpe_ext: setuptools, which builds it, is not installed.")
