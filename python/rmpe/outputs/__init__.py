"""Result files and drawings: what becomes of the people that were found.

Every writer takes the same record of an image (`rmpe.outputs.records`). It fills ``NAME.partial``
beside its file and renames it when closed, so a file that bears its own name is complete and valid,
even after an interruption. No file ever holds NaN or infinity, which JSON does not have: they are
``null`` in JSON Lines, 0 in the other formats.

Only JSON Lines and the list of images can express an image without people; COCO and AlphaPose JSON
list people, and an image without any does not appear in them.
"""

from __future__ import annotations

from .alphapose import AlphaPoseWriter
from .coco import COCOWriter
from .files import ResultWriter
from .jsonl import JSONLinesWriter

# What `rmpe infer --formats` offers. A new format is a module with its writer, and a line here.
RESULT_FORMATS: dict[str, type[ResultWriter]] = {
    "jsonl": JSONLinesWriter,
    "coco": COCOWriter,
    "alphapose": AlphaPoseWriter,
}
