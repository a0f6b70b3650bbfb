"""How public pose networks cut their crops and read their heatmaps, one row for each convention.

Pixel centres are at integers, as in OpenCV. A crop convention says how a box becomes a matrix; a
decode convention says how a heatmap becomes a coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONVENTIONS", "DECODE_CONVENTIONS", "Convention"]


@dataclass(frozen=True)
class Convention:
    """One row of the table.

    Attributes
    ----------
    padding
        By how much a box grows in all, as a fraction of its side: 0.25 makes it 1.25 times as
        wide and high.
    unbiased
        False: one pixel of the box, ``w / W``, is one pixel of the crop, and the box's centre
        falls on ``(W / 2, H / 2)``. True: the box's edges fall on the centres of the crop's outer
        pixels, ``0`` and ``W - 1``.
    subpixel
        How a peak is refined. ``"quarter"``: a quarter pixel toward the larger neighbour, on each
        axis. ``"taylor"``: one Newton step on the logarithm of the blurred heatmap. None: the row
        has no decode convention.
    flip_shift
        Whether the heatmaps of the mirrored image move right by one pixel, once mirrored back,
        before they are averaged in.
    offset
        A heatmap pixel ``x`` is the crop pixel ``stride * x + offset``.
    """

    padding: float
    unbiased: bool
    subpixel: str | None = None
    flip_shift: bool = False
    offset: float = 0.0


CONVENTIONS: dict[str, Convention] = {
    # Sun et al., HRNet (CVPR 2019); the same crop serves DARK.
    "hrnet": Convention(padding=0.25, unbiased=False, subpixel="quarter", flip_shift=True),
    # Zhang et al., "Distribution-aware coordinate representation for human pose estimation".
    "dark": Convention(padding=0.25, unbiased=False, subpixel="taylor", flip_shift=True),
    # Huang et al., "The devil is in the details: unbiased data processing" (CVPR 2020).
    "udp": Convention(padding=0.25, unbiased=True),
}

DECODE_CONVENTIONS: tuple[str, ...] = tuple(
    name for name, row in CONVENTIONS.items() if row.subpixel is not None
)
