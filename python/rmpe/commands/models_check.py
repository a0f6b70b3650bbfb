"""``rmpe models check``: run a network on a photograph, and draw what it sees."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..listing import listed
from ..terminal import printable
from . import CommandError
from ._cards import find_card, task_of
from ._options import add_stn
from ._runtime import add_runtime, chosen_options, resolve_runtime

if TYPE_CHECKING:
    from ..inspection import Inspection
    from ..models.card import DetectorCard, PoseCard

# In place of the name of a keypoint.
_ALL = "all"

SUMMARY = "run a network on a photograph, and draw what it sees"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from .models import add_folder

    parser.description = """\
Load the network of a card, run it on a photograph, print what came out, and draw it. A pose
network is given the whole photograph as one person, unless --detector finds the people.

If keypoints look shifted, the convention of the card is wrong; if left and right change
places, the skeleton is; if scores are low everywhere, channels, scale, mean or std may be.
--draw-heatmaps shows whether the network saw nothing, or two places for one keypoint.

examples:
  rmpe models check small_hourglass_coco17 --image photo.jpg --detector small_ssd_person
  rmpe models check my-network.toml --image photo.jpg --draw-heatmaps left_wrist"""
    parser.add_argument("card", metavar="CARD", help="name, path or address of a card")
    parser.add_argument(
        "--image", required=True, metavar="PHOTO", help="photograph, with people in it"
    )
    parser.add_argument(
        "--detector", metavar="NAME", help="what finds the people of a pose network (default: none)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the drawing (default: CARD-check.png)"
    )
    parser.add_argument(
        "--draw-heatmaps",
        nargs="?",
        const=_ALL,
        metavar="KEYPOINT",
        help="lay the heatmaps of a pose network over the photograph: of all keypoints, the "
        "highest value at each place, or of one, by its name, such as left_wrist (default: none)",
    )
    parser.add_argument(
        "--draw-windows",
        action="store_true",
        help="outline what a pose network sees of each person, white, and what its spatial "
        "transformer (STN) chose of that, yellow",
    )
    add_stn(parser)
    add_folder(parser)
    add_runtime(parser)
    parser.set_defaults(models=None)


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    from ..errors import ModelError
    from ..inputs.images import ImageError, read_image
    from ..models.read import load_card
    from ..output_file import check_output, write_output

    try:
        card = load_card(arguments.card)
        image = read_image(arguments.image)
        out = arguments.out or Path(f"{card.name}-check.png")
        try:
            check_output(out)
        except OSError as error:
            raise CommandError(f"cannot write {out}: {error.strerror}") from None
        look = _see_pose if task_of(card) == "pose" else _see_boxes
        lines, drawing = look(arguments, card, image)
    except (ModelError, ImageError) as error:
        raise CommandError(str(error)) from None
    import cv2

    encoded = cv2.imencode(".png", drawing[..., ::-1])[1].tobytes()
    try:
        write_output(out, encoded)
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror}") from None
    for line in [*lines, f"drawing: {out}"]:
        print(printable(line))
    return 0


def _see_pose(
    arguments: argparse.Namespace, card: DetectorCard | PoseCard, image: Any
) -> tuple[list[str], Any]:
    from ..inspection import inspect
    from ..outputs.drawing import draw
    from ..outputs.drawing_style import DrawingStyle
    from ..pipeline import PoseEstimator

    cards = [find_card(arguments.detector, "detector")] if arguments.detector else []
    estimator = PoseEstimator(
        arguments.detector,
        arguments.card,
        device=resolve_runtime(arguments, [*cards, card]),
        models_dir=arguments.models,
        **chosen_options(arguments),
        nms=None,
        stn=arguments.stn,
    )
    height, width = image.shape[:2]
    boxes = None if arguments.detector else [[0, 0, width, height]]
    seen = inspect(estimator, image, boxes=boxes)
    people = seen.people
    points, scores = people.keypoints, people.keypoint_scores
    inside = (points >= 0).all(-1) & (points[..., 0] < width) & (points[..., 1] < height)
    lines = [f"people: {len(points)}"]
    if len(points):
        lines += [
            f"keypoints inside of the photograph: {int(inside.sum())} of {inside.numel()}",
            f"scores of keypoints: {scores.min():.3f} to {scores.max():.3f}, "
            f"mean {scores.mean():.3f}",
        ]
    style = DrawingStyle(names=True, min_person_score=0.0)
    return lines, draw(_overlaid(arguments, image, seen), people, style)


def _overlaid(arguments: argparse.Namespace, image: Any, seen: Inspection) -> Any:
    """Lay over the photograph what the options ask for."""
    from ..outputs.overlays import draw_heatmaps, draw_windows

    keypoint, names = arguments.draw_heatmaps, seen.people.skeleton.keypoints
    if keypoint is not None:
        if seen.heatmaps is None or seen.matrices is None:
            raise CommandError(f"--draw-heatmaps: {arguments.card} gives no heatmaps")
        if keypoint not in (_ALL, *names):
            raise CommandError(
                f"--draw-heatmaps must be one of {listed(names)}, or have no value for all, "
                f"got {keypoint}"
            )
        heatmaps = seen.heatmaps
        if keypoint != _ALL:
            heatmaps = heatmaps[:, [names.index(keypoint)]]
        image = draw_heatmaps(image, heatmaps.cpu().numpy(), seen.matrices.cpu().numpy())
    if arguments.draw_windows:
        windows = None if seen.windows is None else seen.windows.cpu().numpy()
        image = draw_windows(image, seen.crops.cpu().numpy(), windows)
    return image


def _see_boxes(
    arguments: argparse.Namespace, card: DetectorCard | PoseCard, image: Any
) -> tuple[list[str], Any]:
    import torch

    from ..models.build import load_detector
    from ..models.run_options import run_options
    from ..outputs.drawing import draw_boxes

    if arguments.detector:
        raise CommandError("--detector is for the cards of pose networks")
    if arguments.draw_heatmaps is not None or arguments.draw_windows:
        raise CommandError("--draw-heatmaps and --draw-windows are for the cards of pose networks")
    device = resolve_runtime(arguments, [card])
    options = run_options(card, **chosen_options(arguments))
    detector = load_detector(arguments.card, device=device, models_dir=arguments.models, **options)
    found = detector([torch.from_numpy(image).to(device)])
    lines = [f"people: {len(found)}"]
    for box, score in zip(found.boxes.tolist(), found.scores.tolist(), strict=True):
        corners = ", ".join(f"{side:.0f}" for side in box)
        lines.append(f"  {score:.3f} at {corners}")
    texts = [f"{score:.2f}" for score in found.scores.tolist()]
    return lines, draw_boxes(image, found.boxes.cpu().numpy(), texts)
