"""Result files and drawings: what becomes of the people that were found.

============================  ============================================================
`labels`                      what each image is called in the results
`records`                     what an image's result is, and records read back
`journal`                     the records of a run, written as they come and never lost
`text_format`                 what a format of result files is
`jsonl`, `coco`, `alphapose`  the formats, one module each
`image_list`                  the list of all images, which every run writes
`run_file`                    ``run.json``: the settings of the run
`folder`                      a folder of results: what a run finds, does and leaves there
`earlier_results`             what an earlier run left there
`lock`                        one run at a time in a folder
`files`                       how the files of a folder are written
`drawing`                     poses drawn on a photograph
`drawn`                       which people and joints a drawing shows
`drawing_style`               the settings of a drawing
`lettering`                   short texts on drawings
`drawing_files`               drawings, as files
`errors`                      the errors of all these
============================  ============================================================

A format of result files is a module that turns records into text, and a row of the table below. It
makes one file for the whole run. No file ever holds NaN or infinity, which JSON does not have; the
format's module says what stands for them.
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
