"""Pictures of what was fitted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..output_file import check_output
from .fit_nms import SuppressionFit
from .fit_proposals import ProposalFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["check_plot", "plot_proposals", "plot_surfaces"]

_EDGES = ("left", "top", "right", "bottom")
_RANGE = 0.5


def check_plot(path: str | os.PathLike[str]) -> None:
    """Make sure that a picture can be written, before the work that it shows.

    Raises
    ------
    ValueError
        For a type of file that matplotlib does not write.
    OSError
        As :func:`rmpe.output_file.check_output`.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in known:
        raise ValueError(f"a picture must be one of {', '.join(known)}, got {path}")
    check_output(path)


def plot_proposals(fit: ProposalFit, path: str | os.PathLike[str]) -> None:
    """Draw each atomic pose, and beside it the offsets of its people and the fitted mixture."""
    plt = _pyplot()
    proposals = fit.proposals
    rows = len(proposals.mixtures)
    figure, axes = plt.subplots(
        rows, 5, figsize=(11, 1.9 * rows), squeeze=False, layout="constrained", dpi=80
    )
    edges = np.linspace(-_RANGE, _RANGE, 41)
    x = np.linspace(-_RANGE, _RANGE, 400)
    for group, (mixture, row) in enumerate(zip(proposals.mixtures, axes, strict=True)):
        _draw_pose(row[0], fit, group)
        own = fit.offsets[fit.groups == group]
        for edge, (name, axis) in enumerate(zip(_EDGES, row[1:], strict=True)):
            axis.hist(own[:, edge], edges, density=True, color="#9db8d2")
            deviation = np.sqrt(mixture.covariances[:, edge, edge])
            normal = np.exp(-(((x[:, None] - mixture.means[:, edge]) / deviation) ** 2) / 2)
            density = (mixture.weights * normal / deviation).sum(1) / np.sqrt(2 * np.pi)
            axis.plot(x, density, color="#c0392b", linewidth=1)
            axis.axvline(0, color="black", linewidth=0.5)
            axis.set(xlim=(-_RANGE, _RANGE), yticks=[])
            if group == 0:
                axis.set_title(f"{name} edge", fontsize=9)
            if group < rows - 1:
                axis.set_xticklabels([])
    figure.supxlabel("detected minus true edge, in sides of the true box", fontsize=9)
    figure.savefig(path)
    plt.close(figure)


def _draw_pose(axis: Axes, fit: ProposalFit, group: int) -> None:
    poses, people = fit.proposals.poses, int((fit.groups == group).sum())
    axis.set_axis_off()
    if poses is None or group >= len(poses):
        axis.set_title(f"no torso: {people} people", fontsize=9)
        return
    center = poses.centers[group]
    for a, b in poses.skeleton.limbs:
        axis.plot(*center[[a, b]].T, color="#2c3e50", linewidth=2)
    axis.set_title(f"{people} people", fontsize=9)
    axis.set_aspect("equal")
    axis.invert_yaxis()


def plot_surfaces(fits: dict[str, SuppressionFit], path: str | os.PathLike[str]) -> None:
    """Draw AP over each pair of parameters that were searched together."""
    plt = _pyplot()
    planes = [(kind, pair) for kind, fit in fits.items() for pair in fit.surfaces]
    columns = min(4, len(planes))
    rows = -(-len(planes) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.4 * columns, 3.1 * rows), squeeze=False, layout="constrained",
        dpi=80,
    )  # fmt: skip
    for axis in axes.flat[len(planes) :]:
        axis.set_axis_off()
    for (kind, (first, second)), axis in zip(planes, axes.flat, strict=False):
        fit = fits[kind]
        surface = fit.surfaces[first, second]
        x, y = fit.suppression.grids[second], fit.suppression.grids[first]
        # The differences near the top are what matters.
        shown = axis.pcolormesh(x, y, surface, vmin=np.quantile(surface, 0.3), shading="nearest")
        axis.plot(fit.parameters[second], fit.parameters[first], "r+", markersize=10)
        for scale, values in ((axis.set_xscale, x), (axis.set_yscale, y)):
            scale("log" if np.ptp(np.diff(np.log(values))) < 1e-6 else "linear")
        axis.set(xlabel=second, ylabel=first)
        axis.set_title(kind, fontsize=10)
        figure.colorbar(shown, ax=axis, shrink=0.8)
    figure.savefig(path)
    plt.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")  # a file, wherever it runs
    import matplotlib.pyplot

    return matplotlib.pyplot
