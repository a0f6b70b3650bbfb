"""How public pose networks cut their crops and read their heatmaps, one row for each convention.

Pixel centres are at integers, as in OpenCV. The crop half of a row says how a box becomes a matrix,
the decode half how a heatmap becomes a coordinate; both agree on the grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

__all__ = ["CONVENTIONS", "DECODE_CONVENTIONS", "GRIDS", "Convention"]

GRIDS = ("asymmetric", "half_pixel", "align_corners")


@dataclass(frozen=True)
class Convention:
    """One row of the table.

    Attributes
    ----------
    padding
        By how much a box grows in all, as a fraction of its side: 0.25 makes it 1.25 times as
        wide and high.
    drop
        By how much its centre moves down, as a fraction of the height that the box has once grown
        to the crop's aspect ratio, before the padding.
    grid
        How pixels lie on those of a finer grid, under ONNX's names: those of the box on the crop's
        ``W``, and the heatmap's ``w = W / stride`` on the crop's.
        ``"asymmetric"``: one pixel is ``stride`` pixels and pixel 0 lies on pixel 0; the box's
        centre falls on ``W / 2``. This is the grid that lies otherwise in a mirror, where pixel
        ``x`` is the crop's ``stride * x + stride - 1``: a heatmap of the mirrored image, once
        mirrored back, moves right by one pixel before it is averaged in. On the others none does.
        ``"half_pixel"``: one pixel is ``stride`` pixels and covers them exactly, so that ``x`` is
        ``stride * (x + 0.5) - 0.5``; the box's centre falls on ``(W - 1) / 2``.
        ``"align_corners"``: the outer pixels' centres coincide, so that ``x`` is
        ``x * (W - 1) / (w - 1)``; the box's edges fall on ``0`` and ``W - 1``.
    subpixel
        How a peak is refined. ``"none"``. ``"quarter"``: a quarter pixel toward the larger
        neighbour, on each axis. ``"dark"``: one Newton step on the logarithm of the blurred
        heatmap, from differences over two pixels. ``"dark_udp"``: the same over one pixel, the
        outer pixels being repeated beyond the border.
    margin, cross_margin
        A peak is refined along an axis where it lies at least so many pixels from the first and
        from the last one of that axis (``margin``), and of the other axis (``cross_margin``).
    blur_sigma
        Of the Gaussian before a Newton step, in heatmap pixels. It ends 5 pixels from its centre;
        zeros lie outside the map.
    log_range
        To what the blurred values, rescaled to the map's old maximum, are limited before the
        logarithm.
    no_peak
        Both coordinates, in heatmap pixels, where no value is above 0. None: the largest is taken
        whatever its sign.
    summary
        The row in a few words, for ``--help``.
    """

    padding: float = 0.25
    drop: float = 0.0
    grid: str = "asymmetric"
    subpixel: str = "none"
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

CONVENTIONS: dict[str, Convention] = {
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
        drop=15 / 200,
        grid="half_pixel",
        subpixel="quarter",
        margin=(1, 1),
        cross_margin=(1, 1),
        no_peak=-1.0,
        summary="like hrnet, nearer to the border too, on a grid of half-pixel centers",
    ),
    "argmax": Convention(no_peak=None, summary="maximum, without a step below one pixel"),
}

DECODE_CONVENTIONS: tuple[str, ...] = tuple(CONVENTIONS)
