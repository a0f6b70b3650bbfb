"""``rmpe_ext.numpy`` equals ``rmpe_ext`` bit for bit, on arrays of any layout."""

import inspect

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._pytree import tree_leaves

import rmpe_ext
import rmpe_ext.numpy
from tests.numpy.cases import CASES, assert_same, cast, map_arrays, on_arrays, on_tensors
from tests.ops.cases import CASES as OPS

EVERY = pytest.mark.parametrize("name", CASES)


@EVERY
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_tensors(name, dtype):
    case = cast(CASES[name], dtype)
    assert_same(on_arrays(case), on_tensors(case))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), dtype=st.sampled_from(["float32", "float64"]))
def test_equals_the_tensors_on_other_numbers(seed, dtype):
    rng = np.random.default_rng(seed)

    def other(array):
        floating = array.dtype.kind == "f"
        return array * rng.uniform(0.5, 1.5, array.shape) if floating else rng.permutation(array)

    for case in CASES.values():
        case = cast(map_arrays(case, other), dtype)
        assert_same(on_arrays(case), on_tensors(case))


def half(case, dtype):
    """The case in a 16-bit dtype, but for matrices and rotations, which have none."""
    wide = cast(case, np.float32).arguments
    wide = {name: wide[name] for name in ("matrices", "rotation") if name in wide}
    return case._replace(arguments=cast(case, dtype).arguments | wide)


@EVERY
def test_float16(name):
    case = half(CASES[name], np.float16)
    assert_same(on_arrays(case), on_tensors(case))


@EVERY
def test_bfloat16(name):
    case = half(CASES[name], ml_dtypes.bfloat16)
    assert_same(on_arrays(case), on_tensors(case))


@pytest.mark.parametrize("dtype", ["float32", "float16", np.float16, np.dtype("float32")])
def test_crops_in_any_dtype(dtype):
    arguments = CASES["crop"].arguments
    image, matrices = arguments["images"][0], arguments["matrices"]
    crops = rmpe_ext.numpy.crop(image[None], matrices, (8, 8), dtype=dtype)
    wide = rmpe_ext.numpy.crop(image[None], matrices, (8, 8))
    assert crops.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(crops, wide.astype(dtype))


def sliced(array):
    """Every second item along every axis of an array twice as large."""
    large = np.zeros([2 * n for n in array.shape], array.dtype)
    view = large[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def unaligned(array):
    """Items that do not lie on multiples of their size."""
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    view = memory.view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def field(array):
    """A field of a structured array, whose items lie 3 bytes apart beyond their size."""
    view = np.zeros(array.shape, [("skipped", "V3"), ("values", array.dtype)])["values"]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "slices": sliced,
    "last axis reversed": lambda a: a[..., ::-1].copy()[..., ::-1],
    "first axis reversed": lambda a: a[::-1].copy()[::-1],
    "second axis reversed": lambda a: a[:, ::-1].copy()[:, ::-1] if a.ndim > 1 else a,
    "unaligned": unaligned,
    "a field": field,
    "read-only": read_only,
}


@EVERY
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(name, layout):
    case = cast(CASES[name], np.float32)
    laid_out = map_arrays(case, LAYOUTS[layout])
    assert_same(on_arrays(laid_out), on_arrays(case))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_keep_the_values(layout):
    array = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(LAYOUTS[layout](array), array)


def test_images_that_share_their_memory():
    """One frame broadcast to a batch, and regions of it, as views of a video do."""
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    matrices = np.tile(np.float32([[0.2, 0, 0], [0, 0.3, 0]]), (4, 1, 1))
    crop = rmpe_ext.numpy.crop
    one = crop(frame[None], matrices, (16, 16))
    many = crop(np.broadcast_to(frame, (4, *frame.shape)), matrices, (16, 16))
    assert_same([many], [one])
    region = frame[10:50, 20:70]
    assert_same([crop([region], matrices, (8, 8))], [crop([region.copy()], matrices, (8, 8))])


# Many images for no matrix need an image_index.
@pytest.mark.parametrize("name", [name for name in CASES if name != "crop of a list"])
def test_nobody(name):
    """N = 0 of everything but the images."""
    empty = map_arrays(cast(CASES[name], np.float32), lambda array: array[:0], but=["images"])
    results = on_arrays(empty)
    assert all(result.shape[0] == 0 for result in results)
    assert_same(results, on_tensors(empty))


@EVERY
def test_results_are_the_callers_own(name):
    case = cast(CASES[name], np.float32)
    results = on_arrays(case)
    assert all(result.flags.writeable and result.flags.c_contiguous for result in results)
    for result in results:
        arrays = filter(lambda leaf: isinstance(leaf, np.ndarray), tree_leaves(case.arguments))
        assert not any(np.shares_memory(result, array) for array in arrays)
        result[...] = 0
    assert_same(on_arrays(case), on_tensors(case))


@pytest.mark.parametrize("name", OPS)
def test_the_arguments_are_the_same(name):
    def outline(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters if p.name != "dtype"]

    assert outline(getattr(rmpe_ext.numpy, name)) == outline(getattr(rmpe_ext, name))


def test_every_op_is_there():
    functions = {name for name, value in vars(rmpe_ext.numpy).items() if inspect.isfunction(value)}
    assert functions == set(OPS) | {"get_num_threads", "set_num_threads"}
