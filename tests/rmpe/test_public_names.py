"""What `rmpe` offers: every public name and module, loaded on access and known to type checkers."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import rmpe

STUB = Path(rmpe.__file__).with_suffix(".pyi")


def stub():
    """What __init__.pyi has to be."""
    lines = ["# Written by `make update` from the table in __init__.py."]
    lines += [f"from . import {name} as {name}" for name in sorted(rmpe._SUBMODULES)]
    for module, names in rmpe._MODULES.items():
        lines += [f"from .{module} import {name} as {name}" for name in sorted(names)]
    return "\n".join([*lines, "", "__version__: str", ""])


def test_type_checkers_are_told_of_every_name():
    assert STUB.read_text() == stub(), "run: make update"


@pytest.mark.parametrize("name", sorted({*rmpe._HOME, *rmpe._SUBMODULES}))
def test_every_name_of_the_directory_can_be_had(name):
    assert name in dir(rmpe)
    value = getattr(rmpe, name)
    if name in rmpe._SUBMODULES:
        assert value is importlib.import_module(f"rmpe.{name}")
    else:
        assert value is getattr(importlib.import_module(f"rmpe.{rmpe._HOME[name]}"), name)


def test_a_star_gives_the_names_and_not_the_modules():
    namespace = {}
    exec("from rmpe import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(rmpe._HOME)


def test_the_version_is_that_of_the_ops():
    import rmpe_ext

    assert rmpe.__version__ == rmpe_ext.__version__
    assert "__version__" in dir(rmpe)


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="module 'rmpe' has no attribute 'no_such_name'"):
        rmpe.no_such_name  # noqa: B018


def test_modules_are_loaded_on_access_and_not_before():
    code = (
        "import sys, rmpe\n"
        "assert not {'torch', 'cv2', 'numpy'} & set(sys.modules)\n"
        "assert rmpe.inputs.__name__ == 'rmpe.inputs'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    STUB.write_text(stub())
