"""The arrays of a data set."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from rmpe.datasets.dataset import Dataset
from rmpe.skeletons import COCO_17

ARRAYS = (
    "image_sizes", "image_index", "keypoints", "visibility", "boxes", "areas", "crowd",
)  # fmt: skip


def three_people(**changes):
    fields = {
        "annotations": Path("a.json"),
        "skeleton": COCO_17,
        "image_ids": (7, "b", 9),
        "paths": (Path("7.jpg"), Path("b.jpg"), Path("9.jpg")),
        "image_sizes": np.full((3, 2), 100),
        "person_ids": (1, 2, 3),
        "image_index": np.array([0, 2, 2]),
        "keypoints": np.zeros((3, 17, 2)),
        "visibility": np.eye(3, 17),
        "boxes": np.zeros((3, 4)),
        "areas": np.ones(3),
        "crowd": np.array([False, True, False]),
    }
    return Dataset(**fields | changes)


def test_people_of_each_image():
    dataset = three_people()
    rows = [range(3)[dataset.people(image)] for image in range(len(dataset))]
    assert rows == [range(0, 1), range(1, 1), range(1, 3)]


def test_labeled_are_single_people_with_a_keypoint():
    assert three_people().labeled.tolist() == [True, False, True]
    assert three_people(visibility=np.zeros((3, 17))).labeled.tolist() == [False] * 3


def test_nothing_can_be_changed():
    boxes = np.zeros((3, 4))
    dataset = three_people(boxes=boxes)
    boxes[:] = 5
    assert not dataset.boxes.any()
    with pytest.raises(ValueError, match="read-only"):
        dataset.boxes[0] = 1
    with pytest.raises(FrozenInstanceError):
        dataset.areas = np.zeros(3)
    assert replace(dataset, areas=np.zeros(3)).areas.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"boxes": np.zeros((3, 5))}, r"boxes must be \(3, 4\), got \(3, 5\)"),
        ({"keypoints": np.zeros((3, 16, 2))}, r"keypoints must be \(3, 17, 2\)"),
        ({"image_ids": (7, 7, 9)}, "image_ids must be 3 different ones"),
        ({"image_index": np.array([2, 0, 2])}, r"image_index must ascend within 0..2"),
        ({"image_index": np.array([0, 2, 3])}, r"image_index must ascend within 0..2"),
    ],
)
def test_arrays_that_contradict_each_other(changes, message):
    with pytest.raises(ValueError, match=message):
        three_people(**changes)


@pytest.mark.parametrize("category", [True, 1.0, None])
def test_a_category_is_a_number_or_text(category):
    with pytest.raises(TypeError, match=f"category must be a whole number or text, got {category}"):
        three_people(category=category)


@pytest.mark.parametrize("value", [None, "x", 5, [[1], [1, 2]], np.array([None])])
@pytest.mark.parametrize(
    "kind", [None, complex, object, str, "S8", "M8[s]", "m8[s]", [("a", "f8")]]
)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_hold_no_numbers_are_named(name, kind, value):
    good = getattr(three_people(), name)
    wrong = value if kind is None else np.zeros(good.shape, kind)
    with pytest.raises((TypeError, ValueError), match=f"^{name} must "):
        three_people(**{name: wrong})


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, -1.0, 0.5, 3.0, 256.0, 1e300, 2.0**63])
@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.filterwarnings("error")
def test_numbers_out_of_range_are_named(name, number):
    good = getattr(three_people(), name)
    legal = {
        "image_sizes": number in (3.0, 256.0),
        "keypoints": abs(number) < 1e38,
        "areas": 0 <= number < np.inf,
        "boxes": abs(number) < 1e38,
    }
    wrong = np.full(good.shape, number)
    if legal.get(name):
        assert (getattr(three_people(**{name: wrong}), name) == number).all()
        return
    with pytest.raises(ValueError, match=f"^{name} must (hold|ascend)"):
        three_people(
            **{name: wrong, "visibility": wrong if name == "visibility" else np.ones((3, 17))}
        )


def test_what_is_not_labeled_may_be_nowhere():
    keypoints = np.full((3, 17, 2), np.nan)
    keypoints[np.eye(3, 17, dtype=bool)] = 5
    assert np.isnan(three_people(keypoints=keypoints).keypoints[0, 1]).all()


@pytest.mark.parametrize(
    "change", [np.ndarray.tolist, lambda a: a.astype(">f8"), lambda a: np.asfortranarray(a * 1.0)]
)
@pytest.mark.parametrize("name", ARRAYS)
def test_the_same_numbers_in_another_form_are_taken(name, change):
    good = three_people()
    array = getattr(three_people(**{name: change(getattr(good, name))}), name)
    assert array.dtype == getattr(good, name).dtype and array.flags.c_contiguous
    assert np.array_equal(array, getattr(good, name))


@pytest.mark.parametrize("name", ["skeleton", "image_ids", "paths", "person_ids"])
@pytest.mark.parametrize("value", [None, 5, "abc"])
def test_what_is_no_list_is_named(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a"):
        three_people(**{name: value})


def test_selected_images_keep_their_people_in_the_new_order():
    chosen = three_people().select(np.array([2, 0]))
    assert chosen.image_ids == (9, 7)
    assert chosen.paths == (Path("9.jpg"), Path("7.jpg"))
    assert chosen.person_ids == (2, 3, 1)
    assert chosen.image_index.tolist() == [0, 0, 1]
    assert chosen.crowd.tolist() == [True, False, False]
    assert three_people().select(np.array([1])).keypoints.shape == (0, 17, 2)
