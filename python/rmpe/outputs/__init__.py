"""Result files and drawings: what becomes of the people that were found.

===============  ==================================================================
`labels`         what each image is called in the results
`records`        what an image's result is, and records read back
`journal`        the records of a run, written as they come and never lost
`folder`         a folder of results: what a run finds, does and leaves there
`files`          how its files are written
`drawing`        poses drawn on a photograph
`drawing_files`  drawings, as files
===============  ==================================================================

Each format of result files is a module that turns records into text, and a line of the table below.
No file ever holds NaN or infinity, which JSON does not have: they are ``null`` in JSON Lines, 0 in
the other formats. Only JSON Lines and the list of images can express an image without people; COCO
and AlphaPose JSON list people, and an image without any does not appear in them.
"""

from __future__ import annotations

from .alphapose import ALPHAPOSE
from .coco import COCO
from .jsonl import JSON_LINES
from .text_format import TextFormat

# What `rmpe infer --formats` offers.
RESULT_FORMATS: dict[str, TextFormat] = {
    "jsonl": JSON_LINES,
    "coco": COCO,
    "alphapose": ALPHAPOSE,
}
