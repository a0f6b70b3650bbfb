"""Where a trained transformer moves the windows, person by person.

python -m bench.stn.windows runs/stn/transformer-1/average.toml --data DATA --out PNG

People of the validation photographs are shown in drawn boxes, whose errors are known. Each panel
has one of them: that of the window as it was drawn, to the right, and of the window that the
transformer chose, upward. A transformer that does nothing leaves everybody on the diagonal, one
that knows the answer brings everybody to the horizontal line. Below, the same as histograms.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import torch

from rmpe.models.build import load_pose

from .measure import HeldOut

ERRORS = ("shift across, in heights", "shift along, in heights", "zoom, log of the height")
# What is shown; a few people lie beyond.
RANGE = 0.4
COLORS = {"drawn": "#9a9a9a", "transformer": "#c0392b"}


def draw(drawn: npt.NDArray[np.float64], chosen: npt.NDArray[np.float64], out: Path) -> None:
    """Draw errors (P, 3) before and after, into a file."""
    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, 3, figsize=(10, 5.8), height_ratios=(3, 1), sharex=True, layout="constrained", dpi=80
    )
    bins = np.linspace(-RANGE, RANGE, 41)
    for column, name in enumerate(ERRORS):
        before, after = drawn[:, column], chosen[:, column]
        points, counts = axes[:, column]
        points.axhline(0, color="black", linewidth=0.8)
        points.plot([-RANGE, RANGE], [-RANGE, RANGE], color="black", linewidth=0.8, linestyle=":")
        points.plot(before, after, ".", markersize=3, color=COLORS["transformer"])
        points.set(title=name, xlim=(-RANGE, RANGE), ylim=(-RANGE, RANGE), aspect="equal")
        points.set_xlabel("error of the drawn window")
        for label, values in (("drawn", before), ("transformer", after)):
            counts.hist(values, bins, histtype="step", color=COLORS[label], label=label)
        counts.set(xlabel="error of the window", yticks=[])
    axes[0, 0].set_ylabel("error of the chosen window")
    axes[1, 0].legend(fontsize="small", frameon=False)
    figure.savefig(out)
    plt.close(figure)


def main() -> int:
    """Draw, and print the mean errors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("card", type=Path, help="of a pose network with a transformer")
    parser.add_argument("--data", type=Path, required=True, help="folder with coco-people")
    parser.add_argument("--out", type=Path, required=True, help="picture: PNG, SVG, PDF")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pose = load_pose(arguments.card)
    if pose.transformer is None:
        parser.error(f"{arguments.card} has no transformer")
    held_out = HeldOut(arguments.data)
    drawn, chosen = (held_out.windows(pose, mode) for mode in ("off", "compose"))
    print("| error of the window | drawn | transformer | moved the right way |")
    print("|---|---:|---:|---:|")
    for name, before, after in zip(ERRORS, drawn.T, chosen.T, strict=True):
        right = (np.sign(before - after) == np.sign(before)).mean()
        amounts = " | ".join(f"{np.abs(values).mean():.4f}" for values in (before, after))
        print(f"| {name} | {amounts} | {right:.0%} |")
    draw(drawn, chosen, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
