"""The options of drawings, and the style that they describe."""

from __future__ import annotations

import argparse

from ..outputs.drawing_style import DrawingStyle
from ._options import fraction

__all__ = ["add_drawing", "drawing_style"]


def add_drawing(parser: argparse._ActionsContainer, *, networks: bool) -> None:
    """Add the options; with `networks`, the card of one may say which joints are sure."""
    score = str(DrawingStyle.min_keypoint_score)
    if networks:
        score = f"the pose network's own, {score} where its card says nothing"
    parser.add_argument("--no-boxes", action="store_true", help="draw no boxes around people")
    parser.add_argument(
        "--no-numbers",
        action="store_true",
        help="do not write on each person the index, or identity, that the result files have",
    )
    parser.add_argument("--draw-scores", action="store_true", help="write each person's score")
    parser.add_argument(
        "--draw-names",
        action="store_true",
        help="write the names of joints, on people of at least 180 pixels",
    )
    parser.add_argument(
        "--min-keypoint-score",
        type=fraction,
        metavar="SCORE",
        help="draw joints that score at least this, and have a neighbor that does; result files "
        f"hold all (default: {score})",
    )
    parser.add_argument(
        "--min-person-score",
        type=fraction,
        metavar="SCORE",
        help="draw people who score at least this, the box's score times a mean of the joints'; "
        "result files hold all that --threshold lets through, as measures such as AP want them "
        "(default: 0.75 of --min-keypoint-score)",
    )
    parser.add_argument(
        "--blur-faces",
        action="store_true",
        help="make the faces of all people unrecognizable, of those too who are not drawn",
    )


def drawing_style(arguments: argparse.Namespace, score: float | None = None) -> DrawingStyle:
    """Give the style; `score` is the least of a keypoint, where none is named."""
    known = (arguments.min_keypoint_score, score, DrawingStyle.min_keypoint_score)
    return DrawingStyle(
        min_keypoint_score=next(one for one in known if one is not None),
        min_person_score=arguments.min_person_score,
        boxes=not arguments.no_boxes,
        numbers=not arguments.no_numbers,
        scores=arguments.draw_scores,
        names=arguments.draw_names,
        blur_faces=arguments.blur_faces,
    )
