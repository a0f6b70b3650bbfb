"""The list of images."""

import json

from rmpe.outputs.image_list import IMAGE_LIST
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record

from .material import LABEL, make_people, text_of


def test_list_of_images():
    empty = ImageLabel("y.jpg", "y.jpg", 1)
    written = text_of(
        IMAGE_LIST,
        record(LABEL, make_people(2)),
        record(empty, make_people(0)),
        error_record(ImageLabel("z.jpg", "z.jpg", 2), "z.jpg: no such file"),
    )
    assert json.loads(written)["images"] == [
        {"id": 42, "file_name": "b_x.jpg", "file": "photos/b/x.jpg", "width": 60, "height": 40,
         "people": 2},
        {"id": 1, "file_name": "y.jpg", "file": "y.jpg", "width": 60, "height": 40, "people": 0},
        {"id": 2, "file_name": "z.jpg", "file": "z.jpg", "error": "z.jpg: no such file"},
    ]  # fmt: skip
