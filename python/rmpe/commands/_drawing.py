"""The options of drawings, and the style that they describe."""

from __future__ import annotations

import argparse

from ..outputs.drawing_style import DrawingStyle
from ._options import fraction

__all__ = ["add_drawing", "drawing_style"]


def add_drawing(parser: argparse._ActionsContainer) -> None:
    """Add the options."""
    score = DrawingStyle().keypoint_score(None)
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
        f"hold all (default: what the card of the pose network says, else {score})",
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


def drawing_style(arguments: argparse.Namespace) -> DrawingStyle:
    """Give the style that they describe."""
    return DrawingStyle(
        min_keypoint_score=arguments.min_keypoint_score,
        min_person_score=arguments.min_person_score,
        boxes=not arguments.no_boxes,
        numbers=not arguments.no_numbers,
        scores=arguments.draw_scores,
        names=arguments.draw_names,
        blur_faces=arguments.blur_faces,
    )
