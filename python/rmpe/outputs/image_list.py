"""The list of images: what the other files call each of them."""

from __future__ import annotations

from .json_list import JSONListWriter
from .records import Record


class ImageListWriter(JSONListWriter):
    """The images, those without people and the skipped ones included.

    ``{"images": [...]}`` with the fields COCO uses (``id``, ``file_name``, ``width``, ``height``),
    and ``file`` (the path as given), ``people`` (how many), or ``error`` where it was skipped.
    """

    file_name = "images.json"

    _OPENING, _CLOSING = '{"images": [', "\n]}\n"

    def append(self, entry: Record) -> None:
        item = {"id": entry["image_id"], "file_name": entry["name"], "file": entry["file"]}
        if "error" in entry:
            item["error"] = entry["error"]
        else:
            item |= {"width": entry["width"], "height": entry["height"]}
            item["people"] = len(entry["people"])
        self._add(item)
