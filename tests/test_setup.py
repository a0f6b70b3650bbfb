"""What a build misses is said in a sentence; what is there is compiled, once."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

if not (ROOT / "setup.py").is_file():
    pytest.skip("needs the sources", allow_module_level=True)

# Runs setup.py as `python setup.py build_ext --inplace` does, after a change of what it finds.
BUILD = """
import sys, runpy
{change}
sys.argv = ["setup.py", "--quiet", "build_ext", "--inplace"]
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
    (tmp_path / "csrc").mkdir()
    for path in (ROOT / "csrc").glob("*.txt"):
        shutil.copy(path, tmp_path / "csrc")
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
        (
            "import sysconfig; sysconfig.get_path = lambda *_: '/nowhere'",
            "the headers of Python",
        ),
    ],
    ids=["setuptools too old", "no torch", "torch too old", "no numpy", "numpy too old",
         "no ninja", "no headers of Python"],
)  # fmt: skip
def test_what_is_missing_is_named(sources, change, said):
    result = build(sources, change)
    assert result.returncode != 0
    assert f"rmpe_ext: {said}" in result.stderr
    assert "Traceback" not in result.stderr


def test_one_warning_where_there_is_no_compiler(sources):
    result = build(sources, PATH="/nowhere", CXX="")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("warning: no C++ compiler was found") == 1


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


SOURCES = {
    "cpu/answer.h": "namespace rmpe { int answer(); }",
    "cpu/answer.cpp": """
        #include "cpu/answer.h"
        int rmpe::answer() { return 42; }""",
    "numpy/module.cpp": """
        #include <Python.h>
        #include "cpu/answer.h"
        static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_numpy", nullptr, -1, nullptr,
                                     nullptr, nullptr, nullptr, nullptr};
        PyMODINIT_FUNC PyInit__numpy() {
          PyObject* self = PyModule_Create(&module);
          PyModule_AddIntConstant(self, "answer", rmpe::answer());
          return self;
        }""",
    "torch/cpu.cpp": """
        #include <torch/headeronly/core/ScalarType.h>
        #include "cpu/answer.h"
        extern "C" __attribute__((visibility("default"))) int answer() { return rmpe::answer(); }""",
}
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="needs a C++ compiler"
)


@pytest.fixture
def small_sources(sources):
    """The layout of the sources, with little to compile."""
    for name, text in SOURCES.items():
        path = sources / "csrc" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip() + "\n")
    return sources


def answer(sources):
    # Not by way of the package, whose other modules are not there.
    folder, code = sources / "rmpe_ext", "import _numpy; print(_numpy.answer)"
    return int(subprocess.check_output([sys.executable, "-c", code], cwd=folder, text=True))


@needs_compiler
def test_numpy_alone_needs_neither_torch_nor_ninja(small_sources):
    change = "sys.modules['torch'] = None; " + MISSING.format("ninja")
    result = build(small_sources, change, RMPE_EXT_TORCH="0")
    assert result.stdout.startswith("compiled _numpy in ") and result.stderr == ""
    assert answer(small_sources) == 42
    assert build(small_sources, change, RMPE_EXT_TORCH="0").stdout == ""


@needs_compiler
def test_nothing_is_compiled_twice(small_sources):
    """Nor copied or linked; what changed is, through headers too."""

    def times():
        files = [*small_sources.glob("build/**/*.o"), *small_sources.glob("**/*.so")]
        return {path.relative_to(small_sources): path.stat().st_mtime_ns for path in files}

    result = build(small_sources)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.fullmatch(r"compiled _numpy, _C in \d+ s\n", result.stdout)
    assert result.stderr == ""
    first = times()
    assert sorted(path.name for path in first if path.suffix == ".o") == [
        "answer.o", "cpu.o", "module.o",
    ]  # fmt: skip
    for library in ("_numpy", "_C"):
        assert (small_sources / "rmpe_ext" / f"{library}.abi3.so").is_file()

    assert build(small_sources).stdout == ""
    assert times() == first

    loop = small_sources / "csrc" / "cpu" / "answer.cpp"
    loop.write_text(loop.read_text().replace("42", "43"))
    assert build(small_sources).stdout.startswith("compiled _numpy, _C in ")
    changed = {path.name for path, time in times().items() if time != first[path]}
    assert changed == {"answer.o", "_numpy.abi3.so", "_C.abi3.so"}
    assert answer(small_sources) == 43

    second = times()
    (small_sources / "csrc" / "cpu" / "answer.h").touch()
    build(small_sources)
    assert all(time != second[path] for path, time in times().items())


@needs_compiler
def test_a_failed_build_shows_the_message_of_the_compiler_and_no_traceback(small_sources):
    (small_sources / "csrc" / "cpu" / "answer.cpp").write_text("#error not today\n")
    result = build(small_sources)
    assert result.returncode != 0
    assert "#error not today" in result.stdout
    assert result.stderr.startswith("rmpe_ext: ") and "Traceback" not in result.stderr


def test_pip_says_so_where_there_is_no_setuptools(sources):
    """As in a new environment of Python 3.12, with --no-build-isolation."""
    code = "import sys; sys.modules['setuptools'] = None; import build_backend"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=sources, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.startswith("rmpe_ext: setuptools, which builds it, is not installed.")
