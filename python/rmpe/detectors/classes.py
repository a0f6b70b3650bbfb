"""What the columns of a detector's scores stand for: lists that cards name."""

from __future__ import annotations

__all__ = ["CLASS_LISTS"]

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


def _with_gaps(names: list[str]) -> tuple[str, ...]:
    left = iter(names)
    numbers = range(1, len(names) + len(_COCO_GAPS) + 1)
    return tuple(_NOTHING if number in _COCO_GAPS else next(left) for number in numbers)


# Name in a card -> the name of each column; the first one is the background's.
CLASS_LISTS = {
    "coco_81": (_NOTHING, *_COCO),
    "coco_91": (_NOTHING, *_with_gaps(_COCO)),
    "voc_21": (_NOTHING, *_VOC),
}
