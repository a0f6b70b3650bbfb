"""Conventions: how pose networks expect their crops, and how their heatmaps are decoded.

Each row of :data:`CONVENTIONS` describes one family of networks. Pixel centers are at integers, as
in OpenCV. This module imports neither torch nor numpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from .validation.checks import (
    TYPES,
    check_choice,
    check_numbers,
    check_real,
    check_type,
    check_whole,
    show,
)

__all__ = [
    "BORDERS",
    "CONVENTIONS",
    "GRIDS",
    "MAX_BLUR_RADIUS",
    "PADDING_RULE",
    "Border",
    "Convention",
    "ConventionName",
    "Grid",
    "Subpixel",
    "resolve_convention",
]

ConventionName = Literal[
    "hrnet", "mmpose", "dark", "udp", "dark_udp", "vitpose", "megvii", "hourglass", "argmax"
]
Grid = Literal["asymmetric", "half_pixel", "align_corners"]
Subpixel = Literal["none", "quarter", "dark", "dark_udp"]
Border = Literal["zeros", "replicate", "reflect", "reflect_101"]
GRIDS: tuple[Grid, ...] = get_args(Grid)
BORDERS: tuple[Border, ...] = get_args(Border)
MAX_BLUR_RADIUS = 16  # as in csrc/core/decode.h
PADDING_RULE = (
    "a fraction above -1 and below 1 (0.25 makes a box 1.25 times as wide and high, which other "
    "projects write as 1.25)"
)


@dataclass(frozen=True)
class Convention:
    """A row of the table: the first three fields describe the crop, the others the decoding.

    :func:`rmpe_ext.decode` and :func:`rmpe_ext.crop_matrices` take a row in place of a name.
    ``dataclasses.replace`` makes a variant: ``replace(CONVENTIONS["udp"], blur_radius=3)``.

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
    blur_sigma, blur_radius
        Standard deviation of the Gaussian blur, in heatmap pixels, and the distance from its center
        at which the kernel ends. The map is blurred before a Newton step, and with ``blur_first``
        before the peak is found.
    blur_kernel
        Weights along each axis in place of a Gaussian: an odd number of them, none below 0. They
        are divided by their sum. None: a Gaussian. OpenCV's ``GaussianBlur`` of 3 pixels with sigma
        0 has ``(0.25, 0.5, 0.25)``.
    blur_border
        Pixels beyond the border for the blur: ``"zeros"``, or by OpenCV's names ``"replicate"``
        (``aaa|abcd|ddd``), ``"reflect"`` (``cba|abcd|dcb``, which SciPy calls so too) or
        ``"reflect_101"`` (``dcb|abcd|cba``, OpenCV's default).
    rescale
        Whether the blurred map is rescaled to the map's old maximum.
    blur_first
        Whether the peak is that of the blurred map. Its score is still the maximum of the map.
    log_range
        Bounds on the blurred values before the logarithm.
    peak_shift
        Added to both coordinates of a peak that is refined, in heatmap pixels.
    no_peak
        Both coordinates, in heatmap pixels, of a map without a value above 0. None: the largest
        value is taken whatever its sign.
    flip_shift
        Whether a heatmap of the mirrored crop, flipped back, is shifted one pixel to the right
        before averaging. None: as the grid needs it.
    score_scale, score_offset
        The score is ``score_scale * maximum + score_offset``.
    summary
        The row in a few words, for ``--help``.
    """

    padding: float = 0.25
    center_shift: float = 0.0
    grid: Grid = "asymmetric"
    subpixel: Subpixel = "none"
    margin: tuple[int, int] = (0, 0)
    cross_margin: tuple[int, int] = (0, 0)
    blur_sigma: float = 2.0
    blur_radius: int = 5
    blur_kernel: tuple[float, ...] | None = None
    blur_border: Border = "zeros"
    rescale: bool = True
    blur_first: bool = False
    log_range: tuple[float, float] = (1e-10, math.inf)
    peak_shift: float = 0.0
    no_peak: float | None = 0.0
    flip_shift: bool | None = None
    score_scale: float = 1.0
    score_offset: float = 0.0
    summary: str = field(default="", compare=False)
    # The numbers that the op takes, in the order of csrc/ops/decode.h. They are one list, because
    # another argument slows a call as much as four more numbers.
    refinement: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_choice("grid", self.grid, GRIDS)
        check_choice("subpixel", self.subpixel, get_args(Subpixel))
        check_choice("blur_border", self.blur_border, BORDERS)
        check_real(TYPES, "padding", self.padding, PADDING_RULE, above=-1.0, below=1.0)
        for name in ("center_shift", "peak_shift", "no_peak", "score_scale", "score_offset"):
            value = getattr(self, name)
            if value is not None or name != "no_peak":
                check_real(TYPES, name, value, "finite")
        for name in ("rescale", "blur_first", "flip_shift"):
            value = getattr(self, name)
            if value is not None or name != "flip_shift":
                check_type(TYPES, name, value, "bool")
        # A quarter step reads the pixels beside the peak, which have to exist.
        self._check_margin("margin", 1 if self.subpixel == "quarter" else 0)
        self._check_margin("cross_margin", 0)
        low, high = _check_pair("log_range", self.log_range)
        if not 0.0 < low <= high:
            raise ValueError(f"log_range must be 0 < low <= high, got {self.log_range}")
        self._check_blur()
        object.__setattr__(self, "refinement", self._pack())

    def _pack(self) -> tuple[float, ...]:
        """Return the numbers for the op; the second half only where it is not the usual one."""
        no_peak = math.nan if self.no_peak is None else self.no_peak
        first = *self.margin, *self.cross_margin, *self.log_range, self.blur_sigma, no_peak
        second = (
            BORDERS.index(self.blur_border),
            float(self.rescale),
            float(self.blur_first),
            self.peak_shift,
            -1.0 if self.flip_shift is None else float(self.flip_shift),
            self.score_scale,
            self.score_offset,
        )
        usual = (0, 1.0, 0.0, 0.0, -1.0, 1.0, 0.0)
        if second == usual and self.blur_kernel is None and self.blur_radius == 5:
            return first
        return *first, *second, *self._blur_weights()

    def _blur_weights(self) -> list[float]:
        """Return the weights of the blur along one axis, with the sum 1."""
        positions = range(-self.blur_radius, self.blur_radius + 1)
        weights = self.blur_kernel or [
            math.exp(-(i**2) / (2 * self.blur_sigma**2)) for i in positions
        ]
        return [weight / sum(weights) for weight in weights]

    def _check_margin(self, name: str, least: int) -> None:
        for value in _check_pair(name, getattr(self, name)):
            check_whole(TYPES, name, value, least)

    def _check_blur(self) -> None:
        check_real(TYPES, "blur_sigma", self.blur_sigma, "in 0.01..100", least=0.01, most=100.0)
        check_whole(TYPES, "blur_radius", self.blur_radius, 0)
        if self.blur_radius > MAX_BLUR_RADIUS:
            raise ValueError(
                f"blur_radius must be at most {MAX_BLUR_RADIUS}, got {show(self.blur_radius)}"
            )
        kernel, most = self.blur_kernel, 2 * MAX_BLUR_RADIUS + 1
        if kernel is None:
            return
        if not isinstance(kernel, tuple) or len(kernel) % 2 == 0 or len(kernel) > most:
            raise ValueError(
                f"blur_kernel must be a tuple of weights, an odd number up to {most}, "
                f"got {show(kernel)}"
            )
        weights = check_numbers("blur_kernel", kernel, len(kernel), "pixel")
        if not (min(weights) >= 0.0 and 0.0 < sum(weights) < math.inf):
            raise ValueError(
                f"blur_kernel must be weights of at least 0 with a sum above 0, got {show(kernel)}"
            )


def _check_pair(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"{name} must be a tuple of two numbers, got {show(value)}")
    return value


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
    # ViTPose, as Hugging Face's VitPoseImageProcessor decodes it; it reflects the map for the blur.
    "vitpose": replace(
        _UDP,
        blur_sigma=0.8,
        blur_border="reflect",
        rescale=False,
        no_peak=-1.0,
        summary="like udp, with a narrower blur, for ViTPose of Hugging Face transformers",
    ),
    # Megvii's MSPN and RSN, as MMPose's MegviiHeatmap decodes them.
    "megvii": replace(
        _QUARTER,
        cross_margin=(2, 1),
        blur_first=True,
        peak_shift=0.5,
        no_peak=-1.0,
        flip_shift=False,
        score_scale=1 / 255,
        score_offset=0.5,
        summary="maximum of the blurred heatmap, moved like hrnet and by half a pixel",
    ),
    # Newell et al., "Stacked hourglass networks", ECCV 2016, as trained on MPII: a person with
    # MPII's center c and scale s has the box c - 100 s to c + 100 s, whose center moves down by
    # 15 s.
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


def resolve_convention(convention: ConventionName | Convention) -> Convention:
    """Return the convention, looked up where it is given by its name.

    Raises
    ------
    ValueError
        If there is no convention of that name.

    Examples
    --------
    >>> resolve_convention("udp").grid
    'align_corners'
    """
    if isinstance(convention, Convention):
        return convention
    check_choice("convention", convention, CONVENTIONS)
    return CONVENTIONS[convention]
