"""A whole pipeline of one's own, from rmpe's parts: read, detect, crop, estimate, suppress, draw.

`rmpe.PoseEstimator` does the same in one call. Taken apart, any step can be replaced: another
detector, a tracker between the frames, another suppression, results in a database.

    python examples/python/own_pipeline.py examples/photographs
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import torch

import rmpe
import rmpe_ext
from rmpe.detectors.detector import Detector
from rmpe.inputs.prefetch import read_batches
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.pose import PoseNetwork
from rmpe.outputs.drawing import draw
from rmpe.outputs.labels import name_images
from rmpe.outputs.records import record


@torch.no_grad()
def find_people(
    images: Sequence[torch.Tensor], detector: Detector, pose: PoseNetwork
) -> rmpe.People:
    """Find the people in RGB images (H, W, 3), uint8; all of them go through each step at once."""
    found = detector(images)

    # Cut every box out, as the pose network's card says, and estimate.
    card = pose.card
    matrices = rmpe_ext.crop_matrices(
        found.boxes, card.input.size, convention=card.crop, padding=card.padding
    )
    crops = card.input.crop(images, matrices, found.image_index)
    outputs = pose.network(crops)

    # The head decodes the outputs, through the matrices, into image pixels.
    keypoints, scores = card.head.decode(outputs, matrices)

    # One pose for each person, and each pose averaged with those that it replaces.
    confidence = found.scores * scores.square().mean(1).sqrt()
    kept = rmpe_ext.pose_nms(
        keypoints, scores, found.boxes, pose_scores=confidence, image_index=found.image_index
    )
    merged = rmpe_ext.merge_poses(keypoints, scores, found.boxes, kept.suppressor)
    people = rmpe.People(
        keypoints=merged.keypoints,
        keypoint_scores=merged.scores,
        boxes=found.boxes,
        box_scores=found.scores,
        scores=confidence,
        image_index=found.image_index,
        image_sizes=tuple((image.shape[0], image.shape[1]) for image in images),
        skeleton=card.skeleton,
        drawn_score=card.drawn_score,
    )
    return people.select(merged.keep)


def main(argv: Sequence[str] | None = None) -> None:
    """Write a drawing of each image, and all people as JSON Lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", help="images, folders or patterns")
    parser.add_argument("--models", metavar="DIR", help="folder of the networks' files")
    parser.add_argument("--detector", default=DEFAULT_DETECTOR, help="default: %(default)s")
    parser.add_argument("--pose", default=DEFAULT_POSE, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("poses"), help="default: %(default)s")
    arguments = parser.parse_args(argv)

    paths = rmpe.find_images(arguments.images)
    detector = rmpe.load_detector(arguments.detector, models_dir=arguments.models)
    pose = rmpe.load_pose(arguments.pose, models_dir=arguments.models)
    labels = dict(zip(paths, name_images(paths), strict=True))  # names without folders, distinct

    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "people.jsonl").open("w") as file:
        # The next batch is read in the background meanwhile.
        for batch in read_batches(paths, batch_size=arguments.batch_size):
            read = [(path, image) for path, image in batch if not isinstance(image, Exception)]
            for _, error in batch:
                if isinstance(error, Exception):
                    print(f"skipped {error}", file=sys.stderr)
            if not read:
                continue
            people = find_people([torch.from_numpy(image) for _, image in read], detector, pose)
            for (path, image), of_image in zip(read, people.split(), strict=True):
                label = labels[path]
                file.write(json.dumps(record(label, of_image)) + "\n")
                drawing = cv2.cvtColor(draw(image, of_image), cv2.COLOR_RGB2BGR)
                cv2.imwrite(str(arguments.out / f"{label.name}.png"), drawing)
                print(f"{label.name}: {len(of_image)} people")


if __name__ == "__main__":
    main()
