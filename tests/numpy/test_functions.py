"""The functions of ``rmpe_ext.numpy``: those of ``rmpe_ext`` in the words of arrays.

An op's signature and documentation are written once, in ``rmpe_ext/ops``. ``make update`` writes
those of arrays, with a first line that says so; the example of a docstring alone is kept as it
is there.
"""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import rmpe_ext
from tests.ops.cases import CASES

PACKAGE = Path(rmpe_ext.__file__).parent
WIDTH = 100
# Words of tensors, and what stands for them in the words of arrays.
WORDS = [
    (r"\bTensor\b", "ndarray"),
    (r"\btorch\.dtype\b", "dtype"),
    (r"(:func:`rmpe_ext)\.", r"\1.numpy."),
    (r"dtype, shape, device or value", "dtype, shape or value"),
]
# The same for the code of a function.
CODE = [
    (r"\btorch\.Tensor\b", "NDArray[Any]"),
    (r"\btorch\.dtype\b", "DTypeLike"),
    (r"\btorch\.(float\w+)", r"np.\1"),
    (r"\btorch_arrays\b", "numpy_arrays"),
]
# The same for the example of a new op; one that it leads astray is mended by hand.
EXAMPLE = [
    (r"\bimport torch, rmpe_ext\b", "import numpy as np, rmpe_ext.numpy"),
    (r"\btorch\.tensor\(", "np.float32("),
    (r"\btorch\.", "np."),
    (r"\btensor\(", "array("),
    (r"\brmpe_ext\.(?!numpy)", "rmpe_ext.numpy."),
]
NOT_FOR_ARRAYS = ("*Gradients", "*Devices")  # paragraphs of the notes
WRITTEN = "# Written by make update from rmpe_ext/ops/{}.py; only the example is edited here.\n"
EXAMPLES = "\n    Examples\n    --------\n"


def function_of(source, name):
    """The public function of a module, as a node."""
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    return function


def docstring(path):
    """The docstring of the module's public function, as it stands in the source."""
    source = path.read_text()
    text = ast.get_source_segment(source, function_of(source, path.stem).body[0])
    assert text.startswith('"""') and text.endswith('"""')
    return text[3:-3]


def replaced(text, words):
    for pattern, replacement in words:
        text = re.sub(pattern, replacement, text)
    return text


def for_arrays(text):
    """The docstring of an op without its examples, in the words of arrays."""
    text, _, _ = text.partition(EXAMPLES)
    before, heading, notes = text.partition("\n    Notes\n    -----\n")
    notes, references, after = notes.partition("\n    References\n")
    paragraphs = [p for p in notes.split("\n\n") if not p.strip().startswith(NOT_FOR_ARRAYS)]
    notes = "\n\n".join(p.strip("\n") for p in paragraphs)
    text = before + (heading + notes + "\n" if notes.strip() else "") + references + after
    return "\n".join(wrapped(replaced(text, WORDS).split("\n")))


def wrapped(lines):
    """The lines; one that has become too long is filled again, with those that go on from it."""
    lines, result = list(lines), []
    while lines:
        line = lines.pop(0)
        if len(line) > WIDTH:
            indent = re.match(" *", line).group()
            paragraph = [line]
            while lines and lines[0].strip() and re.match(" *", lines[0]).group() == indent:
                paragraph.append(lines.pop(0))
            options = dict(initial_indent=indent, subsequent_indent=indent)
            line = textwrap.fill(
                " ".join(map(str.strip, paragraph)),
                WIDTH,
                break_long_words=False,
                break_on_hyphens=False,
                **options,
            )
        result.append(line)
    return result


def example(op):
    """The example on arrays: as it is in the file, else that of the op, in the words of arrays."""
    path = PACKAGE / "numpy" / f"{op}.py"
    if path.exists():
        return docstring(path).partition(EXAMPLES)[2]
    return replaced(docstring(PACKAGE / "ops" / f"{op}.py").partition(EXAMPLES)[2], EXAMPLE)


def imported(source, function):
    """The names that a function's signature takes from modules, by module."""
    parts = [function.args, function.returns]
    used = {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)}
    return {
        "." * node.level + (node.module or ""): sorted({a.name for a in node.names} & used)
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & used
    }


def expected(op):
    """The source of the module of ``rmpe_ext.numpy``, but for the layout of its lines."""
    path = PACKAGE / "ops" / f"{op}.py"
    source, text = path.read_text(), docstring(path)
    function = function_of(source, op)
    signature, body = ast.get_source_segment(source, function).split(f'"""{text}"""')
    signature = replaced(signature, CODE)
    body = replaced(body, [*CODE, (rf"\b_{op}\(", f"library.{op}(")])

    modules = imported(source, function)
    for module, name in [
        ("typing", "Any"),
        ("numpy.typing", "NDArray"),
        ("..validation", "numpy_arrays"),
        (f"..validation.{op}", f"validate_{op}"),
        ("._library", "library"),
    ]:
        modules.setdefault(module, []).append(name)
    if "DTypeLike" in signature:
        modules["numpy.typing"].append("DTypeLike")
    lines = [
        f"from {name} import {', '.join(sorted({*modules[name]}))}" for name in sorted(modules)
    ]
    own = [line for line in lines if line.startswith("from .")]
    numpy = ["import numpy as np"] if "np." in signature else []
    numpy += [line for line in lines if line.startswith("from numpy")]
    parts = [
        f'"""{ast.get_docstring(ast.parse(source))}"""',
        "from __future__ import annotations",
        *("\n".join(group) for group in (sorted(set(lines) - {*own, *numpy}), numpy, own)),
        f'__all__ = ["{op}"]',
        f'\n{signature}"""{for_arrays(text)}{EXAMPLES}{example(op)}"""{body}\n',
    ]
    return WRITTEN.format(op) + "\n\n".join(parts)


def write(op):
    path = PACKAGE / "numpy" / f"{op}.py"
    command = [sys.executable, "-m", "ruff", "format", "-q", f"--stdin-filename={path}", "-"]
    done = subprocess.run(command, input=expected(op), text=True, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit("ruff could not lay out the functions of arrays; make lint installs it")
    path.write_text(done.stdout)


@pytest.mark.parametrize("op", CASES)
def test_the_function_is_that_of_the_op(op):
    source = (PACKAGE / "numpy" / f"{op}.py").read_text()
    assert source.startswith(WRITTEN.format(op)), "run: make update"
    want = ast.unparse(ast.parse(expected(op)))
    assert ast.unparse(ast.parse(source)) == want, "run: make update"


@pytest.mark.parametrize("op", CASES)
def test_it_stands_alone(op):
    text = docstring(PACKAGE / "numpy" / f"{op}.py")
    assert not re.search(r"Tensor|CUDA|GPU|autograd|\bAs :func:", text)
    assert max(map(len, text.split("\n"))) <= WIDTH
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n    {section}\n    {'-' * len(section)}\n" in text


if __name__ == "__main__":
    for path in sorted((PACKAGE / "ops").glob("[!_]*.py")):
        write(path.stem)
