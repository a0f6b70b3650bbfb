"""Every op under what PyTorch does to a function; ``make ops-report`` writes down what was shown."""

import functools
import inspect
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

import rmpe_ext
import rmpe_ext.numpy
from rmpe_ext import reference
from tests.numpy.cases import to_array, to_tensor
from tests.ops.cases import CASES, DTYPES, boxes, images, maps, noise, poses
from tests.ops.test_arguments import GOOD

TABLE = Path(__file__).resolve().parents[2] / "docs" / "ops.md"
INTRODUCTION = """\
# What every op takes and what it goes through

Written by `make ops-report` from `tests/ops/test_integration.py`, which says how each cell is tested,
and fails where this page is not what it would write.

- *native CPU*, *numpy*, *reference*: the dtypes that these implementations take, of float64 (f64),
  float32 (f32), float16 (f16) and bfloat16 (bf16; to numpy, that of ml_dtypes). Results equal those
  of the reference in float64, up to rounding. `crop` takes images of uint8 besides, and writes f32,
  f16 or bf16.
- *compile*, *export*: through `torch.compile(fullgraph=True)` and `torch.export`, with equal
  results. "any N": one graph serves every number of items from 2 on; none and one work too.
- *gradient*: of which orders, all equal to numerical derivatives. "none": arguments are detached;
  "refused": they must not require grad.
- *autocast*: "no effect" on dtypes and values.
- *vmap*: whether the mapped dimension joins N in one call, or each element is a call, one after the
  other.
"""


def leaves(results):
    return results if isinstance(results, tuple) else (results,)


class OnArrays:
    """The ops of rmpe_ext.numpy: tensors become arrays, and results tensors."""

    def __getattr__(self, name):
        function = getattr(rmpe_ext.numpy, name)

        def on_arrays(*arguments, **keywords):
            there = pytree.tree_map_only(torch.Tensor, to_array, (arguments, keywords))
            return pytree.tree_map_only(np.ndarray, to_tensor, function(*there[0], **there[1]))

        return on_arrays


def assert_equal(have, want):
    """To the last bit, dtype included."""
    for a, b in zip(leaves(have), leaves(want), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


# The columns of the table: each takes an op's name and says what it has just seen.


def dtypes(ops, op):
    make, call, *_ = CASES[op]
    taken = []
    for dtype in DTYPES:
        tensors = make(7, dtype)
        try:
            results = call(ops, *tensors)
        except TypeError as error:
            assert "must be float32 or float64, got" in str(error)
            continue
        wide = [t.double() if t.is_floating_point() else t for t in tensors]
        for have, want in zip(leaves(results), leaves(call(reference, *wide)), strict=True):
            rounding = torch.finfo(have.dtype).eps if have.is_floating_point() else 0
            tolerance = rounding and max(4 * rounding, 1e-12)
            torch.testing.assert_close(have.to(want), want, rtol=tolerance, atol=tolerance)
        taken.append(DTYPES[dtype])
    return ", ".join(taken)


def compiled(op):
    make, call, *_ = CASES[op]
    torch._dynamo.reset()
    backend = CompileCounterWithBackend("aot_eager")
    function = torch.compile(functools.partial(call, rmpe_ext), backend=backend, fullgraph=True)
    for count in (5, 3, 64, 1, 0):
        tensors = make(count, torch.float32)
        if count > 1:
            for tensor in tensors:
                torch._dynamo.mark_dynamic(tensor, 0)
        assert_equal(function(*tensors), call(rmpe_ext, *tensors))
        if count > 1:
            assert backend.frame_count == 1
    return "any N"


def exported(op):
    make, call, *_ = CASES[op]

    class Use(torch.nn.Module):
        def forward(self, *tensors):
            return call(rmpe_ext, *tensors)

    tensors = make(5, torch.float32)
    shapes = (tuple({0: torch.export.Dim("N", min=0)} for _ in tensors),)
    for strict in (False, True):
        program = torch.export.export(Use(), tensors, dynamic_shapes=shapes, strict=strict)
        for count in (5, 64, 1, 0):
            more = make(count, torch.float32)
            assert_equal(program.module()(*more), call(rmpe_ext, *more))
    return "any N"


def gradient(op):
    make, call, *_ = CASES[op]
    tensors = make(3, torch.float64)
    for tensor in tensors:
        tensor.requires_grad_(tensor.is_floating_point())
    try:
        call(rmpe_ext, *tensors)
    except ValueError as error:
        assert "must not require grad" in str(error)
        return "refused"
    if not any(result.requires_grad for result in leaves(call(rmpe_ext, *tensors))):
        assert not any(result.requires_grad for result in leaves(call(reference, *tensors)))
        return "none"
    function = functools.partial(call, rmpe_ext)
    assert torch.autograd.gradcheck(function, tensors)
    try:
        assert torch.autograd.gradgradcheck(function, tensors)
    except RuntimeError as error:
        assert f"{op} has no second derivative" in str(error)
        return "first"
    return "first, second"


def autocast(op):
    make, call, *_ = CASES[op]
    for ops in (rmpe_ext, reference):
        for dtype in DTYPES:
            tensors = make(7, dtype)
            try:
                want = call(ops, *tensors)
            except TypeError:
                continue  # not a dtype of this op
            for lower in (torch.bfloat16, torch.float16):
                with torch.autocast("cpu", dtype=lower):
                    assert_equal(call(ops, *tensors), want)
    return "no effect"


class _CountCalls(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function.namespace == "rmpe_ext"
        return function(*args, **(kwargs or {}))


def vmapped(op):
    make, call, *_ = CASES[op]
    size, function = 3, functools.partial(call, rmpe_ext)
    elements = [make(4 + i, torch.float32) for i in range(size)]
    elements = [[tensor[:4] for tensor in tensors] for tensors in elements]
    stacked = [torch.stack(tensors, 1) for tensors in zip(*elements, strict=True)]
    with _CountCalls() as calls:
        results = torch.vmap(function, in_dims=1)(*stacked)
    for i, tensors in enumerate(elements):
        assert_equal(tuple(r[i] for r in leaves(results)), tuple(leaves(function(*tensors))))
    # Only the first tensor mapped, and the others one for all.
    first, *others = elements[0]
    mapped = torch.vmap(lambda first: function(first, *others))(torch.stack([first] * size))
    for i in range(size):
        assert_equal(tuple(r[i] for r in leaves(mapped)), tuple(leaves(function(first, *others))))
    return {1: "one call", size: "each in turn"}[calls.count]


COLUMNS = {
    "native CPU": functools.partial(dtypes, rmpe_ext),
    "numpy": functools.partial(dtypes, OnArrays()),
    "reference": functools.partial(dtypes, reference),
    "compile": compiled,
    "export": exported,
    "gradient": gradient,
    "autocast": autocast,
    "vmap": vmapped,
}


@functools.cache
def cell(column, op):
    return COLUMNS[column](op)


def table():
    lines = [("op", *COLUMNS), ("---",) * (1 + len(COLUMNS))]
    lines += [(f"`{op}`", *(cell(column, op) for column in COLUMNS)) for op in CASES]
    return INTRODUCTION + "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


@pytest.mark.parametrize("op", CASES)
@pytest.mark.parametrize("column", COLUMNS)
def test_every_op(column, op):
    assert cell(column, op)


def test_the_table_in_the_docs_is_what_was_shown():
    if rmpe_ext.backend().mode != "native" or not TABLE.parent.is_dir():
        pytest.skip("needs the native library and the sources")
    assert TABLE.read_text() == table(), "run: make ops-report"


def test_every_public_op_has_a_case():
    functions = [getattr(rmpe_ext, name) for name in rmpe_ext.__all__]
    assert set(CASES) == {f.__name__ for f in functions if inspect.isfunction(f)} - {"backend"}
    assert set(CASES) == set(dir(reference))


# What belongs to no column


@pytest.mark.parametrize("backend", ["inductor", "aot_eager"])
def test_a_whole_pipeline_is_one_graph(backend):
    """From frames and boxes to merged poses, for any number of people, and in any image."""

    def pipeline(frames, boxes, index):
        matrices = rmpe_ext.crop_matrices(boxes, (32, 24))
        crops = rmpe_ext.crop(frames, matrices, (32, 24), image_index=index)
        heatmaps = torch.nn.functional.avg_pool2d(crops.relu(), 4).repeat(1, 2, 1, 1)
        keypoints, scores = rmpe_ext.decode(heatmaps, matrices=matrices)
        kept = rmpe_ext.pose_nms(keypoints, scores, boxes, eta=3.0, image_index=index)
        merged = rmpe_ext.merge_poses(keypoints, scores, boxes, kept.suppressor, min_score=0.0)
        soft = rmpe_ext.soft_argmax(heatmaps, beta=10.0)
        return torch.where(merged.keep[:, None, None], merged.keypoints, soft), kept.keep

    torch._dynamo.reset()
    counter = CompileCounterWithBackend(backend)
    compiled = torch.compile(pipeline, backend=counter, fullgraph=True)
    frames = images(4)
    for count in (6, 9):
        arguments = boxes(count) / 20, torch.arange(count) % 4
        for tensor in arguments:
            torch._dynamo.mark_dynamic(tensor, 0)
        have, want = compiled(frames, *arguments), pipeline(frames, *arguments)
        torch.testing.assert_close(have, want)
    assert counter.frame_count == 1


_NUMBERS = [
    (op, name)
    for op in CASES
    for name, parameter in inspect.signature(getattr(rmpe_ext, op)).parameters.items()
    if parameter.annotation in ("float", "float | None")
]


@pytest.mark.parametrize("op, name", [*_NUMBERS, ("pose_nms", "eta"), ("merge_poses", "min_score")])
def test_a_number_may_change_between_calls_of_a_compiled_function(op, name):
    """From the second on it is traced as a symbol."""

    def call(number):
        return getattr(rmpe_ext, op)(**{**GOOD[op], name: number})

    torch._dynamo.reset()
    compiled = torch.compile(call, backend="aot_eager", fullgraph=True)
    for number in (0.25, 0.5, 0.75):
        assert_equal(compiled(number), call(number))


@pytest.mark.parametrize("op", ["affine_sample", "crop"])
def test_one_graph_serves_every_size_of_the_output(op):
    def resized(like, *tensors):
        return getattr(rmpe_ext, op)(*tensors, like.shape)

    torch._dynamo.reset()
    counter = CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(resized, backend=counter, fullgraph=True)
    tensors = CASES[op].make(5, torch.float32)[:2]
    for size in ((7, 9), (11, 13)):
        like = torch.empty(size)
        torch._dynamo.mark_dynamic(like, (0, 1))
        assert_equal(compiled(like, *tensors), resized(like, *tensors))
    assert counter.frame_count == 1


@pytest.mark.parametrize("op", CASES)
def test_meta_tensors_give_the_shapes_and_dtypes(op):
    make, call, *_ = CASES[op]
    for count in (5, 0):
        tensors = make(count, torch.float32)
        meta = [tensor.to("meta") for tensor in tensors]
        results = zip(leaves(call(rmpe_ext, *meta)), leaves(call(rmpe_ext, *tensors)), strict=True)
        for have, want in results:
            assert have.is_meta
            assert (have.shape, have.dtype) == (want.shape, want.dtype)


@pytest.mark.parametrize("op", CASES)
def test_autocast_has_no_rule_on_any_device(op):
    """So that what holds on the CPU holds where this machine has no device to show it."""
    call = CASES[op].call
    call(rmpe_ext, *CASES[op].make(1, torch.float32))  # registers the op
    for device in ("CPU", "CUDA", "XPU", "MPS"):
        key = f"Autocast{device}"
        assert not torch._C._dispatch_has_kernel_for_dispatch_key(f"rmpe_ext::{op}", key)


@pytest.mark.parametrize("ops", [rmpe_ext, reference], ids=["native", "reference"])
def test_what_autocast_makes_of_a_network_fits(ops):
    """16-bit activations go together with float32 boxes, scores, matrices and maps."""
    keypoints, scores, boxes, order, index = poses(30)
    layer = torch.nn.Linear(17, 17)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lower = layer(scores).sigmoid()
        assert lower.dtype == torch.bfloat16
        for half in (lower, lower.half()):
            have = ops.pose_nms(keypoints, half, boxes, pose_scores=order)
            assert_equal(have, ops.pose_nms(keypoints, half.float(), boxes, pose_scores=order))
            have = ops.box_nms(boxes, half[:, 0], 0.5)
            assert_equal(have, ops.box_nms(boxes, half[:, 0].float(), 0.5))
        activations = torch.nn.functional.conv2d(noise(4, 3, 9, 9), noise(5, 3, 3, 3))
        assert activations.dtype == torch.bfloat16
        sampled = ops.affine_sample(activations, maps(4), (6, 6))
        assert sampled.dtype == torch.bfloat16
        assert ops.decode(activations, matrices=maps(4))[0].dtype == torch.float32
        assert ops.soft_argmax(activations).dtype == torch.float32


@pytest.mark.parametrize("ops", [rmpe_ext, reference], ids=["native", "reference"])
@pytest.mark.parametrize("op", ["affine_sample", "soft_argmax"])
def test_autocast_leaves_gradients_alone(ops, op):
    make, call, *_ = CASES[op]
    grads = []
    for enabled in (False, True):
        tensors = [tensor.requires_grad_() for tensor in make(4, torch.float32)]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            call(ops, *tensors).square().sum().backward()
        grads.append(tuple(tensor.grad for tensor in tensors))
    assert_equal(*grads)


@pytest.mark.parametrize("op", CASES)
def test_vmap_is_silent_and_needs_an_element(op):
    make, call, *_ = CASES[op]
    tensors = make(4, torch.float32)
    function = torch.vmap(functools.partial(call, rmpe_ext))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function(*(tensor[None] for tensor in tensors))
    with pytest.raises(ValueError, match=f"{op} needs at least one element under torch.vmap"):
        function(*(tensor.new_empty(0, *tensor.shape) for tensor in tensors))


if __name__ == "__main__":
    TABLE.write_text(table())
