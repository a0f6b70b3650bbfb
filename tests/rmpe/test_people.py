"""People: shapes, selection, and taking images apart."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe.method.fitted_suppression import FittedSuppression
from rmpe.method.suppress import suppress
from rmpe.people import People
from rmpe.skeletons import COCO_17
from rmpe.trackers.tracker import track

NUMBERS = ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores")


def make_people(image_index, images=3):
    p = len(image_index)
    number = torch.arange(p, dtype=torch.float32)
    return People(
        keypoints=number.view(p, 1, 1).expand(p, 17, 2),
        keypoint_scores=number.view(p, 1).expand(p, 17),
        boxes=number.view(p, 1).expand(p, 4),
        box_scores=number,
        scores=number,
        image_index=torch.tensor(image_index, dtype=torch.int64),
        image_sizes=tuple((100 + i, 200) for i in range(images)),
        skeleton=COCO_17,
    )


@given(st.lists(st.integers(0, 3)))
def test_split_gives_each_image_its_people_in_their_order(image_index):
    parts = make_people(image_index, images=4).split()
    assert len(parts) == 4
    for image, part in enumerate(parts):
        want = [float(i) for i, index in enumerate(image_index) if index == image]
        assert part.scores.tolist() == want
        assert part.keypoints[:, 0, 0].tolist() == want
        assert part.image_index.tolist() == [0] * len(want)
        assert part.image_sizes == ((100 + image, 200),)


def test_no_images_at_all():
    people = make_people([], images=0)
    assert len(people) == 0
    assert people.split() == []


def test_select_keeps_images_and_order():
    people = make_people([2, 0, 2]).select(torch.tensor([True, False, True]))
    assert people.scores.tolist() == [0, 2]
    assert people.boxes[:, 3].tolist() == [0, 2]
    assert people.image_index.tolist() == [2, 2]
    assert len(people.image_sizes) == 3


def of_classes(classes, class_index, image_index):
    return dataclasses.replace(
        make_people(image_index), classes=classes, class_index=torch.tensor(class_index)
    )


def test_classes_stay_with_their_boxes():
    people = of_classes(("person", "dog"), [0, 1, 1], [2, 0, 2])
    assert people.class_names == ["person", "dog", "dog"]
    assert [part.class_names for part in people.split()] == [["dog"], [], ["person", "dog"]]
    assert people.select(people.scores > 0).class_names == ["dog", "dog"]


def test_joined_batches_share_their_classes():
    first = of_classes(("person", "dog"), [1, 0], [0, 0])
    second = make_people([1])
    third = dataclasses.replace(make_people([0]), classes=("cat",))
    joined = People.concatenate([first, second, third])
    assert joined.classes == ("person", "dog", "cat")
    assert joined.class_names == ["dog", "person", "person", "cat"]
    assert People.concatenate([second, second]).class_index is None


def test_classes_that_nobody_can_tell_apart_are_refused():
    with pytest.raises(ValueError, match="class_index must be given .* got none for person, dog"):
        dataclasses.replace(make_people([0]), classes=("person", "dog"))


@pytest.mark.parametrize("mask", [torch.tensor([True]), torch.tensor([0, 1, 1])])
def test_select_refuses_other_masks(mask):
    with pytest.raises(ValueError, match=r"mask must be \(3,\) bool, got"):
        make_people([0, 0, 1]).select(mask)


def test_to_moves_every_tensor():
    moved = make_people([0, 1]).to("meta")
    tensors = [v for v in vars(moved).values() if isinstance(v, torch.Tensor)]
    assert len(tensors) == 6
    assert {t.device.type for t in tensors} == {"meta"}


@pytest.mark.parametrize("device", ["gpu", "cuda:x", -7, None, 1j])
def test_to_names_what_is_no_device(device):
    with pytest.raises(ValueError, match="device must be cpu, cuda or cuda:N, got"):
        make_people([0, 1]).to(device)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"keypoints": torch.zeros(2, 16, 2)}, ValueError, r"\(P, 17, 2\) .* got \(2, 16, 2\)"),
        ({"keypoints": [[0.0, 0.0]]}, TypeError, "keypoints must be a torch.Tensor, got list"),
        ({"keypoint_scores": torch.zeros(3, 17)}, ValueError, r"must be \(2, 17\), .* \(3, 17\)"),
        ({"boxes": torch.zeros(2, 5)}, ValueError, r"boxes must be \(2, 4\), .* got \(2, 5\)"),
        ({"box_scores": torch.zeros(2, 1)}, ValueError, r"box_scores must be \(2,\)"),
        ({"scores": torch.zeros(())}, ValueError, r"scores must be \(2,\)"),
        ({"scores": torch.zeros(2, device="meta")}, ValueError, r"device .* \(cpu\), got meta"),
        ({"image_index": torch.zeros(2)}, TypeError, "image_index must be int64, got"),
        ({"image_sizes": ((0, 5),)}, ValueError, r"image_sizes must hold .* got \(0, 5\)"),
        ({"image_sizes": 5}, TypeError, "image_sizes must hold .* got 5"),
        ({"image_sizes": (5, 5)}, TypeError, "image_sizes must hold .* got 5"),
        ({"image_sizes": (("5", 5),)}, TypeError, r"image_sizes must hold .* got \('5', 5\)"),
        ({"image_sizes": ((5, 5.5),)}, TypeError, r"image_sizes must hold .* got \(5, 5.5\)"),
        ({"image_sizes": (b"55",)}, TypeError, "image_sizes must hold .* got b'55'"),
        ({"classes": None}, TypeError, "classes must be a tuple of names, got None"),
        ({"classes": (1,)}, TypeError, r"classes must be a tuple of names, got \(1,\)"),
        (
            {"classes": ("person", "dog"), "class_index": torch.tensor([0, 2])},
            ValueError,
            "class_index must be in 0..1, as there are 2 classes, got 2",
        ),
        (
            {"classes": ("person", "dog"), "class_index": torch.tensor([-1, 0])},
            ValueError,
            "class_index must be in 0..1, as there are 2 classes, got -1",
        ),
        ({"drawn_score": "0.3"}, TypeError, "drawn_score must be a number, got '0.3'"),
        ({"drawn_score": True}, TypeError, "drawn_score must be a number, got True"),
        ({"drawn_score": math.nan}, ValueError, "drawn_score must be in 0..1, got nan"),
        ({"drawn_score": 1.5}, ValueError, "drawn_score must be in 0..1, got 1.5"),
        ({"drawn_score": -0.1}, ValueError, "drawn_score must be in 0..1, got -0.1"),
        ({"skeleton": "coco_17"}, TypeError, "skeleton must be a Skeleton, got str"),
        ({"image_sizes": ((True, 5),)}, TypeError, r"image_sizes must hold .* got \(True, 5\)"),
        ({"image_index": torch.tensor([0, 3])}, ValueError, r"image_index must be in 0..2, .* 3"),
        ({"image_index": torch.tensor([0, -1])}, ValueError, "image_index must be in 0..2, .* -1"),
        ({"image_sizes": ()}, ValueError, "image_index must be empty, as image_sizes is, got 0"),
        ({"track_ids": torch.tensor([1.0, 2.0])}, TypeError, "track_ids must be int64, got .*32"),
        ({"track_ids": torch.tensor([math.nan, 2])}, TypeError, "track_ids must be int64, got"),
        ({"track_ids": torch.tensor([True, True])}, TypeError, "must be int64, got torch.bool"),
        ({"track_ids": torch.tensor([0, 2])}, ValueError, "must be 1 or more, or -1 .*, got 0"),
        ({"track_ids": torch.tensor([1, -2])}, ValueError, "must be 1 or more, or -1 .*, got -2"),
        ({"track_ids": torch.tensor([1])}, ValueError, r"track_ids must be \(2,\), .* got \(1,\)"),
    ],
)
def test_wrong_fields_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        dataclasses.replace(make_people([0, 1]), **change)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "dtype", [torch.complex64, torch.bool, torch.uint8, torch.int64, torch.float8_e4m3fn]
)
def test_numbers_are_of_floating_point(name, dtype):
    value = getattr(make_people([0, 1]), name).to(dtype)
    rule = f"{name} must be one of float32, float64, float16, bfloat16, got {dtype}"
    with pytest.raises(TypeError, match=f"^{rule}$"):
        dataclasses.replace(make_people([0, 1]), **{name: value})


@pytest.mark.parametrize("name", [*NUMBERS, "image_index"])
def test_tensors_that_are_not_dense_are_refused(name):
    people = make_people([0, 1])
    with pytest.raises(TypeError, match=f"{name} must be dense, got torch.sparse_coo"):
        dataclasses.replace(people, **{name: getattr(people, name).to_sparse()})


def test_nested_tensors_are_refused():
    people = make_people([0, 1])
    nested = torch.nested.nested_tensor(list(people.boxes), layout=torch.jagged)
    with pytest.raises(TypeError, match="boxes must be dense, got a nested tensor"):
        dataclasses.replace(people, boxes=nested)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_numbers_of_every_width_become_what_programs_take(dtype):
    """Those of a network that computes in half precision, for example."""
    people = make_people([0, 1, 0])
    halves = {name: getattr(people, name).to(dtype) for name in NUMBERS}
    other, result = dataclasses.replace(people, **halves)[0], people[0]
    for ours, theirs in zip(result.to_rtmlib(), other.to_rtmlib(), strict=True):
        assert theirs.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)
    assert other.to_coco() == result.to_coco()
    assert other.numpy().boxes.xyxy.tolist() == result.numpy().boxes.xyxy.tolist()
    image = np.zeros((100, 200, 3), np.uint8)
    np.testing.assert_array_equal(other.plot(image), result.plot(image))


@pytest.mark.parametrize("image", [np.int64(2), np.uint8(2), -1, torch.tensor(2)])
def test_any_whole_number_chooses_an_image(image):
    assert make_people([2, 0, 2])[image].scores.tolist() == [0, 2]


@pytest.mark.parametrize(
    "image",
    [True, np.True_, torch.tensor(True), np.array([True]), slice(0, 1), 1.0, "0", None, [0],
     torch.tensor([True, False, True]), np.array([0, 1])],
)  # fmt: skip
def test_what_is_no_whole_number_chooses_none(image):
    with pytest.raises(TypeError, match=r"image must be a whole number, got .*; split\(\) gives"):
        make_people([2, 0, 2])[image]


@pytest.mark.parametrize("images", [0, 3])
def test_an_image_that_is_not_there_is_named(images):
    there = "image must be in 0..2" if images else "there are no images"
    for image in (images, -images - 1):
        with pytest.raises(IndexError, match=f"{there}, got {image}"):
            make_people([], images)[image]


@pytest.mark.parametrize("index", [-1, 3])
def test_split_refuses_an_image_that_is_not_there(index):
    with pytest.raises(ValueError, match=rf"image_index must be in 0..2, .* got {index}"):
        make_people([0, index]).split()


@given(st.lists(st.lists(st.integers(0, 2)), min_size=1, max_size=4))
def test_concatenate_numbers_images_one_batch_after_the_other(batches):
    parts = [make_people(image_index) for image_index in batches]
    joined = People.concatenate(parts)
    assert joined.image_sizes == sum((part.image_sizes for part in parts), ())
    expected = [one.scores.tolist() for part in parts for one in part.split()]
    assert [one.scores.tolist() for one in joined.split()] == expected


@pytest.mark.parametrize("score", [None, 0, 0.15, 1, np.float32(0.5)])
def test_the_score_for_drawings_stays_with_the_people(score):
    people = dataclasses.replace(make_people([2, 0, 2]), drawn_score=score)
    for kept in (
        people.select(people.scores > 0),
        people.to("meta"),
        *people.split(),
        *(result.people for result in people),
        people[2].people,
        people[2].numpy().people,
        people[2].cpu().people,
        pickle.loads(pickle.dumps(people)),
        People.concatenate([people, people]),
        suppress(people, "rmpe"),
        suppress(people, FittedSuppression("soft-oks-nms", {"threshold": 0.5})),
        track(None, people[2].people)[1],
    ):
        assert kept.drawn_score == score


def test_people_of_different_networks_have_no_common_score_for_drawings():
    first, second = (
        dataclasses.replace(make_people([0]), drawn_score=score) for score in (0.2, 0.15)
    )
    assert People.concatenate([first, second]).drawn_score is None
    assert People.concatenate([first, make_people([0])]).drawn_score is None
    assert People.concatenate([make_people([0])] * 2).drawn_score is None


def test_concatenate_needs_parts_of_one_skeleton():
    with pytest.raises(
        ValueError, match="parts must be one or more of the same skeleton, got none"
    ):
        People.concatenate([])
    with pytest.raises(TypeError, match=r"parts\[1\] must be a People, got"):
        People.concatenate([make_people([0]), make_people([0])[0]])
    with pytest.raises(TypeError, match="parts must be a Sequence, got None"):
        People.concatenate(None)
