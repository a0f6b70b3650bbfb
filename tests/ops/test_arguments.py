"""An error says which argument is wrong, whatever was passed in its place."""

import inspect
import re

import pytest

import rmpe_ext
from rmpe_ext import reference
from rmpe_ext.conventions import CONVENTIONS
from rmpe_ext.presets import DEFAULT_PRESET, PRESETS
from tests.ops.cases import CASES, arguments

IMPLEMENTATIONS = pytest.mark.parametrize("ops", [rmpe_ext, reference], ids=["native", "reference"])

GOOD = {op: arguments(op) for op in CASES}
_NAMES = [
    (op, name)
    for op in CASES
    for name, parameter in inspect.signature(getattr(rmpe_ext, op)).parameters.items()
    if parameter.kind is not inspect.Parameter.VAR_KEYWORD
]
_CHOICES = ("convention", "mode", "padding_mode", "preset")


def _annotated(text):
    """The arguments that are annotated so."""
    return [
        (op, name)
        for op, name in _NAMES
        if inspect.signature(getattr(rmpe_ext, op)).parameters[name].annotation == text
    ]


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "wrong",
    ["wrong", object(), [object()], ("a", "b"), {"a": 1}, 1j],
    ids=lambda wrong: type(wrong).__name__,
)
@pytest.mark.parametrize("op, name", _NAMES)
def test_wrong_type_is_refused(ops, op, name, wrong):
    getattr(ops, op)(**GOOD[op])
    with pytest.raises((TypeError, ValueError), match=rf"^{name}(\[0\])? must"):
        getattr(ops, op)(**{**GOOD[op], name: wrong})


@IMPLEMENTATIONS
@pytest.mark.parametrize("op, name", _NAMES)
def test_none_is_for_optional_arguments(ops, op, name):
    default = inspect.signature(getattr(ops, op)).parameters[name].default
    arguments = {**GOOD[op], name: None}
    if default is None and name != "flip_pairs":
        getattr(ops, op)(**arguments)
        return
    with pytest.raises((TypeError, ValueError), match=f"^{name} must"):
        getattr(ops, op)(**arguments)


@IMPLEMENTATIONS
@pytest.mark.parametrize("op, name", _annotated("float"))
def test_bool_is_not_accepted_as_number(ops, op, name):
    with pytest.raises(TypeError, match=f"{name} must be a number, got True"):
        getattr(ops, op)(**{**GOOD[op], name: True})


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "op, name, wrong, message",
    [
        ("crop", "size", None, r"size must be \(height, width\), a tuple or a list, got None"),
        ("crop", "size", 8, r"size must be \(height, width\), a tuple or a list, got 8"),
        ("crop", "size", (4.0, 4), r"size must be \(height, width\), both int, got \(4.0, 4\)"),
        ("crop", "scale", None, "scale must be a number, got None"),
        ("crop", "fill", "x", "fill must be a number, got 'x'"),
        ("crop", "swap_rb", 1, "swap_rb must be True or False, got 1"),
        ("crop", "mean", 0.5, "mean must be 3 numbers, one for each channel, got 0.5"),
        ("crop", "dtype", "float32", "dtype must be float32, float16 or bfloat16, got 'float32'"),
        ("crop", "images", None, "images must be a torch.Tensor, or a list of them, got NoneType"),
        ("crop", "image_index", "00", "image_index must be a torch.Tensor, got str"),
        ("crop_matrices", "rotation", 3.0, "rotation must be a torch.Tensor, got float"),
        ("crop_matrices", "padding", "0.25", "padding must be a number or None, got '0.25'"),
        ("decode", "flip_pairs", 3, "flip_pairs must be pairs of joints, got 3"),
        ("decode", "flip_pairs", [(0, "l")], r"flip_pairs must be pairs of joints, got \[\(0, 'l'"),
        ("decode", "stride", "4", "stride must be a number, got '4'"),
        ("oks_nms", "sigmas", 0.1, "sigmas must be 17 numbers, one for each joint, got 0.1"),
        ("soft_oks_nms", "max_kept", 2.5, "max_kept must be a whole number, got 2.5"),
        ("box_nms", "threshold", None, "threshold must be a number, got None"),
    ],
)  # fmt: skip
def test_types(ops, op, name, wrong, message):
    with pytest.raises(TypeError, match=message):
        getattr(ops, op)(**{**GOOD[op], name: wrong})


@IMPLEMENTATIONS
@pytest.mark.parametrize("wrong", [None, 3, [], "coco"], ids=repr)
@pytest.mark.parametrize("op, name", [pair for pair in _NAMES if pair[1] in _CHOICES])
def test_choices(ops, op, name, wrong):
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got {re.escape(repr(wrong))}"):
        getattr(ops, op)(**{**GOOD[op], name: wrong})


@pytest.mark.parametrize("table", [PRESETS, CONVENTIONS], ids=["presets", "conventions"])
def test_every_row_says_what_it_is(table):
    summaries = [row.summary for row in table.values()]
    assert all(0 < len(summary) <= 80 and summary[-1] != "." for summary in summaries)
    assert len(set(summaries)) == len(table)


@pytest.mark.parametrize("op", ["pose_nms", "pose_similarity", "merge_poses"])
def test_one_preset_is_the_default_everywhere(op):
    default = inspect.signature(getattr(rmpe_ext, op)).parameters["preset"].default
    assert default == DEFAULT_PRESET == "alphapose"


def test_a_summary_is_not_a_parameter_of_pose_nms():
    with pytest.raises(TypeError, match="'summary' is not a parameter of pose NMS"):
        rmpe_ext.pose_nms(**GOOD["pose_nms"], summary="mine")
