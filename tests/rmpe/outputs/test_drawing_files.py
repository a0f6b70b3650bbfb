"""Drawings as files: their names, formats and what keeps one from being made."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from rmpe.outputs.drawing_files import Drawings, DrawingStyle, drawing_file
from rmpe.outputs.errors import ResultsError
from rmpe.outputs.files import Directory
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import record

from .material import make_people


@pytest.fixture
def drawings(tmp_path):
    with Directory(tmp_path) as directory:
        yield Drawings(directory, DrawingStyle(min_person_score=0, min_keypoint_score=0))


def make(drawings, name, size=(40, 60), count=1):
    entry = record(ImageLabel(name, name, 1), make_people(count, size))
    drawings.make(np.full((*size, 3), 128, np.uint8), entry)


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [("a.jpg", "a.jpg", "JPEG"), ("b.PNG", "b.PNG", "PNG"), ("c.tiff", "c.tiff.jpg", "JPEG")],
)
def test_drawing_has_the_name_and_size_of_its_image(drawings, tmp_path, name, file, kind):
    make(drawings, name)
    assert os.listdir(tmp_path) == [file]
    drawn = Image.open(tmp_path / file)
    assert (drawn.format, drawn.size) == (kind, (60, 40))
    assert (np.asarray(drawn) != 128).any()


@pytest.mark.parametrize("size", [(1, 65_501), (65_501, 1), (4, 70_000)])
def test_image_wider_than_jpeg_allows_is_drawn_as_png(drawings, tmp_path, size):
    make(drawings, "wide.jpg", size)
    assert os.listdir(tmp_path) == ["wide.jpg.png"]
    assert Image.open(tmp_path / "wide.jpg.png").size == size[::-1]


def test_image_as_wide_as_jpeg_allows_is_drawn_as_jpeg(drawings, tmp_path):
    make(drawings, "wide.jpg", (1, 65_500))
    assert Image.open(tmp_path / "wide.jpg").size == (65_500, 1)


def test_name_follows_the_size():
    label = ImageLabel("a/scan.tiff", "scan.tiff", 1)
    assert drawing_file(label, (100, 65_500)) == "scan.tiff.jpg"
    assert drawing_file(label, (65_501, 100)) == "scan.tiff.png"


def test_picture_that_opencv_cannot_encode_is_an_error(drawings, tmp_path, monkeypatch):
    monkeypatch.setattr("cv2.imencode", lambda *arguments: (False, None))
    with pytest.raises(ValueError, match="OpenCV cannot write 60 x 40 pixels as .jpg"):
        make(drawings, "a.jpg")
    assert os.listdir(tmp_path) == []


def test_image_that_changed_since_its_record_is_refused(drawings):
    entry = record(ImageLabel("a.jpg", "a.jpg", 1), make_people(1))
    with pytest.raises(ValueError, match="must be the one of the results, 60 x 40 .* got 70 x 40"):
        drawings.make(np.zeros((40, 70, 3), np.uint8), entry)


def test_record_of_an_unknown_skeleton_is_refused(drawings):
    entry = record(ImageLabel("a.jpg", "a.jpg", 1), make_people(1))
    with pytest.raises(ResultsError, match="skeleton must be one of coco_17, .* got 'hydra'"):
        drawings.make(np.zeros((40, 60, 3), np.uint8), {**entry, "skeleton": "hydra"})


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_planted_links_are_not_written_through(drawings, tmp_path, link):
    victim = tmp_path.parent / "victim"
    victim.write_text("precious")
    link(victim, tmp_path / "a.jpg.partial")
    link(victim, tmp_path / "a.jpg")
    make(drawings, "a.jpg")
    assert victim.read_text() == "precious"
    Image.open(io.BytesIO((tmp_path / "a.jpg").read_bytes())).load()
