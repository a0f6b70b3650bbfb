"""Who and what a drawing shows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rmpe_ext.validation.checks import TYPES, check_real, check_type

__all__ = ["DrawingStyle"]


# Of the joints' threshold. A person's score is the box's times a mean of the joints' scores, so
# the two go together, whatever scores a network gives. At these numbers, `ssd_mobilenet_v1_coco`
# and `simplepose_coco17` draw 49 people who are there and 9 who are not, of 36 photographs
# (`python -m bench.drawings`), and of their joints 95 of 100 are right.
_PERSON_SCORE = 0.75
_KEYPOINT_SCORE = 0.3


@dataclass(frozen=True)
class DrawingStyle:
    """Who and what a drawing shows.

    Attributes
    ----------
    min_keypoint_score : float, optional
        Joints that score lower are left out. Networks differ: where omitted, it is what the card
        of the one that found the people says (`People.drawn_score`), and .3 where that is nothing.
    min_person_score : float, optional
        People that score lower (`People.scores`) are left out; .75 of the score that holds for
        joints where omitted.
    boxes : bool
        Draw each person's box too.
    numbers : bool
        Write the index that each person has in the record, and so in the files; the identity where
        people were tracked.
    scores : bool
        Write each person's score.
    names : bool
        Write the name of each joint for which there is room, on people of at least 180 pixels.
    blur_faces : bool
        Make the faces of all people unrecognizable, of those too who are not drawn.

    Raises
    ------
    TypeError, ValueError
        A score is no finite number, or another field neither True nor False.

    Examples
    --------
    >>> DrawingStyle().keypoint_score(0.2), DrawingStyle().keypoint_score(None)
    (0.2, 0.3)
    >>> DrawingStyle(min_keypoint_score=0.5).person_score(0.2)
    0.375
    """

    min_keypoint_score: float | None = None
    min_person_score: float | None = None
    boxes: bool = True
    numbers: bool = True
    scores: bool = False
    names: bool = False
    blur_faces: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not field.name.startswith("min_"):
                check_type(TYPES, field.name, value, "bool")
            elif value is not None:
                check_real(TYPES, field.name, value, "finite")

    def keypoint_score(self, drawn_score: float | None) -> float:
        """Give the least score of the joints that are drawn, of people with such a `drawn_score`.

        It is that of `People`, or of ``run.json``; None where it is not known.
        """
        known = (self.min_keypoint_score, drawn_score, _KEYPOINT_SCORE)
        return next(score for score in known if score is not None)

    def person_score(self, drawn_score: float | None) -> float:
        """Give the least score of the people that are drawn, likewise."""
        if self.min_person_score is not None:
            return self.min_person_score
        return _PERSON_SCORE * self.keypoint_score(drawn_score)
