"""Docstrings of ``rmpe_ext.numpy``: those of ``rmpe_ext`` in the words of arrays.

A docstring is written once, in ``rmpe_ext/ops``. ``python -m tests.numpy.test_docstrings`` copies
it to ``rmpe_ext/numpy``, where the examples alone are written by hand.
"""

import ast
import re
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
NOT_FOR_ARRAYS = ("*Gradients", "*Devices")  # paragraphs of the notes
EXAMPLES = "\n    Examples\n    --------\n"


def docstring(path):
    """The docstring of the module's public function, as it stands in the source."""
    source = path.read_text()
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == path.stem
    )
    text = ast.get_source_segment(source, function.body[0])
    assert text.startswith('"""') and text.endswith('"""')
    return text[3:-3]


def for_arrays(text):
    """The docstring of an op without its examples, in the words of arrays."""
    text, _, _ = text.partition(EXAMPLES)
    before, heading, notes = text.partition("\n    Notes\n    -----\n")
    notes, references, after = notes.partition("\n    References\n")
    paragraphs = [p for p in notes.split("\n\n") if not p.strip().startswith(NOT_FOR_ARRAYS)]
    notes = "\n\n".join(p.strip("\n") for p in paragraphs)
    text = before + (heading + notes + "\n" if notes.strip() else "") + references + after
    for pattern, replacement in WORDS:
        text = re.sub(pattern, replacement, text)
    return "\n".join(wrapped(text.split("\n")))


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


def expected(op):
    """The source of the function on arrays with the docstring that belongs there."""
    path = PACKAGE / "numpy" / f"{op}.py"
    old = docstring(path)
    _, heading, examples = old.partition(EXAMPLES)
    new = for_arrays(docstring(PACKAGE / "ops" / f"{op}.py")) + heading + examples
    return path, path.read_text().replace(old, new)


@pytest.mark.parametrize("op", CASES)
def test_the_docstring_is_that_of_the_op(op):
    path, source = expected(op)
    assert path.read_text() == source, "run: python -m tests.numpy.test_docstrings"


@pytest.mark.parametrize("op", CASES)
def test_it_stands_alone(op):
    text = docstring(PACKAGE / "numpy" / f"{op}.py")
    assert not re.search(r"Tensor|CUDA|GPU|autograd|\bAs :func:", text)
    assert max(map(len, text.split("\n"))) <= WIDTH
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n    {section}\n    {'-' * len(section)}\n" in text


if __name__ == "__main__":
    for name in CASES:
        path, source = expected(name)
        path.write_text(source)
