"""Which annotated people are trained on."""

import numpy as np
import pytest

from rmpe.training.pose.people import load_people

from ..material import change, draw_people


def load(folder, longest_side=640):
    return load_people(
        folder / "people.json", folder / "images", folder / "cache", longest_side=longest_side
    )


def test_boxes_and_joints_shrink_with_their_photograph(tmp_path):
    folder = draw_people(tmp_path, 2)
    whole, half = load(folder), load(folder, longest_side=80)
    np.testing.assert_allclose(half.boxes, whole.boxes / 2)
    np.testing.assert_allclose(half.keypoints + 0.5, (whole.keypoints + 0.5) / 2)
    np.testing.assert_allclose(half.areas, whole.areas / 4)
    assert half.images[0].shape == (60, 80, 3)


@pytest.mark.parametrize(
    ("reason", "edit"),
    [
        ("a crowd", lambda c: c["annotations"][0].update(iscrowd=1)),
        ("no labeled joint", lambda c: c["annotations"][0].update(keypoints=[0] * 51)),
        ("box under 8 pixels", lambda c: c["annotations"][0].update(bbox=[5, 5, 60, 7.5])),
        ("box outside the image", lambda c: c["annotations"][0].update(bbox=[170, 5, 20, 20])),
        ("box outside the image", lambda c: c["annotations"][0].update(bbox=[5, -40, 20, 20])),
    ],
)
def test_who_cannot_be_trained_on_is_counted(tmp_path, reason, edit):
    folder = draw_people(tmp_path, 3)
    change(folder, edit)
    people = load(folder)
    assert len(people) == 2 and people.skipped == {reason: 1}


def test_labels_far_outside_the_image_do_not_count(tmp_path):
    folder = draw_people(tmp_path, 2)

    def edit(content):
        keypoints = content["annotations"][0]["keypoints"]
        keypoints[0], keypoints[4], keypoints[6] = 1e6, -121, -20  # of 160x120

    change(folder, edit)
    people = load(folder)
    assert people.labeled[0].tolist() == [False, False] + [True] * 15 and people.labeled[1].all()
    assert people.skipped == {"labels far outside the image": 2}


def test_photographs_that_are_missing_or_damaged(tmp_path):
    folder = draw_people(tmp_path, 4)
    (folder / "images/1.png").unlink()
    (folder / "images/2.png").write_bytes(b"\x89PNG no more")
    people = load(folder)
    assert len(people) == 2 and people.skipped == {"image missing": 1, "image unreadable": 1}


def test_nobody_is_left(tmp_path):
    folder = draw_people(tmp_path, 2)
    change(folder, lambda c: [p.update(iscrowd=1) for p in c["annotations"]])
    with pytest.raises(ValueError, match="has nobody to train on; skipped: {'a crowd': 2}"):
        load(folder)
