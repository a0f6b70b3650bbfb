"""How a spatial transformer is used at test time."""

from __future__ import annotations

from typing import Literal

__all__ = ["STN", "StnMode"]

StnMode = Literal["compose", "resample", "heatmaps", "off"]
# Each mode and what it does, for --help.
STN: dict[StnMode, str] = {
    "compose": "cut the chosen part from the image at once",
    "resample": "resample the crop, map keypoints back",
    "heatmaps": "resample the crop, and the heatmaps back, as the paper's authors do",
    "off": "leave the transformer out",
}
