"""Bring a small SSD's scores to another scale: ``python -m bench.score_scale CARD --out FOLDER``.

Scores that were to be the IoU of boxes, or less where a teacher was unsure, rank people well but
are low, and thresholds of detection, tracking and drawing would each have to be lower. So each
log-odds x of a score becomes ``a x + b``. No box changes, nor the order of scores. Both numbers go
into the weights of the last layers; they and the card, with the threshold and the IoU of its NMS
of the package's detector, are written to the folder.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from rmpe.digest import digest_of
from rmpe.models import DEFAULT_DETECTOR
from rmpe.models.read import load_card

# Of a place's numbers for each anchor: four of the box, then the logits of nobody and of a person.
_COLUMNS, _NOBODY, _PERSON = 6, 4, 5


def rescale(weights: dict[str, torch.Tensor], a: float, b: float) -> dict[str, torch.Tensor]:
    """Let the last layers of a small SSD of one class give ``a x + b`` in place of log-odds x."""
    scaled = dict(weights)
    for name, value in weights.items():
        if not name.startswith("head."):
            continue
        rows = value.float().unflatten(0, (-1, _COLUMNS)).clone()
        rows[:, _NOBODY:] *= a
        if name.endswith(".bias"):
            rows[:, _PERSON] += b
        scaled[name] = rows.flatten(0, 1).to(value.dtype)
    return scaled


def main() -> None:
    """Write the card of a detector whose scores are on another scale."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("card", type=Path, help="of a small_ssd that rmpe train has written")
    parser.add_argument("--a", type=float, default=1.5, help="default: %(default)s")
    parser.add_argument("--b", type=float, default=1.62, help="default: %(default)s")
    own = load_card(DEFAULT_DETECTOR).detector  # chosen by hand: docs/shipped.md
    for option, value in (("--threshold", own.threshold), ("--nms-iou", own.nms_iou)):
        parser.add_argument(option, type=float, default=value, help="default: %(default)s")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    before = arguments.card.parent / load_card(arguments.card).network.name
    arguments.out.mkdir(parents=True, exist_ok=True)
    after = arguments.out / "detector.safetensors"
    save_file(rescale(load_file(before), arguments.a, arguments.b), after)
    text = arguments.card.read_text().replace(before.name, after.name)
    text = text.replace(digest_of(before), digest_of(after))
    for name in ("threshold", "nms_iou"):
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {getattr(arguments, name)}", text)
    (arguments.out / "detector.toml").write_text(text)


if __name__ == "__main__":
    main()
