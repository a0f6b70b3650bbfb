"""Measure tracking on sequences made from still photographs: ``python -m bench.tracking``.

A sequence shows people, cut out of annotated photographs along their segmentation, who walk to and
fro over a blurred photograph, near and far, and pass in front of each other. Where everybody is in
every frame is known. The detector and the pose network see the frames; each tracker gets the same
people. HOTA, IDF1, MOTA and identity switches are those of TrackEval, at IoU of boxes; a person of
whom less than a quarter can be seen is neither right nor wrong.

The people's poses do not change as they walk, which makes poses easier to recognize than on video.

Needs: pip install trackeval trackers
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from rmpe import People, PoseEstimator
from rmpe.metrics.box_iou import box_iou
from rmpe.trackers.parameters import SIMILARITIES, TrackingParameters
from rmpe.trackers.tracker import track

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODELS = Path(os.environ.get("RMPE_MODELS") or SHARED / "models")
DATA = Path(os.environ.get("RMPE_DATA") or SHARED / "data")

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

HEIGHT, WIDTH = 480, 640
# A person counts while at least so much of them can be seen.
VISIBLE = 0.25


@dataclass(frozen=True)
class Cutout:
    """A person of a photograph: RGB and how much of each pixel is theirs, 0 to 1."""

    pixels: Pixels
    alpha: npt.NDArray[np.float32]


def cutouts(folder: Path) -> tuple[list[Cutout], list[Pixels]]:
    """Cut out the people who are large, whole and annotated, and blur the photographs."""
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(folder / "person_keypoints.json")
    people, backgrounds = [], []
    for image_id in sorted(coco.getImgIds()):
        info = coco.imgs[image_id]
        path = folder / "images" / info["file_name"]
        if not path.exists():  # Of the annotated photographs, the folder holds some.
            continue
        image = cv2.imread(str(path))[:, :, ::-1]
        blurred = cv2.GaussianBlur(cv2.resize(image, (WIDTH, HEIGHT)), (0, 0), 40)
        backgrounds.append(blurred)
        for one in coco.imgToAnns[image_id]:
            x, y, w, h = one["bbox"]
            inside = x > 3 and y > 3 and x + w < info["width"] - 3 and y + h < info["height"] - 3
            if one["iscrowd"] or one["num_keypoints"] < 12 or h < 120 or not inside:
                continue
            x1, y1, x2, y2 = int(x), int(y), int(np.ceil(x + w)), int(np.ceil(y + h))
            mask = coco.annToMask(one)[y1:y2, x1:x2].astype(np.float32)
            people.append(Cutout(image[y1:y2, x1:x2].copy(), cv2.GaussianBlur(mask, (3, 3), 0)))
    return people, backgrounds


def sequence(
    people: list[Cutout], background: Pixels, frames: int, rng: np.random.Generator
) -> Iterator[tuple[Pixels, Floats, Floats]]:
    """Yield frame after frame: pixels, and of each person the box and the part that can be seen."""
    size = rng.uniform(0.3, 0.6, len(people)) * HEIGHT
    middle, reach = rng.uniform(0.3, 0.7, len(people)), rng.uniform(0.2, 0.4, len(people))
    period, phase = rng.uniform(60, 120, len(people)), rng.uniform(0, 2 * np.pi, len(people))
    ground = HEIGHT * rng.uniform(0.8, 0.95, len(people))
    for t in range(frames):
        canvas = background.astype(np.float32)
        swing = 2 * np.pi * t / period + phase
        boxes = np.empty((len(people), 4))
        owner = np.full((HEIGHT, WIDTH), -1)
        drawn = np.zeros(len(people))
        for i in np.argsort(ground):  # From the far ones to the near ones.
            height = size[i] * (1 + 0.1 * np.sin(swing[i] / 2))
            width = height * people[i].pixels.shape[1] / people[i].pixels.shape[0]
            x = WIDTH * (middle[i] + reach[i] * np.sin(swing[i])) - width / 2
            boxes[i] = x, ground[i] - height, x + width, ground[i]
            scale = height / people[i].pixels.shape[0]
            matrix = np.array([[scale, 0, x], [0, scale, ground[i] - height]])
            warped = [
                cv2.warpAffine(part, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
                for part in (people[i].pixels, people[i].alpha)
            ]
            canvas += (warped[0] - canvas) * warped[1][..., None]
            owner[warped[1] > 0.5] = i
            drawn[i] = (people[i].alpha > 0.5).sum() * scale**2
        seen = np.array([(owner == i).sum() for i in range(len(people))]) / drawn
        yield canvas.round().astype(np.uint8), boxes, seen


@dataclass(frozen=True)
class Sequence:
    """What the trackers get, and what is right."""

    people: list[People]
    boxes: list[Floats]
    seen: list[Floats]


def prepare(seeds: range, frames: int, threshold: float) -> list[Sequence]:
    """Make the sequences and run the networks on them."""
    estimator = PoseEstimator(
        "ssd_mobilenet_v1_coco", "simplepose_coco17", models_dir=MODELS, threshold=threshold
    )
    sprites, backgrounds = cutouts(DATA / "coco-mini")
    sequences = []
    for seed in tqdm(seeds, unit="sequence", disable=None):
        rng = np.random.default_rng(seed)
        chosen = [sprites[i] for i in rng.choice(len(sprites), 5, replace=False)]
        background = backgrounds[rng.integers(len(backgrounds))]
        shown = list(sequence(chosen, background, frames, rng))
        people = [one for image, _, _ in shown for one in estimator([image]).split()]
        sequences.append(Sequence(people, [boxes for _, boxes, _ in shown],
                                  [seen for _, _, seen in shown]))  # fmt: skip
    return sequences


def ours(parameters: TrackingParameters) -> Callable[[list[People]], list[People]]:
    """Our tracker."""

    def run(frames: list[People]) -> list[People]:
        return track(None, People.concatenate(frames), parameters)[1].split()

    return run


def bytetrack(**parameters: float) -> Callable[[list[People]], list[People]]:
    """ByteTrack of the package trackers, on the boxes alone."""
    import supervision
    from trackers import ByteTrackTracker

    def run(frames: list[People]) -> list[People]:
        tracker, tracked = ByteTrackTracker(**parameters), []
        for people in frames:
            detections = supervision.Detections(
                people.boxes.numpy().astype(np.float64),
                confidence=people.scores.numpy(),
                data={"row": np.arange(len(people))},
            )
            found = tracker.update(detections)
            ids = torch.full((len(people),), -1)
            ids[torch.from_numpy(found.data["row"].astype(np.int64))] = torch.from_numpy(
                found.tracker_id.astype(np.int64)
            )
            # Its first identity is 0.
            tracked.append(replace(people, track_ids=torch.where(ids < 0, ids, ids + 1)))
        return tracked

    return run


def trackeval_data(sequence: Sequence, tracked: list[People]) -> dict[str, object]:
    """Give TrackEval what it counts: identities without gaps, and similarities, frame by frame."""
    right, found, similarities = [], [], []
    for boxes, seen, people in zip(sequence.boxes, sequence.seen, tracked, strict=True):
        assert people.track_ids is not None
        people = people.select(people.track_ids > 0)
        iou = box_iou(boxes[:, None], people.boxes.double().numpy())
        counted = seen >= VISIBLE
        # Who shows somebody that hardly can be seen is neither right nor wrong.
        ignored = (iou[~counted] >= 0.5).any(axis=0) & ~(iou[counted] >= 0.5).any(axis=0)
        right.append(np.flatnonzero(counted))
        found.append(people.track_ids.numpy()[~ignored])
        similarities.append(iou[counted][:, ~ignored])
    names = np.unique(np.concatenate(found)) if found else np.zeros(0)
    found = [np.searchsorted(names, ids) for ids in found]
    return {
        "num_timesteps": len(right),
        "num_gt_dets": sum(map(len, right)),
        "num_tracker_dets": sum(map(len, found)),
        "num_gt_ids": len(sequence.boxes[0]),
        "num_tracker_ids": len(names),
        "gt_ids": right,
        "tracker_ids": found,
        "similarity_scores": similarities,
    }


def measure(
    sequences: list[Sequence], run: Callable[[list[People]], list[People]]
) -> dict[str, float]:
    """Give the combined metrics of all sequences, in percent, and the identity switches."""
    from trackeval.metrics import CLEAR, HOTA, Identity

    quiet = {"PRINT_CONFIG": False}
    metrics = {"HOTA": HOTA(), "Identity": Identity(quiet), "CLEAR": CLEAR(quiet)}
    data = [trackeval_data(one, run(one.people)) for one in sequences]
    combined = {
        name: metric.combine_sequences({
            str(i): metric.eval_sequence(one) for i, one in enumerate(data)
        })
        for name, metric in metrics.items()
    }  # fmt: skip
    return {
        "HOTA": 100 * float(np.mean(combined["HOTA"]["HOTA"])),
        "AssA": 100 * float(np.mean(combined["HOTA"]["AssA"])),
        "IDF1": 100 * float(combined["Identity"]["IDF1"]),
        "MOTA": 100 * float(combined["CLEAR"]["MOTA"]),
        "IDSW": float(combined["CLEAR"]["IDSW"]),
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sequences", type=int, default=12, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first sequence")
    parser.add_argument("--frames", type=int, default=90, metavar="N", help="of each sequence")
    parser.add_argument("--threshold", type=float, default=0.2, help="of the detector")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.sequences)
    sequences = prepare(seeds, arguments.frames, arguments.threshold)
    default = TrackingParameters()
    trackers = {
        **{f"rmpe, {name}": ours(TrackingParameters(similarity=name)) for name in SIMILARITIES},
        "ByteTrack": bytetrack(
            track_activation_threshold=default.high_score,
            high_conf_det_threshold=default.high_score,
        ),
        "ByteTrack, its defaults": bytetrack(),
    }
    rows = {name: measure(sequences, run) for name, run in trackers.items()}
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'':24}" + "".join(f"{metric:>7}" for metric in next(iter(rows.values()))))
    for name, row in rows.items():
        numbers = (f"{v:7.0f}" if metric == "IDSW" else f"{v:7.1f}" for metric, v in row.items())
        print(f"{name:24}" + "".join(numbers))


if __name__ == "__main__":
    main()
