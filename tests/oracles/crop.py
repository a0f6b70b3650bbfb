"""Crops and crop matrices, one pixel at a time, in float64."""

import math

import numpy as np

from tests.oracles.decode import CONVENTIONS


def crop_matrix(box, size, *, convention="hrnet", padding=0.25, rotation=0.0):
    """2x3 matrix, image pixel -> crop pixel."""
    height, width = size
    x1, y1, x2, y2 = map(float, box)
    center = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    w, h = x2 - x1, y2 - y1
    w, h = max(w, h * width / height), max(h, w * height / width)
    size = np.array([width, height], float)
    row = CONVENTIONS[convention]
    extent = size - 1 if row.grid == "align_corners" else size
    middle = size / 2 if row.grid == "asymmetric" else (size - 1) / 2
    center[1] += row.lowered * h
    scale = extent / (np.array([w, h]) * (1 + padding))
    r = math.radians(rotation)
    linear = np.diag(scale) @ np.array([[math.cos(r), math.sin(r)], [-math.sin(r), math.cos(r)]])
    return np.column_stack([linear, middle - linear @ center])


def crop(
    image, matrix, size, *, scale=1 / 255, mean=(0, 0, 0), std=(1, 1, 1), swap_rb=False, fill=0
):
    """(3, h, w) float64 of one uint8 image (H, W, 3)."""
    height, width = size
    inverse = np.linalg.inv(np.vstack([np.asarray(matrix, float), [0, 0, 1]]))[:2]

    def tap(x, y):
        if 0 <= x < image.shape[1] and 0 <= y < image.shape[0]:
            return image[y, x].astype(float)
        return np.full(3, float(fill))

    out = np.empty((3, height, width))
    for row in range(height):
        for column in range(width):
            x, y = inverse @ [column, row, 1]
            x0, y0 = math.floor(x), math.floor(y)
            fx, fy = x - x0, y - y0
            value = (
                (1 - fx) * (1 - fy) * tap(x0, y0)
                + fx * (1 - fy) * tap(x0 + 1, y0)
                + (1 - fx) * fy * tap(x0, y0 + 1)
                + fx * fy * tap(x0 + 1, y0 + 1)
            )
            out[:, row, column] = value[::-1] if swap_rb else value
    return (out * scale - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
