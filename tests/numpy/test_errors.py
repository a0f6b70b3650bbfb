"""Wrong arguments: the same errors as of tensors, in the words of arrays."""

import numpy as np
import pytest
import torch

import rmpe_ext
import rmpe_ext.numpy

MAPS = np.zeros((2, 3, 8, 6), np.float32)
IMAGES = np.zeros((2, 9, 9, 3), np.uint8)
MATRICES = np.zeros((2, 2, 3), np.float32)
KEYPOINTS = np.zeros((4, 3, 2), np.float32)
SCORES = np.zeros((4, 3), np.float32)
BOXES = np.zeros((4, 4), np.float32)
POSES = dict(keypoints=KEYPOINTS, scores=SCORES)
BOXED = POSES | dict(boxes=BOXES)
INDEX = np.zeros(4, np.int64)

WRONG = {
    "affine_sample": [
        dict(input=MAPS[0], theta=MATRICES, size=(4, 4)),
        dict(input=MAPS, theta=MATRICES[:1], size=(4, 4)),
        dict(input=MAPS, theta=MATRICES.astype(np.float64), size=(4, 4)),
        dict(input=MAPS.astype(np.int64), theta=MATRICES, size=(4, 4)),
        dict(input=MAPS, theta=MATRICES, size=(4, 4.5)),
        dict(input=MAPS, theta=MATRICES, size=(4, 0)),
        dict(input=MAPS, theta=MATRICES, size=(4, 4), mode="bicubic"),
    ],
    "crop": [
        dict(images=IMAGES[0, :, :, :2], matrices=MATRICES, size=(4, 4)),
        dict(images=IMAGES.astype(np.float32), matrices=MATRICES, size=(4, 4)),
        dict(images=[IMAGES[0], IMAGES[0, :, :, :2]], matrices=MATRICES, size=(4, 4)),
        dict(images=[], matrices=MATRICES, size=(4, 4)),
        dict(images=IMAGES, matrices=MATRICES[0], size=(4, 4)),
        dict(images=IMAGES, matrices=MATRICES.astype(np.float16), size=(4, 4)),
        dict(images=IMAGES, matrices=MATRICES[:1], size=(4, 4)),
        dict(images=IMAGES, matrices=MATRICES, size=(4, 4), image_index=np.array([0, 2])),
        dict(images=IMAGES, matrices=MATRICES, size=(4, 4), image_index=np.float64([0, 1])),
        dict(images=IMAGES, matrices=MATRICES, size=(4, 4), std=(1, 0, 1)),
    ],
    "crop_matrices": [
        dict(boxes=BOXES[0], size=(4, 4)),
        dict(boxes=BOXES, size=(4, 4), convention="none"),
        dict(boxes=BOXES, size=(4, 4), rotation=np.zeros(3, np.float32)),
        dict(boxes=BOXES, size=(4, 4), padding=-1.0),
    ],
    "decode": [
        dict(heatmaps=MAPS[0]),
        dict(heatmaps=MAPS[:, :, :0]),
        dict(heatmaps=MAPS.astype(np.uint8)),
        dict(heatmaps=MAPS, convention="none"),
        dict(heatmaps=MAPS, matrices=MATRICES[:1]),
        dict(heatmaps=MAPS, flipped=MAPS),
        dict(heatmaps=MAPS, flipped=MAPS.astype(np.float64), flip_pairs=()),
        dict(heatmaps=MAPS, stride=0),
    ],
    "decode_simcc": [
        dict(x_maps=MAPS, y_maps=MAPS[0]),
        dict(x_maps=MAPS[0], y_maps=MAPS[0, :2]),
        dict(x_maps=MAPS[0], y_maps=MAPS[0], split_ratio=0),
    ],
    "soft_argmax": [dict(heatmaps=MAPS[0]), dict(heatmaps=MAPS, beta=0)],
    "pose_nms": [
        POSES | dict(boxes=BOXES[:2]),
        BOXED | dict(scores=SCORES.astype(np.float64)),
        BOXED | dict(keypoints=KEYPOINTS[:, :0]),
        BOXED | dict(preset="none"),
        BOXED | dict(sigma3=1.0),
        BOXED | dict(eta="high"),
        BOXED | dict(image_index=INDEX.astype(np.int16)),
        BOXED | dict(pose_scores=SCORES),
    ],
    "pose_similarity": [BOXED | dict(boxes=BOXES.astype(np.float64))],
    "merge_poses": [
        BOXED | dict(suppressor=INDEX[:2]),
        BOXED | dict(suppressor=INDEX.astype(np.uint8)),
    ],
    "oks_nms": [
        POSES | dict(areas=BOXES[0]),
        POSES | dict(areas=BOXES[0], sigmas=(0.1, 0.1)),
        POSES | dict(areas=BOXES[0], sigmas=np.zeros(2, np.float32)),
        POSES | dict(areas=BOXES[0], sigmas=(0.1, 0.1, 0.0)),
        POSES | dict(areas=BOXES[0], threshold=2.0),
    ],
    "soft_oks_nms": [POSES | dict(areas=BOXES[0], sigmas=(1.0,) * 3, max_kept=0)],
    "nearby_joints_nms": [POSES | dict(distance=-1.0), POSES | dict(max_near=-1)],
    "box_nms": [
        dict(boxes=BOXES, scores=SCORES, threshold=0.5),
        dict(boxes=BOXES, scores=SCORES[:, 0], threshold=50),
    ],
}  # fmt: skip


def error_of(function, arguments):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        function(**arguments)
    return caught.type, str(caught.value)


def as_tensors(value):
    if isinstance(value, list):
        return [as_tensors(v) for v in value]
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name, arguments", [(n, a) for n, rows in WRONG.items() for a in rows])
def test_the_error_is_that_of_tensors(name, arguments):
    tensors = {key: as_tensors(value) for key, value in arguments.items()}
    kind, text = error_of(getattr(rmpe_ext, name), tensors)
    assert error_of(getattr(rmpe_ext.numpy, name), arguments) == (kind, text.replace("torch.", ""))


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


def test_arrays_are_not_tensors():
    with pytest.raises(TypeError, match="keypoints must be a torch.Tensor, got ndarray"):
        rmpe_ext.pose_nms(KEYPOINTS, SCORES, BOXES)


def test_the_other_byte_order():
    with pytest.raises(TypeError, match="heatmaps must be float32, float64, .* got >f4"):
        rmpe_ext.numpy.decode(MAPS.astype(">f4"))
    with pytest.raises(TypeError, match="image_index must be int64 or int32, got >i8"):
        rmpe_ext.numpy.pose_nms(**BOXED, image_index=INDEX.astype(">i8"))


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
