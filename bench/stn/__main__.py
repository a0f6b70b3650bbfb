"""A small pose network with and without transformer and parallel branch, from three seeds each.

python -m bench.stn --data ../shared/data --out runs/stn

`sppe.toml` is trained once. `plain.toml` and `transformer.toml` go on from its weights, for as many
samples, with each seed. All are measured on the people of COCO photographs that none was trained
on, in boxes with a detector's errors, drawn once from the fitted mixtures. Interrupted at any
moment, the same command goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from rmpe.training.session import train_from_config

from .measure import HeldOut, Row
from .table import print_tables

HERE = Path(__file__).parent
SEEDS = (1, 2, 3)
VARIANTS = ("plain", "transformer")
# That of these configurations, and the usual one: how much it forgives.
PADDINGS = (0.0, 0.25)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with coco-people")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/rmpe/photographs"))
    parser.add_argument("--measure", action="store_true", help="measure only what there is")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = [("sppe", 0), *((variant, seed) for seed in SEEDS for variant in VARIANTS)]
    for variant, seed in [] if arguments.measure else runs:
        if interrupted := train(variant, seed, arguments):
            return 128 + interrupted
    held_out = HeldOut(arguments.data)
    rows: list[Row] = []
    for variant, seed in runs:
        card = folder(arguments.out, variant, seed) / "average.toml"
        if card.exists():
            rows += held_out.measure(variant, seed, card)
    for padding in PADDINGS:
        true, drawn = held_out.outside(padding)
        print(
            f"labeled joints outside the crops, padding {padding:g}: {true:.1%} with true boxes, "
            f"{drawn:.1%} with drawn ones"
        )
    print_tables(rows)
    return 0


def train(variant: str, seed: int, arguments: argparse.Namespace) -> int | None:
    """Train a variant to its end, from wherever it is; what interrupted it."""
    run = folder(arguments.out, variant, seed)
    run.mkdir(parents=True, exist_ok=True)
    config = run / f"{variant}.toml"
    config.write_text((HERE / config.name).read_text().replace("seed = 0", f"seed = {seed}"))
    resume = (run / "checkpoint.pt").exists()
    start = folder(arguments.out, "sppe", 0) / "checkpoint.pt"
    print(f"{run.name}: {'going on' if resume else 'starting'}", file=sys.stderr)
    return train_from_config(
        config,
        data=arguments.data,
        cache=arguments.cache,
        out=run,
        resume=resume,
        weights=None if resume or variant == "sppe" else start,
    )


def folder(out: Path, variant: str, seed: int) -> Path:
    return out / f"{variant}-{seed}"


if __name__ == "__main__":
    sys.exit(main())
