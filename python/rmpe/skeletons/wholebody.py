"""Body, feet, face and hands: the 133 keypoints of COCO-WholeBody.

Jin et al., "Whole-body human pose estimation in the wild", ECCV 2020 (arXiv 2007.11858). They are
COCO's 17, six of the feet, the 68 of a face as iBUG's 300-W numbers them, from the right ear around
the chin to the left, and 21 of each hand.
"""

from __future__ import annotations

from itertools import pairwise

from .bodies import COCO_17
from .skeleton import Skeleton

__all__ = ["BODY", "FACE", "FEET", "LEFT_HAND", "RIGHT_HAND", "WHOLEBODY_133"]

# Places of the parts among the keypoints.
BODY, FEET, FACE = slice(0, 17), slice(17, 23), slice(23, 91)
LEFT_HAND, RIGHT_HAND = slice(91, 112), slice(112, 133)

_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_HAND = ("hand_root", *(f"{finger}{joint}" for finger in _FINGERS for joint in range(1, 5)))
# Lines of a face that end, and outlines that close, by the numbers of 300-W.
_LINES = ((0, 16), (17, 21), (22, 26), (27, 30), (31, 35))
_OUTLINES = ((36, 41), (42, 47), (48, 59), (60, 67))
# Rows of numbers that run through a face from its right to its left: a row's first is the mirror
# image of its last, and so on.
_ROWS = (
    range(17), range(17, 27), range(31, 36), (36, 37, 38, 39, 42, 43, 44, 45), (41, 40, 47, 46),
    range(48, 55), range(59, 54, -1), range(60, 65), range(67, 64, -1),
)  # fmt: skip


def _face_limbs() -> list[tuple[int, int]]:
    limbs = [limb for first, last in _LINES for limb in pairwise(range(first, last + 1))]
    for first, last in _OUTLINES:
        limbs += [*pairwise(range(first, last + 1)), (last, first)]
    return [(FACE.start + a, FACE.start + b) for a, b in limbs]


def _face_pairs() -> list[tuple[int, int]]:
    return [
        (FACE.start + row[-1 - place], FACE.start + row[place])
        for row in _ROWS
        for place in range(len(row) // 2)
    ]


def _hand_limbs(hand: slice, wrist: int) -> list[tuple[int, int]]:
    root = hand.start
    limbs = [(wrist, root)]
    for first in range(root + 1, hand.stop, 4):
        limbs += [(root, first), *pairwise(range(first, first + 4))]
    return limbs


WHOLEBODY_133 = Skeleton(
    name="wholebody_133",
    keypoints=(
        *COCO_17.keypoints,
        "left_big_toe",
        "left_small_toe",
        "left_heel",
        "right_big_toe",
        "right_small_toe",
        "right_heel",
        *(f"face_{number}" for number in range(68)),
        *(f"left_{name}" for name in _HAND),
        *(f"right_{name}" for name in _HAND),
    ),
    limbs=(
        *COCO_17.limbs,
        (15, 17), (15, 18), (15, 19), (16, 20), (16, 21), (16, 22),
        *_face_limbs(),
        *_hand_limbs(LEFT_HAND, 9),
        *_hand_limbs(RIGHT_HAND, 10),
    ),
    flip_pairs=(
        *COCO_17.flip_pairs,
        (17, 20), (18, 21), (19, 22),
        *_face_pairs(),
        *zip(range(91, 112), range(112, 133), strict=True),
    ),
    # https://github.com/jin-s13/COCO-WholeBody evaluates with these.
    sigmas=(
        *(COCO_17.sigmas or ()),
        0.068, 0.066, 0.066, 0.092, 0.094, 0.094,
        0.042, 0.043, 0.044, 0.043, 0.040, 0.035, 0.031, 0.025, 0.020, 0.023, 0.029, 0.032, 0.037,
        0.038, 0.043, 0.041, 0.045, 0.013, 0.012, 0.011, 0.011, 0.012, 0.012, 0.011, 0.011, 0.013,
        0.015, 0.009, 0.007, 0.007, 0.007, 0.012, 0.009, 0.008, 0.016, 0.010, 0.017, 0.011, 0.009,
        0.011, 0.009, 0.007, 0.013, 0.008, 0.011, 0.012, 0.010, 0.034, 0.008, 0.008, 0.009, 0.008,
        0.008, 0.007, 0.010, 0.008, 0.009, 0.009, 0.009, 0.007, 0.007, 0.008, 0.011, 0.008, 0.008,
        0.008, 0.010, 0.008,
        *(
            0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022,
            0.026, 0.017, 0.021, 0.021, 0.032, 0.020, 0.019, 0.022, 0.031,
        ) * 2,
    ),
    fine=tuple(range(FACE.start, RIGHT_HAND.stop)),
)  # fmt: skip
