"""Wrong arguments: the same errors as of tensors, in the words of arrays."""

import numpy as np
import pytest
import torch

import rmpe_ext
import rmpe_ext.numpy
from tests.numpy.cases import with_arrays
from tests.ops.cases import CASES as OPS
from tests.ops.cases import arguments

IMAGES = np.zeros((2, 9, 9, 3), np.uint8)
MATRICES = np.zeros((2, 2, 3), np.float32)
KEYPOINTS = np.zeros((4, 3, 2), np.float32)
SCORES = np.zeros((4, 3), np.float32)
BOXES = np.zeros((4, 4), np.float32)


def error_of(function, values):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        function(**values)
    return caught.type, str(caught.value)


@pytest.mark.parametrize("op, wrong", [(op, w) for op, row in OPS.items() for w in row.wrong])
def test_the_error_is_that_of_tensors(op, wrong):
    values = arguments(op) | wrong
    kind, text = error_of(getattr(rmpe_ext, op), values)
    expected = kind, text.replace("torch.", "")
    assert error_of(getattr(rmpe_ext.numpy, op), with_arrays(values)) == expected


@pytest.mark.parametrize(
    "value, got",
    [
        ([[0.0]], "list"),
        (torch.zeros(4, 3, 2), "Tensor"),
        (np.float32(0), "float32"),
        (None, "NoneType"),
    ],
)
def test_anything_but_an_array_is_refused(value, got):
    message = f"keypoints must be a numpy.ndarray, got {got}"
    with pytest.raises(TypeError, match=message):
        rmpe_ext.numpy.pose_nms(value, SCORES, BOXES)
    with pytest.raises(TypeError, match=r"images\[0\] must be a numpy.ndarray, got " + got):
        rmpe_ext.numpy.crop([value], MATRICES, (4, 4))


@pytest.mark.parametrize(
    "boxes",
    [
        [[None] * 4],
        [["1", "2", "3", "4"]],
        [[1, 2, 3, np.complex64(4)]],
        [[np.True_] * 4],
        [np.array([1, 2, 3, 4j])],
        [np.array(["1", "2", "3", "4"])],
        [[np.datetime64(1, "D")] * 4],
        [b"1234"],
    ],
)
def test_lists_of_boxes_hold_real_numbers(boxes):
    message = "boxes must be a numpy.ndarray, or a list of 4 numbers each, got"
    with pytest.raises(TypeError, match=message):
        rmpe_ext.numpy.crop_matrices(boxes, (64, 48))
    with pytest.raises(TypeError, match=message):
        rmpe_ext.numpy.box_nms(boxes, np.ones(1, np.float32), 0.5)


@pytest.mark.filterwarnings("error")
def test_boxes_beyond_float32_are_infinite_without_a_warning():
    matrices = rmpe_ext.numpy.crop_matrices([[0, 0, 1e300, 1]], (64, 48))
    assert not np.isfinite(matrices).all()


@pytest.mark.parametrize("sigma", [0.0, -0.5, np.nan, np.inf])
def test_arrays_of_sigmas_are_checked(sigma):
    sigmas = np.array([0.1, 0.1, sigma])
    areas = np.ones(4, np.float32)
    for function in (rmpe_ext.numpy.oks_nms, rmpe_ext.numpy.soft_oks_nms):
        with pytest.raises(ValueError, match="sigmas must be above 0 and finite in float32, got"):
            function(KEYPOINTS, SCORES, areas, sigmas)


def test_arrays_are_not_tensors():
    message = "keypoints must be a torch.Tensor, got ndarray, which the functions of rmpe_ext.numpy"
    with pytest.raises(TypeError, match=message):
        rmpe_ext.pose_nms(KEYPOINTS, SCORES, BOXES)
    image = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(
        TypeError, match=r"got ndarray, which the functions of rmpe_ext\.numpy take"
    ):
        rmpe_ext.crop(image, torch.from_numpy(MATRICES), (4, 4))
    with pytest.raises(TypeError, match=r"got Tensor, which the functions of rmpe_ext take"):
        rmpe_ext.numpy.crop(torch.from_numpy(image), MATRICES, (4, 4))


def test_the_other_byte_order():
    with pytest.raises(TypeError, match="heatmaps must be float32, float64, .* got >f4"):
        rmpe_ext.numpy.decode(np.zeros((2, 3, 8, 6), ">f4"))
    with pytest.raises(TypeError, match="image_index must be int64 or int32, got >i8"):
        rmpe_ext.numpy.pose_nms(KEYPOINTS, SCORES, BOXES, image_index=np.zeros(4, ">i8"))


@pytest.mark.parametrize("dtype", ["longdouble", "complex64", "datetime64[s]", "O", "S4"])
def test_other_dtypes(dtype):
    with pytest.raises(
        TypeError, match="heatmaps must be float32, float64, float16 or bfloat16, got"
    ):
        rmpe_ext.numpy.decode(np.zeros((1, 1, 4, 4), dtype))


@pytest.mark.parametrize("dtype", [np.float64, "int8", ">f4"])
def test_crops_of_other_dtypes(dtype):
    with pytest.raises(TypeError, match="dtype must be float32, float16 or bfloat16, got"):
        rmpe_ext.numpy.crop(IMAGES, MATRICES, (4, 4), dtype=dtype)
