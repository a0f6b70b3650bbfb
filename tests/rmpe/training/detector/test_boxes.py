"""Photographs with boxes."""

import gzip

import numpy as np
import pytest

from rmpe.datasets.dataset import DatasetError
from rmpe.training.detector.boxes import load_boxes

from ..material import change, draw_people


def load(folder, **options):
    return load_boxes(
        folder / "people.json", folder / "images", folder / "cache", longest_side=640, **options
    )


def test_boxes_are_fractions_of_their_photographs(tmp_path):
    folder = draw_people(tmp_path, 3)
    data = load(folder)
    assert len(data) == 3 and data.first.tolist() == [0, 1, 2, 3] and not data.ignored.any()
    assert ((data.boxes > 0) & (data.boxes < 1)).all()


def test_crowds_are_ignored_and_boxes_outside_left_out(tmp_path):
    folder = draw_people(tmp_path, 3)

    def edit(content):
        people = content["annotations"]
        people[0]["iscrowd"] = 1
        people.append({**people[0], "id": 7, "iscrowd": 0, "bbox": [-20, 5, 60, 60]})
        people.append({**people[1], "id": 8, "bbox": [200, 5, 60, 60]})
        people[2]["iscrowd"] = 1

    change(folder, edit)
    data = load(folder)
    # The third photograph shows nobody but a crowd.
    assert len(data) == 2 and data.skipped == {"nobody in it": 1}
    assert data.first.tolist() == [0, 2, 3] and data.ignored.tolist() == [True, False, False]
    assert data.boxes[1].tolist() == pytest.approx([0, 5 / 120, 40 / 160, 65 / 120])


def test_images_may_list_more_people(tmp_path):
    folder = draw_people(tmp_path, 2)

    def edit(content):
        own = content["annotations"][0]["bbox"]
        nearly = [own[0] + 1, *own[1:]]
        content["images"][0]["everybody"] = [nearly, [100, 90, 30, 20]]

    change(folder, edit)
    data = load(folder, more_boxes="everybody")
    # The person who is annotated does not come twice.
    assert data.first.tolist() == [0, 2, 3]
    assert data.boxes[1].tolist() == pytest.approx([100 / 160, 90 / 120, 130 / 160, 110 / 120])


@pytest.mark.parametrize("boxes", [[[1, 2, 3]], [[1, 2, 3, "4x"]], [[1, 2, -3, 4]], "boxes"])
def test_lists_that_hold_something_else_are_refused(tmp_path, boxes):
    folder = draw_people(tmp_path, 2)
    change(folder, lambda content: content["images"][1].update(everybody=boxes))
    with pytest.raises(DatasetError, match="everybody of the image 1 must be a list of boxes"):
        load(folder, more_boxes="everybody")


def test_boxes_that_images_list_in_a_packed_file(tmp_path):
    folder = draw_people(tmp_path, 3)
    change(folder, lambda content: content["images"][0].update(more=[[0, 0, 20, 20]]))
    plain = load(folder, more_boxes="more")
    packed = folder / "people.json.gz"
    packed.write_bytes(gzip.compress((folder / "people.json").read_bytes()))
    found = load_boxes(
        packed, folder / "images", folder / "cache", longest_side=640, more_boxes="more"
    )
    assert len(found.boxes) == 4
    np.testing.assert_array_equal(found.boxes, plain.boxes)


def test_listed_boxes_beyond_all_numbers_are_refused(tmp_path):
    folder = draw_people(tmp_path, 2)
    change(folder, lambda content: content["images"][0].update(more=[[0, 0, 20, 10**400]]))
    with pytest.raises(DatasetError, match="more of the image 0 must be a list of boxes"):
        load(folder, more_boxes="more")
