"""Texts of a drawing: inside the picture, clear of each other, readable, and never too many."""

import numpy as np
import pytest

from rmpe.outputs import captions
from rmpe.outputs.captions import Captions
from rmpe.outputs.drawing import draw, draw_boxes
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.lettering import label_area, write_label

from .test_drawing import gray, make_people


@pytest.fixture
def areas(monkeypatch):
    """What is written, and where: text -> (left, top, right, bottom)."""
    found = {}

    def write(canvas, text, place, height):
        left, top, rows, columns = label_area(canvas, text, place, height)
        found.setdefault(text, []).append((left, top, left + columns, top + rows))
        write_label(canvas, text, place, height)

    monkeypatch.setattr(captions, "write_label", write)
    return found


def every(areas):
    return [area for some in areas.values() for area in some]


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def assert_apart(areas, size):
    boxes = every(areas)
    for number, one in enumerate(boxes):
        assert 0 <= one[0] and 0 <= one[1] and one[2] <= size[1] and one[3] <= size[0]
        assert not any(overlap(one, other) for other in boxes[:number])


@pytest.mark.parametrize("size", [(250, 250), (600, 600), (600, 300), (2000, 1500)])
def test_names_of_joints_and_of_the_person_keep_clear_of_each_other(areas, size):
    draw(gray(size), make_people(size), DrawingStyle(names=True, scores=True))
    assert "0 0.90" in areas and "left wrist" in areas
    # In a face there may be no room for all.
    assert len(every(areas)) >= 14
    assert_apart(areas, size)


def test_people_in_boxes_that_begin_in_one_place(areas):
    boxes = np.array([[100, 100, 300 + 20 * n, 300 + 20 * n] for n in range(4)], float)
    draw_boxes(gray((400, 400)), boxes, ["0.91", "0.82", "0.73", "0.64"])
    assert_apart(areas, (400, 400))


def test_everybody_is_named_though_there_is_no_room(areas):
    boxes = np.array([[10, 10, 60, 60]] * 9, float)
    draw_boxes(gray((70, 70)), boxes, [str(number) for number in range(9)])
    assert sorted(areas) == [str(number) for number in range(9)]


def test_names_do_not_cover_their_joints_at_the_edge(areas):
    size = (400, 400)
    writing = Captions(gray(size))
    places = {"right": (398, 200), "left": (1, 100), "bottom": (200, 399), "top": (200, 0)}
    for name, place in places.items():
        writing.write_joint(name, np.array(place, float), 300)
    assert areas.keys() == places.keys()
    for name, (x, y) in places.items():
        ((left, top, right, bottom),) = areas[name]
        assert not (left <= x < right and top <= y < bottom)


def test_there_is_no_room_for_a_name_twice(areas):
    writing = Captions(gray((400, 400)))
    for number in range(9):
        writing.write_joint(f"left wrist {number}", np.array([200.0, 200.0]), 300)
    assert len(areas) == 4
    assert_apart(areas, (400, 400))
