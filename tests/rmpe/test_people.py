"""People: shapes, selection, and taking images apart."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe.people import People
from rmpe.skeletons import COCO_17


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
        ({"skeleton": "coco_17"}, TypeError, "skeleton must be a Skeleton, got str"),
    ],
)
def test_wrong_fields_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        dataclasses.replace(make_people([0, 1]), **change)


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


def test_concatenate_needs_parts_of_one_skeleton():
    with pytest.raises(
        ValueError, match="parts must be one or more of the same skeleton, got none"
    ):
        People.concatenate([])
