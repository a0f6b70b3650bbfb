"""The list of images, those without people and the skipped ones included.

``{"images": [...]}`` with the fields COCO uses (``id``, ``file_name``, ``width``, ``height``), and
``file`` (the path as given), ``people`` (how many), or ``error`` where the image was skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

from .records import Record
from .text_format import json_list


def _image(record: Record) -> Iterator[Record]:
    item = {"id": record["image_id"], "file_name": record["name"], "file": record["file"]}
    if "error" in record:
        yield item | {"error": record["error"]}
    else:
        size = {"width": record["width"], "height": record["height"]}
        yield item | size | {"people": len(record["people"])}


IMAGE_LIST = json_list(
    "images.json",
    _image,
    summary="every image: its number (image_id), name, path, size, people",
    before='{"images": ',
    after="}",
)
