"""Whatever is passed in place of an argument, the error says which argument it is."""

import inspect
import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import rmpe_ext
import rmpe_ext.numpy
from rmpe_ext import reference
from rmpe_ext.presets import PoseNMSPreset
from tests.fuzz import fuzz, inputs
from tests.ops import random_calls
from tests.ops.cases import CASES
from tests.ops.test_arguments import GOOD

FRONTS = {"native": rmpe_ext, "reference": reference, "numpy": rmpe_ext.numpy}
HUGE = [2**31, 2**62, 2**63, 2**64, 10**400, 10**5000]  # Python prints no int of 5000 digits


def as_array(value):
    """The argument as ``rmpe_ext.numpy`` takes it."""
    if isinstance(value, torch.Tensor):
        try:
            return value.numpy()
        except (TypeError, RuntimeError):  # numpy has no such array
            return value
    return type(value)(map(as_array, value)) if isinstance(value, (list, tuple)) else value


def call(front, op, arguments):
    if front == "numpy":
        arguments = {name: as_array(value) for name, value in arguments.items()}
    return getattr(FRONTS[front], op)(**arguments)


def use(front, op, name, value):
    """Call the op with one argument replaced; an error names it, or one that it no longer fits."""
    try:
        return call(front, op, {**GOOD[op], name: value})
    except (TypeError, ValueError) as error:
        assert re.match(r"'?(\w*)", str(error))[1] in {name, *GOOD[op]}, repr(error)


def parameters(op):
    signature = inspect.signature(getattr(rmpe_ext, op))
    names = [p.name for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    if "preset" in names:
        names += PoseNMSPreset.__dataclass_fields__
    return names


ARGUMENTS = [(op, name) for op in CASES for name in parameters(op)]
EVERY_ARGUMENT = pytest.mark.parametrize("op, name", ARGUMENTS)
EVERY_FRONT = pytest.mark.parametrize("front", FRONTS)

NUMBERS = st.one_of(
    st.booleans(),
    st.sampled_from([*HUGE, *(-n for n in HUGE), 1e39, -1e39, 1e308, 5e-324, math.nan, math.inf]),
    st.integers(-3, 40),
    st.floats(),
    st.fractions(),
    st.complex_numbers(),
    st.decimals(),
    st.sampled_from([np.float32(0.5), np.int8(3), np.longdouble("1e4000"), np.bool_(True)]),
)
TEXT = st.sampled_from(
    ["", "123", "0.5", "1e400", "hrnet", "mpii", "\x00", "\ud800", b"123", "9" * 9999]
)
DENSE = st.builds(
    lambda shape, dtype: torch.zeros(shape, dtype=dtype),
    st.lists(st.integers(0, 4), max_size=5),
    st.sampled_from([torch.float32, torch.float64, torch.int32, torch.bool, torch.complex64]),
)
TENSORS = st.one_of(
    DENSE,
    DENSE.map(lambda tensor: tensor.to_sparse()),
    st.just(torch.zeros(2, 3).to_sparse_csr()),
    st.just(torch.zeros(2, 4, device="meta")),
    st.just(torch.nested.nested_tensor([torch.zeros(2, 4), torch.zeros(3, 4)])),
    st.just(torch.nested.nested_tensor([torch.zeros(2, 4)], layout=torch.jagged)),
    st.just(torch.quantize_per_tensor(torch.zeros(2, 4), 0.1, 0, torch.quint8)),
    DENSE.map(lambda tensor: tensor.numpy()),
    st.just(np.zeros((2, 4), ">f4")),
    st.just(np.array(["a", None], dtype=object)),
)
SINGLE = st.one_of(st.none(), NUMBERS, TEXT, TENSORS)
HOSTILE = st.one_of(
    SINGLE,
    st.lists(SINGLE, max_size=4),
    st.tuples(SINGLE, SINGLE),
    st.tuples(SINGLE, SINGLE, SINGLE),
    st.sampled_from([range(10**30), range(10**12), {0.1, 0.2, 0.3}, {1: 2}, object(), type]),
)


@pytest.mark.filterwarnings(
    "ignore:Sparse CSR:UserWarning",
    "ignore:torch.quantize:UserWarning",
    "ignore:The PyTorch API of nested tensors:UserWarning",
)
@fuzz(1500)
@given(argument=st.sampled_from(ARGUMENTS), front=st.sampled_from(list(FRONTS)), value=HOSTILE)
def test_any_value_in_place_of_any_argument(argument, front, value):
    use(front, *argument, value)


@pytest.mark.filterwarnings("ignore")
def test_any_values_in_the_tensors():
    for _, random_call in zip(range(inputs(3000)), random_calls.calls(seed=1), strict=False):
        random_calls.outcome(*random_call)


@EVERY_FRONT
@EVERY_ARGUMENT
def test_huge_whole_numbers(front, op, name):
    for number in HUGE:
        for value in (number, -number, (number, 4), (4, number), [(0, number)], (0.5, 0.5, number)):
            use(front, op, name, value)


@EVERY_FRONT
@pytest.mark.parametrize("layout", ["to_sparse", "to_mkldnn"])
@pytest.mark.parametrize("op", CASES)
def test_tensors_that_are_not_dense(front, op, layout):
    want = "a numpy.ndarray.*, got Tensor" if front == "numpy" else "dense, got torch."
    for name, value in GOOD[op].items():
        if isinstance(value, torch.Tensor) and (layout == "to_sparse" or value.is_floating_point()):
            with pytest.raises(TypeError, match=f"^{name} must be {want}"):
                call(front, op, {**GOOD[op], name: getattr(value, layout)()})


@EVERY_FRONT
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
@pytest.mark.parametrize("op", CASES)
def test_nested_tensors(front, op, layout):
    want = "a numpy.ndarray.*, got .*Tensor" if front == "numpy" else "dense, got "
    for name, value in GOOD[op].items():
        if isinstance(value, torch.Tensor) and value.dim() > 1:
            nested = torch.nested.nested_tensor(list(value), layout=layout)
            with pytest.raises(TypeError, match=f"^{name} must be {want}"):
                call(front, op, {**GOOD[op], name: nested})


@EVERY_FRONT
@pytest.mark.parametrize(
    "op, name, value, error, message",
    [
        ("crop", "size", None, TypeError, r"size must be \(height, width\), a tuple or a list, got None"),
        ("crop", "size", (True, 2), TypeError, r"size must be \(height, width\), both int, got \(True, 2\)"),
        ("crop", "size", (2**62, 1), ValueError, r"size must have fewer than 2\^31 pixels .* got \(4611686018427387904, 1\)"),
        ("affine_sample", "size", (2**40, 4), ValueError, r"size must have fewer than 2\^31 pixels"),
        ("crop", "scale", None, TypeError, "scale must be a number, got None"),
        ("crop", "scale", 10**400, ValueError, "scale must be finite, got 1000"),
        ("crop", "scale", 1e39, ValueError, "scale must be finite in float32 after division by std"),
        ("crop", "mean", "123", TypeError, "mean must be 3 numbers, one for each channel, got '123'"),
        ("crop", "mean", ("1", "2", "3"), TypeError, "mean must be 3 numbers, one for each channel"),
        ("crop", "mean", (1, 2, 10**400), ValueError, "mean must be 3 numbers, .* all finite, got"),
        ("crop", "std", {1.0, 2.0, 3.0}, TypeError, "std must be 3 numbers, one for each channel, got {"),
        ("crop", "std", (1, 2, True), TypeError, "std must be 3 numbers"),
        ("crop", "fill", 1e39, ValueError, "fill must be finite in float32, got 1e[+]39"),
        ("decode", "stride", 10**400, ValueError, "stride must be above 0 and finite, got 10000"),
        ("decode", "stride", 10**5000, ValueError, "stride must be above 0 and finite, got a int"),
        ("decode", "stride", Fraction(1, 10**400), ValueError, "stride must be above 0 and finite, got Frac"),
        ("decode", "stride", Decimal(4), TypeError, r"stride must be a number, got Decimal\('4'\)"),
        ("decode", "offset", -(10**400), ValueError, "offset must be finite, got -1000"),
        ("decode", "flip_pairs", [(0, 10**400)], ValueError, "flip_pairs must be joints in 0..4, got 1000"),
        ("decode", "flip_pairs", [(False, True)], TypeError, "flip_pairs must be pairs of joints"),
        ("soft_oks_nms", "max_kept", 2**63, ValueError, "max_kept must be below 2.63, got 9223372036854775808"),
        ("pose_nms", "near_joints", 2**63, ValueError, "near_joints must be below 2.63, got"),
        ("oks_nms", "sigmas", "1" * 17, TypeError, "sigmas must be 17 numbers, one for each joint, got '1111"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_the_message(front, op, name, value, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call(front, op, {**GOOD[op], name: value})


@EVERY_FRONT
def test_numbers_of_other_types(front):
    """Those of numpy and fractions are numbers too."""
    for half in (np.float32(0.5), Fraction(1, 2)):
        kept = call(front, "box_nms", {**GOOD["box_nms"], "threshold": half}).keep
        assert kept.tolist() == call(front, "box_nms", GOOD["box_nms"]).keep.tolist()
        call(front, "pose_nms", {**GOOD["pose_nms"], "sigma1": half, "near_joints": np.int64(5)})


@pytest.mark.parametrize("ops", [rmpe_ext, reference], ids=["native", "reference"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("op", CASES)
def test_the_default_dtype_changes_nothing(ops, op, dtype):
    make, run, *_ = CASES[op]
    tensors = make(7, torch.float32)
    want = run(ops, *tensors)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        have = run(ops, *tensors)
    finally:
        torch.set_default_dtype(before)
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (have, want)), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


def test_radii_beyond_float32_limit_nothing():
    arguments = GOOD["pose_nms"]
    kept = [
        call(
            front, "pose_nms", {**arguments, "near_joints": 2, "near_radius": radius}
        ).keep.tolist()
        for front in FRONTS
        for radius in (1e30, 1e39, 1e300)
    ]
    assert kept == kept[:1] * len(kept)


META = torch.zeros((), dtype=torch.int64, device="meta")


@EVERY_FRONT
@pytest.mark.parametrize(
    ("op", "name", "value"),
    [
        ("crop", "mean", (META, 1, 2)),
        ("crop", "std", [1, META, 2]),
        ("crop", "size", (META, 4)),
        ("crop", "dtype", "9" * 5000),
        ("crop_matrices", "size", [4, META]),
        ("oks_nms", "sigmas", (META,) * 17),
        ("decode", "flip_pairs", [(META, 1)]),
        ("crop", "image_index", [META]),
    ],
)
def test_numbers_without_a_value_and_dtypes_that_are_no_names(front, op, name, value):
    with pytest.raises((TypeError, ValueError), match=f"^{name} must be "):
        call(front, op, {**GOOD[op], name: value})
