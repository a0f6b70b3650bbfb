"""Conventions: how pose networks expect their crops, and how their heatmaps are decoded.

Each row of :data:`CONVENTIONS` describes one family of networks. Pixel centers are at integers, as
in OpenCV. This module imports neither torch nor numpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

__all__ = ["CONVENTIONS", "GRIDS", "Convention", "ConventionName", "Grid"]

ConventionName = Literal["hrnet", "mmpose", "dark", "udp", "dark_udp", "hourglass", "argmax"]
Grid = Literal["asymmetric", "half_pixel", "align_corners"]
GRIDS: tuple[Grid, ...] = ("asymmetric", "half_pixel", "align_corners")


@dataclass(frozen=True)
class Convention:
    """A row of the table: the first three fields describe the crop, the others the decoding.

    Attributes
    ----------
    padding
        Growth of the box in all, as a fraction of its side: 0.25 makes it 1.25 times as wide and
        high.
    center_shift
        Shift of the box's center downward, as a fraction of the box's height, measured after the
        box has grown to the crop's aspect ratio and before the padding.
    grid
        How the pixels of a coarse grid lie on those of a fine one, under ONNX's names. It relates
        the box to the crop of ``W`` pixels, and the heatmap of ``w = W / stride`` pixels to the
        crop.
        ``"asymmetric"``: heatmap pixel ``x`` is crop pixel ``stride * x``; the box's center falls
        on ``W / 2``. This grid is not mirror-symmetric: a heatmap of the mirrored crop, flipped
        back, has to be shifted one pixel to the right before averaging. The other grids need no
        shift.
        ``"half_pixel"``: heatmap pixel ``x`` covers ``stride`` crop pixels exactly, so its center
        is ``stride * (x + 0.5) - 0.5``; the box's center falls on ``(W - 1) / 2``.
        ``"align_corners"``: the centers of the outer pixels coincide, so ``x`` is
        ``x * (W - 1) / (w - 1)``; the box's edges fall on ``0`` and ``W - 1``.
    subpixel
        How a peak is refined below one pixel. ``"none"``. ``"quarter"``: a quarter pixel toward
        the larger neighbor, on each axis. ``"dark"``: one Newton step on the logarithm of the
        blurred heatmap, with differences over two pixels. ``"dark_udp"``: the same with
        differences over one pixel; the outer pixels are repeated beyond the border.
    margin, cross_margin
        A peak is refined along an axis where it lies at least this many pixels from the first and
        from the last pixel of that axis (``margin``) and of the other axis (``cross_margin``).
    blur_sigma
        Standard deviation of the Gaussian blur before a Newton step, in heatmap pixels. The kernel
        ends 5 pixels from its center; the map is padded with zeros.
    log_range
        Bounds on the blurred values before the logarithm. The values are first rescaled to the
        map's old maximum.
    no_peak
        Both coordinates, in heatmap pixels, of a map without a value above 0. None: the largest
        value is taken whatever its sign.
    summary
        The row in a few words, for ``--help``.
    """

    padding: float = 0.25
    center_shift: float = 0.0
    grid: Grid = "asymmetric"
    subpixel: Literal["none", "quarter", "dark", "dark_udp"] = "none"
    margin: tuple[int, int] = (0, 0)
    cross_margin: tuple[int, int] = (0, 0)
    blur_sigma: float = 2.0
    log_range: tuple[float, float] = (1e-10, math.inf)
    no_peak: float | None = 0.0
    summary: str = field(default="", compare=False)


_QUARTER = Convention(subpixel="quarter", margin=(2, 1))
_UDP = Convention(
    grid="align_corners",
    subpixel="dark_udp",
    log_range=(1e-3, 50.0),
    summary="Newton step at every pixel, on a grid of aligned corners",
)

CONVENTIONS: dict[ConventionName, Convention] = {
    # Sun et al., "Deep high-resolution representation learning", CVPR 2019.
    "hrnet": replace(
        _QUARTER,
        cross_margin=(2, 1),
        summary="maximum, moved a quarter pixel toward the larger neighbor",
    ),
    # OpenMMLab's MMPose: a joint without a peak is marked, and each axis has its own gate.
    "mmpose": replace(
        _QUARTER,
        cross_margin=(1, 0),
        no_peak=-1.0,
        summary="like hrnet, nearer to the border too; (-1, -1) where there is no peak",
    ),
    # Zhang et al., "Distribution-aware coordinate representation", CVPR 2020.
    "dark": Convention(
        subpixel="dark",
        margin=(2, 2),
        cross_margin=(2, 2),
        summary="Newton step on the logarithm of the blurred heatmap, not near the border",
    ),
    # Huang et al., "The devil is in the details: unbiased data processing", CVPR 2020, which reads
    # heatmaps by DARK on its own grid.
    "udp": _UDP,
    "dark_udp": replace(_UDP, summary="another name of udp"),
    # Newell et al., "Stacked hourglass networks", ECCV 2016, as trained on MPII: a box of side
    # 200 s, whose center moves down by 15 s.
    "hourglass": Convention(
        center_shift=15 / 200,
        grid="half_pixel",
        subpixel="quarter",
        margin=(1, 1),
        cross_margin=(1, 1),
        no_peak=-1.0,
        summary="like hrnet, nearer to the border too, on a grid of half-pixel centers",
    ),
    "argmax": Convention(no_peak=None, summary="maximum, without a step below one pixel"),
}
