"""Sampling through an affine map, one output pixel at a time, in float64."""

import math

import numpy as np


def normalized(pixel, size, align_corners):
    """The coordinate of a pixel's center; 0 where there is only one."""
    if align_corners:
        return 2 * pixel / (size - 1) - 1 if size > 1 else 0.0
    return (2 * pixel + 1) / size - 1


def to_pixel(coordinate, size, align_corners):
    if align_corners:
        return (coordinate + 1) / 2 * (size - 1)
    return ((coordinate + 1) * size - 1) / 2


def reflect(position, size, align_corners):
    """Mirror at the outer centers, or at the outer edges, until the position is inside."""
    low, high = (0, size - 1) if align_corners else (-0.5, size - 0.5)
    if low == high:
        return 0.0
    while not low <= position <= high:
        position = 2 * low - position if position < low else 2 * high - position
    return position


def positions(shape, theta, size, align_corners):
    """x and y (h, w) of the samples in an image of ``shape`` (H, W), before padding."""
    height, width = size
    xs, ys = np.empty(size), np.empty(size)
    for row in range(height):
        for column in range(width):
            target = [
                normalized(column, width, align_corners), normalized(row, height, align_corners), 1
            ]  # fmt: skip
            x, y = np.asarray(theta, float) @ target
            xs[row, column] = to_pixel(x, shape[1], align_corners)
            ys[row, column] = to_pixel(y, shape[0], align_corners)
    return xs, ys


def affine_sample(
    image, theta, size, *, mode="bilinear", padding_mode="zeros", align_corners=False
):
    """(C, h, w) float64 of one image (C, H, W)."""
    channels, *shape = image.shape
    xs, ys = positions(shape, theta, size, align_corners)

    def tap(x, y):
        inside = 0 <= x < shape[1] and 0 <= y < shape[0]
        return image[:, y, x].astype(float) if inside else np.zeros(channels)

    def padded(position, length):
        if padding_mode == "reflection":
            position = reflect(position, length, align_corners)
        return position if padding_mode == "zeros" else min(max(position, 0), length - 1)

    out = np.empty((channels, *size))
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = padded(xs[row, column], shape[1]), padded(ys[row, column], shape[0])
            if mode == "nearest":
                out[:, row, column] = tap(round(x), round(y))  # Python, too, rounds half to even
                continue
            x0, y0 = math.floor(x), math.floor(y)
            out[:, row, column] = sum(
                (1 - abs(x - (x0 + dx))) * (1 - abs(y - (y0 + dy))) * tap(x0 + dx, y0 + dy)
                for dx in (0, 1)
                for dy in (0, 1)
            )
    return out
