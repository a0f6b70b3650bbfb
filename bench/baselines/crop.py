"""Cutting people out of a frame.

Each takes ``image`` (H, W, 3) uint8, ``matrices`` (N, 2, 3) from image to crop, ``regions`` (N, 4),
the whole pixels that upright crops show, and ``size``. ``BASELINES`` give normalized crops
(N, 3, h, w); ``UPRIGHT`` the same, of upright boxes, whose edges they round to whole pixels or
not at all; ``ALONE`` stop at 8-bit crops.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F

__all__ = ["ALONE", "MEAN", "BASELINES", "STD", "UPRIGHT"]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def warp_affine(image, matrices, regions, size):
    return [cv2.warpAffine(image, matrix, size[::-1]) for matrix in matrices.double().numpy()]


def warp_affine_and_numpy(image, matrices, regions, size):
    """One person after the other: warp, to float, normalize, transpose; then stack."""
    crops = []
    for matrix in matrices.double().numpy():
        crop = cv2.warpAffine(image, matrix, size[::-1])
        crop = crop.astype(np.float32) / 255
        crop = (crop - np.float32(MEAN)) / np.float32(STD)
        crops.append(crop.transpose(2, 0, 1))
    return np.stack(crops)


def cut(image, region):
    """The pixels of a region, black outside of the image."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = region
    inside = image[max(y1, 0) : y2, max(x1, 0) : x2]
    outside = max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0)
    if any(outside):
        inside = cv2.copyMakeBorder(inside, *outside, cv2.BORDER_CONSTANT)
    return inside


def resize_and_blob(image, matrices, regions, size):
    crops = [cv2.resize(cut(image, region), size[::-1]) for region in regions.tolist()]
    blob = cv2.dnn.blobFromImages(crops, 1 / 255, mean=[255 * value for value in MEAN])
    return blob / np.float32(STD)[:, None, None]


def affine_grid_and_sample(image, matrices, regions, size):
    """``grid_sample`` on the frame as a float tensor, which every person samples anew."""
    frame = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    full = torch.tensor([[0.0, 0.0, 1.0]]).expand(len(matrices), 1, 3)
    inverse = torch.cat([matrices, full], 1).inverse()
    theta = pixels_to_unit(image.shape[:2]).inverse() @ inverse @ pixels_to_unit(size)
    grid = F.affine_grid(theta[:, :2], (len(matrices), 3, *size), align_corners=False)
    crops = F.grid_sample(frame.expand(len(matrices), -1, -1, -1), grid, align_corners=False)
    return normalized(crops)


def pixels_to_unit(size):
    """The matrix from -1..1, edge to edge, to pixels."""
    height, width = size
    return torch.tensor(
        [[width / 2, 0, (width - 1) / 2], [0, height / 2, (height - 1) / 2], [0, 0, 1]]
    )


def normalized(crops):
    return (crops - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def roi_align(image, matrices, regions, size):
    """torchvision's, with one sample for each pixel, as the others have."""
    import torchvision

    frame = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    boxes = torch.from_numpy(regions).float()
    return normalized(
        torchvision.ops.roi_align(frame, [boxes], size, sampling_ratio=1, aligned=True)
    )


def kornia_warp(image, matrices, regions, size):
    from kornia.geometry.transform import warp_affine

    frame = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    frames = frame.expand(len(matrices), -1, -1, -1)
    return normalized(warp_affine(frames, matrices, size, align_corners=True))


def kornia_rs_warp(image, matrices, regions, size):
    from kornia_rs import imgproc

    matrices = matrices.double().reshape(-1, 6).tolist()
    return [imgproc.warp_affine(image, matrix, size, "bilinear") for matrix in matrices]


def kornia_rs_preprocessor(image, matrices, regions, size):
    """Its one-pass resize, normalize and transpose, a person after the other."""
    import kornia_rs

    preprocessor = kornia_rs.Preprocessor(mode="stretch", format="rgb", mean=MEAN, std=STD)
    crops = []
    for region in regions.tolist():
        pixels = np.ascontiguousarray(cut(image, region))
        height, width = pixels.shape[:2]
        crops.append(preprocessor.run(pixels.reshape(-1), width, height, *size).numpy())
    return np.concatenate(crops)


def kornia_rs_batch(image, matrices, regions, size):
    """The same pass for all people in one call, on kornia_rs' own threads."""
    from kornia_rs import pipeline

    pixels = [np.ascontiguousarray(cut(image, region)) for region in regions.tolist()]
    return np.stack(pipeline.resize_normalize_to_tensor_batch(pixels, size, MEAN, STD))


BASELINES = {
    "cv2.warpAffine and numpy": warp_affine_and_numpy,
    "F.affine_grid and F.grid_sample": affine_grid_and_sample,
    "kornia warp_affine": kornia_warp,
}
UPRIGHT = {
    "cv2.resize and blobFromImages": resize_and_blob,
    "kornia_rs Preprocessor": kornia_rs_preprocessor,
    "kornia_rs resize_normalize_to_tensor_batch": kornia_rs_batch,
    "torchvision roi_align": roi_align,
}
ALONE = {
    "cv2.warpAffine alone, 8 bits": warp_affine,
    "kornia_rs warp_affine alone, 8 bits": kornia_rs_warp,
}
