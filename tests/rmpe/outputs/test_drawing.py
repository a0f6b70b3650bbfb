"""Drawings of poses."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from rmpe.outputs import captions
from rmpe.outputs.drawing import COLORS, draw, draw_boxes, sides_of
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.people import People
from rmpe.skeletons import AIC_14, COCO_17, MPII_16, WHOLEBODY_133

# A standing figure, facing the camera, in a unit square.
FIGURE = np.array([
    (0.50, 0.10), (0.54, 0.07), (0.46, 0.07), (0.58, 0.10), (0.42, 0.10), (0.65, 0.25),
    (0.35, 0.25), (0.75, 0.40), (0.25, 0.40), (0.80, 0.55), (0.20, 0.55), (0.60, 0.55),
    (0.40, 0.55), (0.60, 0.75), (0.40, 0.75), (0.60, 0.95), (0.40, 0.95),
])  # fmt: skip


# Skeletons and nothing else.
BARE = DrawingStyle(boxes=False, numbers=False)


def make_people(size, *, count=1, score=0.9):
    height, width = size
    return People(
        keypoints=torch.tensor(FIGURE * (width, height), dtype=torch.float32).repeat(count, 1, 1),
        keypoint_scores=torch.full((count, 17), score),
        boxes=torch.tensor([[0.15, 0.03, 0.85, 0.98]]).repeat(count, 1)
        * torch.tensor([width, height, width, height]),
        box_scores=torch.full((count,), 0.9),
        scores=torch.full((count,), 0.9),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=(size,),
        skeleton=COCO_17,
    )


def gray(size):
    return np.full((*size, 3), 128, np.uint8)


def color_at(drawing, point):
    x, y = np.rint(point).astype(int)
    return drawing[y, x].astype(int)


def test_input_stays_and_a_new_image_comes_back():
    image = gray((300, 200))
    before = image.copy()
    drawing = draw(image, make_people((300, 200)))
    np.testing.assert_array_equal(image, before)
    assert (drawing.shape, drawing.dtype) == (image.shape, np.uint8)
    assert not np.shares_memory(drawing, image)
    assert (drawing != image).any()


def test_nobody_gives_a_copy():
    image = gray((30, 20))
    drawing = draw(image, make_people((30, 20), count=0))
    np.testing.assert_array_equal(drawing, image)
    assert not np.shares_memory(drawing, image)


@pytest.mark.parametrize(
    ("limb", "side"),
    [
        (("left_shoulder", "left_elbow"), "left"),
        (("right_knee", "right_ankle"), "right"),
        (("left_hip", "right_hip"), "middle"),
    ],
)
def test_limbs_have_the_color_of_their_side(limb, side):
    people = make_people((500, 500))
    drawing = draw(gray((500, 500)), people, BARE)
    a, b = (COCO_17.keypoints.index(name) for name in limb)
    middle = people.keypoints[0, [a, b]].numpy().mean(0)
    distances = {
        name: np.abs(color_at(drawing, middle) - color).sum() for name, color in COLORS.items()
    }
    assert min(distances, key=distances.get) == side


def test_sides_of_every_skeleton_follow_the_names():
    for skeleton in (COCO_17, AIC_14, MPII_16):
        for name, side in zip(skeleton.keypoints, sides_of(skeleton), strict=True):
            if name.startswith(("left", "right")):
                assert name.startswith(side), (skeleton.name, name)
            else:
                assert side == "middle", (skeleton.name, name)


def test_sides_do_not_depend_on_the_order_within_a_pair():
    mirrored = dataclasses.replace(COCO_17, flip_pairs=tuple((b, a) for a, b in COCO_17.flip_pairs))
    assert sides_of(mirrored) == sides_of(COCO_17)


def test_joints_below_the_threshold_are_left_out():
    image = gray((200, 200))
    people = make_people((200, 200), score=0.3)
    assert (draw(image, people, DrawingStyle(0.3)) != image).any()
    np.testing.assert_array_equal(draw(image, people, DrawingStyle(0.31, 0)), image)


def test_limb_needs_both_its_joints():
    people = make_people((500, 500))
    people.keypoint_scores[0, COCO_17.keypoints.index("left_wrist")] = 0
    drawing = draw(gray((500, 500)), people, BARE)
    ends = [COCO_17.keypoints.index(name) for name in ("left_elbow", "left_wrist")]
    middle = people.keypoints[0, ends].numpy().mean(0)
    np.testing.assert_array_equal(color_at(drawing, middle), (128, 128, 128))


def test_nobody_without_a_joint_gets_a_box_or_a_number():
    people = make_people((200, 200), score=0.0)
    image = gray((200, 200))
    np.testing.assert_array_equal(draw(image, people), image)


def test_boxes_can_be_left_out():
    people = make_people((200, 200))
    style = dataclasses.replace(BARE, boxes=True)
    changed = (draw(gray((200, 200)), people, style) != 128).any(-1)
    assert changed[6, 30:170].all()
    assert not (draw(gray((200, 200)), people, BARE) != 128).any(-1)[6, 30:60].any()


def dark_pixels(drawing):
    """Of the ground that texts are written on."""
    return (drawing == (22, 22, 26)).all(-1)


@pytest.mark.parametrize("style", [{"numbers": True}, {"scores": True}, {"names": True}])
def test_texts_are_written_where_they_are_asked_for(style):
    people, image = make_people((600, 600)), gray((600, 600))
    assert not dark_pixels(draw(image, people, BARE)).any()
    assert dark_pixels(draw(image, people, dataclasses.replace(BARE, **style))).sum() > 100


def test_number_is_the_index_whoever_else_is_left_out(monkeypatch):
    written = []
    monkeypatch.setattr(captions, "write_label", lambda canvas, text, *place: written.append(text))
    people = make_people((600, 600), count=4)
    people.keypoints[3] += 300  # Else it would repeat the one before.
    people.scores[:] = torch.tensor([0.1, 0.1, 0.9, 0.8])
    draw(gray((600, 600)), people)
    draw(gray((600, 600)), people, DrawingStyle(scores=True))
    assert sorted(written) == ["2", "2 0.90", "3", "3 0.80"]


def test_names_are_left_out_where_they_would_cover_the_person(monkeypatch):
    written = []
    monkeypatch.setattr(captions, "write_label", lambda canvas, text, *place: written.append(text))
    style = dataclasses.replace(BARE, names=True)
    draw(gray((100, 100)), make_people((100, 100)), style)
    assert written == []
    draw(gray((600, 600)), make_people((600, 600)), style)
    assert "left wrist" in written
    assert len(written) == 17


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_joints_that_are_not_finite_are_left_out(bad):
    people = make_people((200, 200))
    people.keypoints[0, 0, 0] = bad
    people.keypoint_scores[0, 5] = bad if bad != math.inf else math.nan
    people.boxes[0, 2] = bad
    draw(gray((200, 200)), people)


@pytest.mark.parametrize("place", [0, 2])
def test_who_has_no_box_is_as_large_as_the_joints(place):
    people, image = make_people((300, 300)), gray((300, 300))
    style = dataclasses.replace(BARE, numbers=True)
    expected = dataclasses.replace(people, boxes=torch.tensor(
        [[*FIGURE.min(0) * 300, *FIGURE.max(0) * 300]], dtype=torch.float32))  # fmt: skip
    people.boxes[0, place] = math.nan
    drawing = draw(image, people, dataclasses.replace(style, boxes=True))
    np.testing.assert_array_equal(drawing, draw(image, expected, style))


def test_coordinates_far_outside_are_harmless():
    people = make_people((200, 200))
    people.keypoints[0, 9] = torch.tensor([1e30, -1e30])
    people.boxes[0] = torch.tensor([-1e20, -1e20, 1e20, 1e20])
    draw(gray((200, 200)), people)


def test_coincident_joints_and_empty_box():
    people = make_people((200, 200))
    people.keypoints[:] = 50
    people.boxes[:] = 50
    assert (draw(gray((200, 200)), people)[50, 50] != 128).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_tiny_images(size):
    assert draw(gray(size), make_people(size)).shape == (*size, 3)


def test_lines_scale_with_the_person():
    """From 40 to 2,000 pixels, whatever the size of the picture around."""
    covered = {}
    for side in (40, 200, 1000, 2000):
        drawing = draw(gray((side, side)), make_people((side, side)), BARE)
        covered[side] = (drawing != 128).any(-1).mean()
    assert covered[2000] == pytest.approx(covered[1000], rel=0.1)
    # Small, antialiasing touches more pixels than it fills; something of the person is left.
    assert covered[1000] < covered[200] < 1.5 * covered[1000]
    assert covered[200] < covered[40] < 0.6


def test_hands_and_faces_have_thin_lines_and_no_names(monkeypatch):
    """Of two parallel lines of equal length, one of a hand and one of an arm."""
    written = []
    monkeypatch.setattr(captions, "write_label", lambda *arguments: written.append(arguments[1]))
    people = dataclasses.replace(
        make_people((600, 600)),
        keypoints=torch.zeros(1, 133, 2),
        keypoint_scores=torch.zeros(1, 133),
        skeleton=WHOLEBODY_133,
    )
    names = WHOLEBODY_133.keypoints
    rows = []
    for x, pair in [(200, ("left_elbow", "left_wrist")), (400, ("left_thumb3", "left_thumb4"))]:
        for name, y in zip(pair, (100, 500), strict=True):
            joint = names.index(name)
            people.keypoints[0, joint] = torch.tensor([x, y])
            people.keypoint_scores[0, joint] = 0.9
        picture = draw(gray((600, 600)), people, dataclasses.replace(BARE, names=True))
        rows.append((picture[300, x - 50 : x + 50] != 128).any(-1).sum())
    assert rows[0] / 5 < rows[1] < rows[0] / 2
    assert set(written) == {"left elbow", "left wrist"}


def test_classes_are_written_where_there_is_more_than_people(monkeypatch):
    written = []
    monkeypatch.setattr(captions, "write_label", lambda *arguments: written.append(arguments[1]))
    people = make_people((200, 200))
    draw(gray((200, 200)), people)
    draw(gray((200, 200)), dataclasses.replace(people, classes=("dog",)))
    assert written == ["0", "dog 0"]


def test_small_people_look_the_same_in_large_pictures():
    people = make_people((100, 100))
    small = draw(gray((100, 100)), people, BARE)
    large = draw(gray((3000, 3000)), people, BARE)
    np.testing.assert_array_equal(large[:100, :100], small)


def test_strided_image():
    image = np.random.default_rng(0).integers(0, 256, (100, 80, 3), np.uint8)
    people = make_people((100, 80))
    mirrored = image[:, ::-1]
    np.testing.assert_array_equal(draw(mirrored, people), draw(mirrored.copy(), people))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5), np.uint8), r"image must be \(H, W, 3\) uint8, got \(4, 5\) uint8"),
        (np.zeros((0, 5, 3), np.uint8), r"got \(0, 5, 3\) uint8"),
        (np.zeros((4, 5, 3), np.float32), r"got \(4, 5, 3\) float32"),
    ],
)
def test_wrong_images_are_named(image, message):
    with pytest.raises(ValueError, match=message):
        draw(image, make_people((4, 5)))


@pytest.mark.parametrize("wrong", [None, "x", 7, [1, 2], torch.zeros(4, 4, 3)])
@pytest.mark.parametrize(
    ("name", "kind"), [("image", "ndarray"), ("people", "People"), ("style", "DrawingStyle")]
)
def test_other_arguments_are_named(name, kind, wrong):
    good = {"image": np.zeros((48, 64, 3), np.uint8), "people": None, "style": DrawingStyle()}
    good["people"] = People(
        torch.zeros(0, 17, 2), torch.zeros(0, 17), torch.zeros(0, 4), torch.zeros(0),
        torch.zeros(0), torch.zeros(0, dtype=torch.int64), ((48, 64),), COCO_17,
    )  # fmt: skip
    assert draw(**good).shape == (48, 64, 3)
    with pytest.raises(TypeError, match=f"{name} must be a {kind}, got"):
        draw(**{**good, name: wrong})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_boxes_far_outside_or_nowhere_are_harmless(value):
    image = gray((60, 80))
    boxes = np.array([[5.0, 5, 40, 50], [value, 5, value, 50]])
    found = draw_boxes(image, boxes, ["a", "b"])
    assert (found != image).any()
    if not np.isfinite(value):
        np.testing.assert_array_equal(found, draw_boxes(image, boxes[:1], ["a"]))


@pytest.mark.parametrize(
    ("image", "boxes", "texts", "error", "message"),
    [
        (None, np.zeros((1, 4)), ["a"], TypeError, "image must be a ndarray, got None"),
        (np.zeros((4, 5)), np.zeros((1, 4)), ["a"], ValueError, r"image must be \(H, W, 3\) uint8"),
        (
            gray((4, 5)),
            np.zeros((1, 5)),
            ["a"],
            ValueError,
            r"boxes must be \(M, 4\), got \(1, 5\)",
        ),
        (gray((4, 5)), [[1, 2, 3, 4]], ["a"], TypeError, "boxes must be a numpy array of real"),
        (
            gray((4, 5)),
            np.zeros((1, 4)),
            [],
            ValueError,
            "texts must be 1, one for each box, got 0",
        ),
        (
            gray((4, 5)),
            np.zeros((1, 4)),
            "a",
            TypeError,
            "texts must be a sequence of text, got 'a'",
        ),
        (
            gray((4, 5)),
            np.zeros((1, 4)),
            [1],
            TypeError,
            r"texts must be a sequence of text, got \[",
        ),
    ],
)
def test_wrong_boxes_are_named(image, boxes, texts, error, message):
    with pytest.raises(error, match=message):
        draw_boxes(image, boxes, texts)
