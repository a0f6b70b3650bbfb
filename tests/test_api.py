"""The public names, as a reader at the prompt and as a type checker sees them.

``make update`` writes the lists of ops that type checkers read.
"""

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rmpe_ext
from rmpe_ext import reference
from tests.ops.cases import CASES
from tests.test_backend import run

PACKAGE = Path(rmpe_ext.__file__).parent


OPS = sorted(path.stem for path in (PACKAGE / "ops").glob("[!_]*.py"))


def imports():
    """The line that tells of each op."""
    return [f"from .{op} import {op} as {op}" for op in OPS]


def compiled():
    """The line that tells of each op of the library for arrays, with its number of results."""
    lines = []
    for op in OPS:
        source = (PACKAGE / "ops" / f"{op}.py").read_text()
        schema = re.search(rf'    "{op}\(.*?-> (.*?)",\n', source, re.DOTALL)[1]
        arrays = ", ".join(["Array"] * schema.count("Tensor"))
        result = f"tuple[{arrays}]" if "," in arrays else arrays
        lines.append(f"def {op}(*arguments: Any) -> {result}: ...")
    return lines


# The files that list the ops: what a line about an op looks like, and what the lines must be.
LISTS = {
    "ops/__init__.py": (r"    from \.\w+ import \w+ as \w+\n", [f"    {i}" for i in imports()]),
    "numpy/__init__.py": (r"from \.[a-z]\w* import \w+ as \w+\n", imports()),
    "_numpy.pyi": (r"def \w+\(\*arguments: Any\) -> .*\n", compiled()),
}


def with_list(name):
    """The text of a file with the list of ops that belongs there."""
    line, lines = LISTS[name]
    text = (PACKAGE / name).read_text()
    begin = re.search(line, text).start()
    return text[:begin] + "\n".join(lines) + "\n" + re.sub(line, "", text[begin:])


def test_importing_is_cheap():
    result = run("import rmpe_ext, sys; assert {'torch', 'numpy'}.isdisjoint(sys.modules)")
    assert result.returncode == 0, result.stderr


def test_every_name_is_listed_and_there():
    assert {*CASES, "backend", "reference", "numpy", "presets", "__version__"} <= set(dir(rmpe_ext))
    assert all(getattr(rmpe_ext, name) is not None for name in dir(rmpe_ext))
    assert set(rmpe_ext.__all__) <= set(dir(rmpe_ext))
    assert set(dir(reference)) == set(CASES)


@pytest.mark.parametrize("module", [rmpe_ext, reference], ids=lambda module: module.__name__)
def test_other_names_are_not_there(module):
    with pytest.raises(
        AttributeError, match=f"module '{module.__name__}' has no attribute 'crops'"
    ):
        module.crops  # noqa: B018


def test_submodules_load_on_access():
    result = run("import rmpe_ext; print(rmpe_ext.reference.decode.__name__, rmpe_ext.presets)")
    assert result.stdout.startswith("decode <module 'rmpe_ext.presets'"), result.stderr


@pytest.mark.parametrize("name", LISTS)
def test_type_checkers_see_the_same_names(name):
    assert (PACKAGE / name).read_text() == with_list(name), "run: make update"


@pytest.mark.parametrize("op", CASES)
def test_the_reference_has_the_signature_and_the_text_of_the_op(op):
    function, native = getattr(reference, op), getattr(rmpe_ext, op)
    assert inspect.signature(function) == inspect.signature(native)
    assert function.__doc__ == native.__doc__
    assert (function.__name__, function.__module__) == (op, "rmpe_ext.reference")


WRONG = """
import rmpe_ext, rmpe_ext.numpy, torch
from rmpe_ext import reference
maps = torch.zeros(1, 1, 4, 4)
keypoints, scores = rmpe_ext.decode(maps, convention="dark")
keypoints, scores = reference.decode(maps, convention="dark")
rmpe_ext.nonsense  # line 7
reference.nonsense
rmpe_ext.numpy.nonsense
rmpe_ext.decode(maps, convention="darc")
reference.decode(maps, strides=4)
rmpe_ext.pose_nms(maps, maps, maps, preset="alpha")
"""


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="needs mypy")
def test_mypy_finds_what_is_wrong(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    cache = PACKAGE.parent / ".mypy_cache"
    command = [
        sys.executable,
        "-m",
        "mypy",
        f"--cache-dir={cache}",
        "--no-error-summary",
        "wrong.py",
    ]
    environment = {"MYPYPATH": str(PACKAGE.parent), "PATH": ""}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    lines = [int(line.split(":")[1]) for line in result.stdout.splitlines() if ": error:" in line]
    assert lines == [7, 8, 9, 10, 11, 12], result.stdout


if __name__ == "__main__":
    for name in LISTS:
        (PACKAGE / name).write_text(with_list(name))
