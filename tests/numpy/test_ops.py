"""``rmpe_ext.numpy`` equals ``rmpe_ext`` bit for bit, on arrays of any layout."""

import inspect

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
import rmpe_ext.numpy
from tests.numpy.cases import CASES, Case, assert_same, cast, make_cases, on_arrays, on_tensors
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
    for case in make_cases(seed).values():
        case = cast(case, dtype)
        assert_same(on_arrays(case), on_tensors(case))


def half(case, dtype):
    """The case in a 16-bit dtype, but for matrices and rotations, which have none."""
    arrays = cast(case, dtype).arrays
    wide = {
        n: a.astype(np.float32) for n, a in case.arrays.items() if n in ("matrices", "rotation")
    }
    return Case(case.call, arrays | wide)


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
    arrays = CASES["crop of a list"].arrays
    image, matrices = arrays["image0"], arrays["matrices"]
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
    expected = on_arrays(case)
    arrays = {n: LAYOUTS[layout](a) for n, a in case.arrays.items()}
    for n, array in arrays.items():
        np.testing.assert_array_equal(array, case.arrays[n])
    assert_same(on_arrays(Case(case.call, arrays)), expected)


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


# Three images for no matrix need an image_index.
@pytest.mark.parametrize("name", [name for name in CASES if name != "crop of a list"])
def test_nobody(name):
    """N = 0 of everything but the images."""
    case = cast(CASES[name], np.float32)
    keep = ("images", "sigmas")
    empty = Case(case.call, {n: a if n in keep else a[:0] for n, a in case.arrays.items()})
    results = on_arrays(empty)
    assert all(result.shape[0] == 0 for result in results)
    assert_same(results, on_tensors(empty))


@EVERY
def test_results_are_the_callers_own(name):
    case = cast(CASES[name], np.float32)
    results = on_arrays(case)
    assert all(result.flags.writeable and result.flags.c_contiguous for result in results)
    for result in results:
        assert not any(np.shares_memory(result, array) for array in case.arrays.values())
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
