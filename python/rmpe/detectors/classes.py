"""What the columns of a detector's scores stand for: lists that cards name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rmpe_ext.validation.checks import show

from ..class_names import PERSON
from ..errors import ModelError
from ..listing import listed

if TYPE_CHECKING:
    from ..toml_table import Table

__all__ = ["CLASS_LISTS", "find_columns", "read_classes", "write_classes"]

# A card may come from anywhere, and must not ask for more memory than there is.
_MOST_CLASSES = 10_000

_COCO = (
    "person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire "
    "hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, "
    "bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, "
    "snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis "
    "racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, "
    "orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, "
    "dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, "
    "toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier, "
    "toothbrush"
).split(", ")
_VOC = (
    "aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair, cow, diningtable, dog, "
    "horse, motorbike, person, pottedplant, sheep, sofa, train, tvmonitor"
).split(", ")
# Numbers up to 90 that COCO's annotations leave out.
_COCO_GAPS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
# A column without a name.
_NOTHING = ""


def _with_gaps(names: Sequence[str]) -> tuple[str, ...]:
    left = iter(names)
    numbers = range(1, len(names) + len(_COCO_GAPS) + 1)
    return tuple(_NOTHING if number in _COCO_GAPS else next(left) for number in numbers)


# Name in a card -> the name of each column; the background's has none.
CLASS_LISTS = {
    "coco_80": tuple(_COCO),
    "coco_81": (_NOTHING, *_COCO),
    "coco_91": (_NOTHING, *_with_gaps(_COCO)),
    "voc_21": (_NOTHING, *_VOC),
}


def read_classes(output: Table) -> tuple[str, ...]:
    """Read the name of each column from the table ``[output]`` of a card.

    It names a list, or holds one, with the name of each column, or it gives the column of people,
    of whom alone the card knows.
    """
    if "classes" in output:
        found = output.take(
            "classes",
            f"one of {', '.join(CLASS_LISTS)}, or a list of the name of each column",
            _are_classes,
        )
        return CLASS_LISTS[found] if isinstance(found, str) else tuple(found)
    return ("",) * output.integer("person", 0, _MOST_CLASSES) + (PERSON,)


def _are_classes(value: Any) -> bool:
    if isinstance(value, str):
        return value in CLASS_LISTS
    return (
        isinstance(value, list)
        and 1 <= len(value) <= _MOST_CLASSES
        and all(isinstance(name, str) for name in value)
        and 1 <= len(names := [name for name in value if name]) == len(set(names))
    )


def write_classes(classes: tuple[str, ...]) -> dict[str, str | int | list[str]]:
    """Give the key of the table ``[output]`` from which `read_classes` reads these.

    Examples
    --------
    >>> write_classes(("", "person")), write_classes(CLASS_LISTS["voc_21"])
    ({'person': 1}, {'classes': 'voc_21'})
    >>> write_classes(("", "person", "dog"))
    {'classes': ['', 'person', 'dog']}
    """
    for name, known in CLASS_LISTS.items():
        if known == classes:
            return {"classes": name}
    if [name for name in classes if name] == [PERSON]:
        return {"person": classes.index(PERSON)}
    return {"classes": list(classes)}


def find_columns(source: str, known: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Find the columns that stand for classes.

    Parameters
    ----------
    source : str
        What knows the classes, for the message.
    known : sequence of str
        The name of each column; ``""`` for those without.
    classes : sequence of str
        Those to find.

    Raises
    ------
    rmpe.ModelError
        Where there is no such class, or one is there twice.
    TypeError
        Where `classes` are no names.

    Examples
    --------
    >>> find_columns("model mine", ["", "person", "dog"], ["dog", "person"])
    [2, 1]
    """
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        raise TypeError(f"classes must be a list of names, got {show(classes)}")
    for name in classes:
        if not isinstance(name, str):
            raise TypeError(f"classes must be names, got {show(name)}")
    names = [name for name in known if name]
    unknown = [name for name in classes if name not in names]
    if unknown or not classes:
        raise ModelError(
            f"{source}: classes must be one or more of {listed(names)}, "
            f"got {listed(unknown) or 'none'}"
        )
    if len(set(classes)) < len(classes):
        raise ModelError(f"classes must differ, got {listed(classes)}")
    return [known.index(name) for name in classes]
