"""Fast preprocessing and postprocessing around a pose network of your own.

Cuts people out of an image, runs a network with heatmaps through onnxruntime, and decodes the
heatmaps into keypoints in image pixels: rmpe_ext.numpy, onnxruntime and OpenCV, no PyTorch.

    python examples/python/preprocess_and_decode.py ../shared/models/simplepose_coco17.onnx \
        examples/photographs/astronaut.jpg --box 0 0 380 512
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

import rmpe_ext.numpy as ops
from rmpe_ext.conventions import CONVENTIONS, ConventionName

# What the network was trained on: RGB, value / 255, less the mean, by the standard deviation.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Floats = npt.NDArray[np.float32]


class PoseNetwork:
    """A network from crops (1, 3, h, w) to heatmaps (1, K, H, W), in an ONNX file."""

    def __init__(self, path: Path, convention: ConventionName) -> None:
        self.session = onnxruntime.InferenceSession(path)
        self.input = self.session.get_inputs()[0]
        self.size = (self.input.shape[2], self.input.shape[3])  # height and width
        self.convention: ConventionName = convention

    def __call__(self, image: npt.NDArray[Any], boxes: Floats) -> tuple[Floats, Floats]:
        """Keypoints (N, K, 2) and scores (N, K) of people in a uint8 BGR image (H, W, 3).

        Boxes (N, 4) and keypoints are in image pixels.
        """
        matrices = ops.crop_matrices(boxes, self.size, convention=self.convention)
        crops = ops.crop([image], matrices, self.size, swap_rb=True, mean=MEAN, std=STD)
        heatmaps = np.concatenate([self.run(crop[None]) for crop in crops])
        return ops.decode(
            heatmaps,
            convention=self.convention,
            matrices=matrices,
            stride=self.size[0] / heatmaps.shape[2],
        )

    def run(self, crops: Floats) -> Floats:
        return np.asarray(self.session.run(None, {self.input.name: crops})[0], np.float32)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the keypoints of each box."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", type=Path, help="ONNX file: crops in, heatmaps out")
    parser.add_argument("image", type=Path)
    parser.add_argument(
        "--box",
        type=float,
        nargs=4,
        action="append",
        required=True,
        metavar=("X1", "Y1", "X2", "Y2"),
        help="a person, in pixels; may be given several times",
    )
    parser.add_argument(
        "--convention",
        choices=tuple(CONVENTIONS),
        default="hrnet",
        help="how the network wants its crops and heatmaps (default: %(default)s)",
    )
    arguments = parser.parse_args(argv)
    image = cv2.imread(str(arguments.image))
    if image is None:
        parser.error(f"{arguments.image} cannot be read as an image")
    boxes = np.array(arguments.box, np.float32)
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        parser.error("--box must have x1 < x2 and y1 < y2")

    keypoints, scores = PoseNetwork(arguments.network, arguments.convention)(image, boxes)
    for person, confidence in zip(keypoints, scores, strict=True):
        print(f"person, mean score {confidence.mean():.2f}")
        for (x, y), score in zip(person, confidence, strict=True):
            print(f"  {x:7.1f} {y:7.1f}  {score:.2f}")


if __name__ == "__main__":
    main()
