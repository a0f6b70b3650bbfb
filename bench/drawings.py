"""Count who is drawn on photographs with annotated people: ``python -m bench.drawings``.

Every person that the default drawing shows is one of these:

true
    It shows an annotated person: its box has an IoU of at least .5 with the person's, or, where
    the person's keypoints are annotated, its pose an OKS of at least .5. Nobody shows, nor is shown
    by, two: the best pairs come first.
duplicate
    It shows an annotated person whom somebody else shows better.
crowd
    Neither, and at least half of its box lies in a region that is annotated as a crowd.
false
    None of these. Annotations are not complete, and boxes are not exact, so to look at the pictures
    of those is worth the while: ``--out`` names a folder for all drawings.

Beside them: boxes that are drawn around nothing, and, of the true people with annotated keypoints,
how many of the labeled joints that are drawn are right (an OKS of that joint of at least .5).
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

import numpy as np

from rmpe import People, PoseEstimator
from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import Dataset
from rmpe.inputs.images import read_image
from rmpe.metrics.box_iou import box_area, box_intersection, box_iou
from rmpe.metrics.oks import oks
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.outputs.drawing import draw
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.drawn import drawn_joints

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(os.environ.get("RMPE_MODELS") or SHARED / "models")
DATA = Path(os.environ.get("RMPE_DATA") or SHARED / "data")

_ALIKE = 0.5


def count_drawn(people: People, dataset: Dataset, image: int, style: DrawingStyle) -> Counter[str]:
    """Count who is drawn on an image.

    Parameters
    ----------
    people : People
        Everybody who was found in the image.
    dataset : Dataset
        Holds who is there.
    image : int
        Its index in the data set.
    style : DrawingStyle
        Says who is drawn.

    Returns
    -------
    Counter
        Of ``true``, ``duplicate``, ``crowd``, ``false``, ``empty box``, ``right joint``,
        ``wrong joint``.
    """
    joints = drawn_joints(people, style)
    drawn = joints.any(1)
    joints, boxes = joints[drawn], people.boxes.numpy()[drawn].astype(float)
    poses = people.keypoints.numpy()[drawn].astype(float)
    there = dataset.people(image)
    crowd, labeled = dataset.crowd[there], dataset.labeled[there]
    shared = box_iou(boxes[:, None], dataset.boxes[there])
    inside = box_intersection(boxes[:, None], dataset.boxes[there])
    own = inside / box_area(boxes)[:, None].clip(1e-9)
    assert dataset.skeleton.sigmas is not None
    found = (dataset.keypoints[there], dataset.visibility[there])
    similar = oks(
        poses[:, None], *found, dataset.boxes[there], dataset.areas[there], dataset.skeleton.sigmas
    )
    alike = np.where(crowd, 0, np.maximum(shared, np.where(labeled, similar, 0)))

    counts: Counter[str] = Counter()
    shown_by: dict[int, int] = {}
    for place in np.argsort(-alike, axis=None, kind="stable"):
        person, truth = np.unravel_index(place, alike.shape)
        if alike[person, truth] < _ALIKE:
            break
        if person not in shown_by.values() and truth not in shown_by:
            shown_by[int(truth)] = int(person)
    for person in range(len(poses)):
        if person in shown_by.values():
            counts["true"] += 1
        elif (alike[person] >= _ALIKE).any():
            counts["duplicate"] += 1
        elif (own[person, crowd] >= 0.5).any():
            counts["crowd"] += 1
        else:
            counts["false"] += 1
        counts["empty box"] += int(not joints[person].any())

    for truth, person in shown_by.items():
        keypoints, visible = (array[truth] for array in found)
        squares = ((poses[person] - keypoints) ** 2).sum(-1)
        spread = 2 * (2 * np.array(dataset.skeleton.sigmas)) ** 2 * dataset.areas[there][truth]
        right = np.exp(-squares / spread) >= _ALIKE
        known = joints[person] & (visible > 0)
        counts["right joint"] += int((known & right).sum())
        counts["wrong joint"] += int((known & ~right).sum())
    return counts


def main() -> None:
    """Count over all photographs and print the sums."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--detector", default=DEFAULT_DETECTOR)
    parser.add_argument("--pose", default=DEFAULT_POSE)
    for score in ("--min-keypoint-score", "--min-person-score"):
        parser.add_argument(score, type=float, help="(default: that of all drawings)")
    parser.add_argument("--out", type=Path, help="folder for the drawings (default: none)")
    arguments = parser.parse_args()

    coco = DATA / "coco-mini"
    dataset = load_dataset(coco / "person_keypoints.json", coco / "images")
    estimator = PoseEstimator(arguments.detector, arguments.pose, models_dir=MODELS)
    style = DrawingStyle(arguments.min_keypoint_score, arguments.min_person_score)
    counts: Counter[str] = Counter()
    for image, path in enumerate(dataset.paths):
        people = estimator([path])
        if people.skeleton != dataset.skeleton:
            parser.error(
                f"--pose must find the keypoints of {dataset.skeleton.name}, "
                f"{arguments.pose} finds {people.skeleton.name}"
            )
        found = count_drawn(people, dataset, image, style)
        counts += found
        if arguments.out is not None:
            from PIL import Image

            arguments.out.mkdir(parents=True, exist_ok=True)
            drawing = draw(read_image(path), people, style)
            Image.fromarray(drawing).save(arguments.out / f"{path.stem}.png")
    print(f"{len(dataset)} photographs")
    for name in ("true", "duplicate", "crowd", "false", "empty box", "right joint", "wrong joint"):
        print(f"{name:<12}{counts[name]:5d}")


if __name__ == "__main__":
    main()
