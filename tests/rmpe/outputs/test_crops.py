"""Crops as files: who is cut out, what the files show, and what they are called."""

import dataclasses
import os

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe.outputs.crops import Crops
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.files import Directory
from rmpe.outputs.labels import ImageLabel, crop_name, crops_among, drawing_name
from rmpe.outputs.records import record

from .material import make_people

EVERYBODY = DrawingStyle(min_person_score=0, min_keypoint_score=0)


def people_in(*boxes, size=(40, 60), **fields):
    """Each person's keypoints lie far from those of the others."""
    people = make_people(len(boxes), size)
    apart = torch.arange(len(boxes))[:, None, None] * 1000
    return dataclasses.replace(
        people, keypoints=people.keypoints + apart, boxes=torch.tensor(boxes), **fields
    )


def make(path, people, name="a.png", style=EVERYBODY, image=None):
    if image is None:
        rows, columns = np.indices(people.image_sizes[0])
        image = np.stack([columns, rows, 0 * rows], 2).astype(np.uint8)
    with Directory(path) as directory:
        Crops(directory, style).make(image, record(ImageLabel(name, name, 1), people))
    return sorted(os.listdir(path))


def test_crop_shows_the_box_in_whole_pixels(tmp_path):
    assert make(tmp_path, people_in([2.5, 3.0, 10.0, 19.5])) == ["a_p00.png"]
    cut = np.asarray(Image.open(tmp_path / "a_p00.png"))
    assert cut.shape == (17, 8, 3)
    assert cut[0, 0].tolist() == [2, 3, 0]
    assert cut[-1, -1].tolist() == [9, 19, 0]


def test_crop_ends_with_the_image_and_who_is_outside_has_none(tmp_path):
    people = people_in(
        [-5.0, -5, 8, 8], [100.0, 2, 120, 9], [float("nan"), 1, 5, 9], [50.0, 30, 90, 90]
    )
    assert make(tmp_path, people) == ["a_p00.png", "a_p03.png"]
    assert Image.open(tmp_path / "a_p00.png").size == (8, 8)
    assert Image.open(tmp_path / "a_p03.png").size == (10, 10)


def test_only_who_is_drawn_is_cut_out(tmp_path):
    people = people_in([0.0, 0, 9, 9], [9.0, 9, 20, 20], scores=torch.tensor([0.2, 0.6]))
    style = DrawingStyle(min_person_score=0.5, min_keypoint_score=0)
    assert make(tmp_path, people, style=style) == ["a_p01.png"]


def test_names_hold_identities(tmp_path):
    people = people_in([0.0, 0, 9, 9], [9.0, 9, 20, 20], track_ids=torch.tensor([7, -1]))
    assert make(tmp_path, people, "walk_000012.jpg") == [
        "walk_000012_p00_t7.jpg",
        "walk_000012_p01.jpg",
    ]


def test_faces_are_blurred_where_they_are_to_be(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    people = people_in([1.0, 2, 31, 22])
    make(tmp_path, people, image=image)
    plain = np.asarray(Image.open(tmp_path / "a_p00.png"))
    make(tmp_path, people, image=image, style=dataclasses.replace(EVERYBODY, blur_faces=True))
    assert (plain != np.asarray(Image.open(tmp_path / "a_p00.png"))).any()


@pytest.mark.parametrize("name", ["é" * 120 + ".png", "x" * 250 + ".tiff", "../../up.jpg", "a\nb"])
def test_no_name_is_too_long_or_leads_elsewhere(tmp_path, name):
    drawing = drawing_name(name.replace("/", "_"))
    crop = crop_name(drawing, 2**31 - 1, 2**53 - 1)
    assert os.path.basename(crop) == crop
    assert len(os.fsencode(crop + ".partial")) <= 255
    assert crops_among([crop, crop + ".partial"], [drawing]) == [crop, crop + ".partial"]


def test_crops_of_images_with_long_names_that_begin_alike_stay_apart():
    one, other = (crop_name("x" * 230 + end + ".jpg", 0, None) for end in ("a", "b"))
    assert one != other


def test_crops_of_an_image_are_told_from_those_of_images_that_are_called_alike():
    files = ["a_p00.jpg", "a_p00_p01.jpg", "a_p00_t3.jpg", "a_p00.png", "b_a_p00.jpg", "a_p0.jpg"]
    assert crops_among(files, ["a.jpg"]) == ["a_p00.jpg", "a_p00_t3.jpg"]
    assert crops_among(files, ["a_p00.jpg"]) == ["a_p00_p01.jpg"]


def test_image_of_another_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="60 x 40 pixels, got 50 x 40"):
        make(tmp_path, people_in([0.0, 0, 9, 9]), image=np.zeros((40, 50, 3), np.uint8))
