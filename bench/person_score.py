"""Compare what a person's score may be made of: ``python -m bench.person_score``.

A person's score is the box's score times one number that is made of the joints' scores. Keypoint
AP ranks people by it, and pose NMS picks the best by it. Prints the AP of each such number, for
three pairs of networks, on the validation half of coco-people and on coco-mini: with annotated
boxes, and with those that the detector finds, at its own threshold and under pose NMS `alphapose`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import torch

from bench.shipped import MODELS, PRESET, READY, datasets, short
from rmpe import PoseEstimator
from rmpe.evaluation import find_people
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.predictions import Predictions
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.pipeline import suppress

PAIRS = ((DEFAULT_DETECTOR, DEFAULT_POSE), READY, (READY[0], "movenet_thunder_coco17"))
_SEEN = 0.2


def mean_of_seen(scores: torch.Tensor) -> torch.Tensor:
    """Mean of the scores above .2, as in many evaluations on COCO; of all where there are none."""
    seen = scores > _SEEN
    mean = (scores * seen).sum(1) / seen.sum(1).clamp(min=1)
    return torch.where(seen.any(1), mean, scores.mean(1))


# Of the joints' scores (P, K), a number for each person.
SCORES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mean of those above .2": mean_of_seen,
    "mean": lambda scores: scores.mean(1),
    "root mean square": lambda scores: scores.square().mean(1).sqrt(),
    "mean square": lambda scores: scores.square().mean(1),
    "mean weighted by themselves": lambda scores: (
        scores.square().sum(1) / scores.sum(1).clamp(min=1e-12)
    ),
}


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    print("| pose network | photographs | boxes | " + " | ".join(SCORES) + " |")
    print("|---|---|---|" + "---|" * len(SCORES))
    for detector, pose in PAIRS:
        estimator = PoseEstimator(detector, pose, models_dir=MODELS, nms=None)
        for name, dataset in datasets().items():
            for boxes in ("annotated", "detected"):
                found = find_people(estimator, dataset, true_boxes=boxes == "annotated")
                aps = []
                for score in SCORES.values():
                    scored = replace(found, scores=found.box_scores * score(found.keypoint_scores))
                    if boxes == "detected":
                        scored = suppress(scored, PRESET)
                    measured = average_precision(dataset, Predictions.from_people(scored))
                    aps.append(short(measured.ap))
                print(f"| `{pose}` | {name} | {boxes} | {' | '.join(aps)} |", flush=True)


if __name__ == "__main__":
    main()
