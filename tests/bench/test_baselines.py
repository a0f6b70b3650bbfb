"""What the benchmarks compare the ops with does what the ops do."""

import numpy as np
import pytest
import torch

import rmpe_ext
from bench.baselines import (
    affine_sample,
    box_nms,
    crop,
    decode,
    decode_simcc,
    merge_poses,
    nearby_joints_nms,
    oks_nms,
    pose_nms,
    soft_argmax,
)
from bench.inputs import affine_maps, boxes_to_suppress, heatmaps, people, poses

SIZE = (256, 192)


def call(baseline, *inputs):
    try:
        return baseline(*inputs)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed: make bench installs it")


def smooth_people(turned):
    """Where people overlap the frame's edge too. A rounded position does little in smooth images."""
    image, matrices, regions, size = people(6, "720p", SIZE, turned=turned)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] / 40
    image = np.stack([np.sin(x + y), np.cos(x), np.sin(y)], 2) * 100 + 128
    return image.astype(np.uint8), matrices, regions, size


def our_crops(image, matrices):
    images = torch.from_numpy(image)[None]
    return rmpe_ext.crop(images, matrices, SIZE, mean=crop.MEAN, std=crop.STD).numpy()


@pytest.mark.parametrize("baseline", crop.BASELINES)
@pytest.mark.parametrize("turned", [False, True], ids=["upright", "rotated"])
def test_crop(turned, baseline):
    inputs = smooth_people(turned)
    difference = np.abs(
        np.asarray(call(crop.BASELINES[baseline], *inputs)) - our_crops(*inputs[:2])
    )
    assert difference.mean() < 0.02  # rounding to 8 bits alone is 0.01


@pytest.mark.parametrize("baseline", crop.UPRIGHT)
def test_crop_of_upright_boxes(baseline):
    inputs = smooth_people(turned=False)
    difference = np.abs(np.asarray(call(crop.UPRIGHT[baseline], *inputs)) - our_crops(*inputs[:2]))
    # Boxes rounded to whole pixels: a third of a pixel, of a slope of 100 / 40.
    assert difference.mean() < 0.06


@pytest.mark.parametrize("baseline", crop.ALONE)
def test_crop_to_8_bits(baseline):
    inputs = smooth_people(turned=True)
    crops = np.stack(call(crop.ALONE[baseline], *inputs)).astype(np.float32) / 255
    normalized = ((crops - crop.MEAN) / crop.STD).transpose(0, 3, 1, 2)
    assert np.abs(normalized - our_crops(*inputs[:2])).mean() < 0.02


@pytest.mark.parametrize("baseline", affine_sample.BASELINES)
def test_affine_sample(baseline):
    input, theta = affine_maps((2, 3, 32, 24), 17.0)
    result = affine_sample.BASELINES[baseline](input, theta, (32, 24))
    torch.testing.assert_close(
        rmpe_ext.affine_sample(input, theta, (32, 24)), result, atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    ("convention", "baseline"),
    [(c, baseline) for c, baselines in decode.BASELINES.items() for baseline in baselines],
)
def test_decode(convention, baseline):
    maps, matrices = heatmaps(4)
    expected = rmpe_ext.decode(maps, convention=convention, matrices=matrices)[0]
    result = decode.BASELINES[convention][baseline](maps, matrices)
    np.testing.assert_allclose(np.asarray(result), expected.numpy(), atol=5e-3)


@pytest.mark.parametrize("baseline", decode_simcc.BASELINES)
def test_decode_simcc(baseline):
    maps = torch.rand(3, 17, 96), torch.rand(3, 17, 128)
    keypoints, scores = rmpe_ext.decode_simcc(*maps)
    result = decode_simcc.BASELINES[baseline](*maps)
    np.testing.assert_array_equal(result[0], keypoints.numpy())
    np.testing.assert_array_equal(result[1], scores.numpy())


@pytest.mark.parametrize("baseline", soft_argmax.BASELINES)
def test_soft_argmax(baseline):
    maps, _ = heatmaps(2)
    expected = rmpe_ext.soft_argmax(maps, beta=10.0)
    torch.testing.assert_close(
        soft_argmax.BASELINES[baseline](maps, 10.0), expected, atol=1e-3, rtol=0
    )


def kept(result):
    return result.keep.nonzero()[:, 0].tolist()


IMAGES = pytest.mark.parametrize("images", [1, 5])


@IMAGES
@pytest.mark.parametrize("baseline", pose_nms.BASELINES)
def test_pose_nms(baseline, images):
    *detected, index = poses(40, images)
    expected = rmpe_ext.pose_nms(*detected, preset="alphapose", image_index=index)
    assert pose_nms.BASELINES[baseline](*detected, index) == kept(expected)
    assert 0 < len(kept(expected)) < 40


@IMAGES
@pytest.mark.parametrize(
    ("op", "baseline"),
    [(op, baseline) for op, baselines in oks_nms.BASELINES.items() for baseline in baselines],
)
def test_oks_nms(op, baseline, images):
    keypoints, scores, boxes, index = poses(100, images)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    expected = getattr(rmpe_ext, op)(
        keypoints, scores, areas, image_index=index, threshold=oks_nms.THRESHOLD
    )
    assert oks_nms.BASELINES[op][baseline](keypoints, scores, areas, index) == kept(expected)


@IMAGES
@pytest.mark.parametrize("baseline", nearby_joints_nms.BASELINES)
def test_nearby_joints_nms(baseline, images):
    keypoints, scores, _, index = poses(40, images)
    expected = rmpe_ext.nearby_joints_nms(keypoints, scores, image_index=index)
    assert nearby_joints_nms.BASELINES[baseline](keypoints, scores, index) == kept(expected)


@pytest.mark.parametrize("baseline", merge_poses.BASELINES)
def test_merge_poses(baseline):
    *detected, _ = poses(40)
    suppressor = rmpe_ext.pose_nms(*detected, preset="alphapose").suppressor
    expected = rmpe_ext.merge_poses(*detected, suppressor)
    keypoints, scores, keep = merge_poses.BASELINES[baseline](*detected, suppressor)
    torch.testing.assert_close(torch.as_tensor(keypoints), expected.keypoints)
    torch.testing.assert_close(torch.as_tensor(scores), expected.scores)
    assert keep == kept(expected)


@pytest.mark.parametrize(("baseline", "images"), [(r, 1) for r in box_nms.BASELINES]
                         + [("torchvision batched_nms", 7)])  # fmt: skip
def test_box_nms(baseline, images):
    boxes, scores, index = boxes_to_suppress(300, images)
    result = call(box_nms.BASELINES[baseline], boxes, scores, index)
    expected = rmpe_ext.box_nms(boxes, scores, box_nms.THRESHOLD, image_index=index)
    assert sorted(result.tolist()) == kept(expected)
