"""Result files and drawings: what becomes of the people that were found.

============================  ============================================================
`labels`                      what each image is called in the results
`records`                     what an image's result is, and records read back
`journal`                     the records of a run, written as they come and never lost
`coco_input`                  COCO results and annotations read as records
`derived`                     results that are made of others
`unread`                      what is said of everything else that is none
`result_format`               what a format of result files is
`text_format`                 formats that are one text file
`jsonl`, `coco`, `alphapose`  the formats, one module each
`coco_annotations`
`openpose`
`table`                       CSV and Parquet
`image_list`                  the list of all images, which every run writes
`run_file`                    ``run.json``: the settings of the run
`folder`                      a folder of results: what a run finds, does and leaves there
`earlier_results`             what an earlier run left there
`lock`                        one run at a time in a folder
`files`                       how the files of a folder are written
`drawing`                     poses drawn on a photograph
`drawn`                       which people and joints a drawing shows
`overlays`                    heatmaps and windows of networks drawn on a photograph
`drawing_style`               the settings of a drawing
`faces`                       faces made unrecognizable
`captions`                    the texts of a drawing, clear of each other
`lettering`                   short texts on drawings
`drawing_files`               drawings, as files
`crops`                       people cut out, as files
`pictures`                    drawings and crops of a run
`contact_sheet`               many pictures on one
`video`                       videos that are written
`window`                      drawings in a window
`errors`                      the errors of all these
============================  ============================================================

A format of result files is a module that turns records into a file for the whole run, or into a
folder with a file for each image, and a row of the table below. No file ever holds NaN or infinity,
which JSON does not have; the format's module says what stands for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rmpe_ext.validation.checks import show

from ..arguments import check_name
from .alphapose import ALPHAPOSE
from .coco import COCO
from .coco_annotations import COCO_ANNOTATIONS
from .jsonl import JSON_LINES
from .openpose import OPENPOSE
from .result_format import ResultFormat
from .table import CSV, PARQUET

# What `rmpe infer --formats` offers.
RESULT_FORMATS: dict[str, ResultFormat] = {
    "jsonl": JSON_LINES,
    "coco": COCO,
    "alphapose": ALPHAPOSE,
    "coco-annotations": COCO_ANNOTATIONS,
    "openpose": OPENPOSE,
    "csv": CSV,
    "parquet": PARQUET,
}
# What it writes where nothing is said.
DEFAULT_FORMATS = ("jsonl", "coco", "alphapose")


def check_formats(formats: Any) -> None:
    """Raise TypeError or ValueError unless these are names of `RESULT_FORMATS`.

    Examples
    --------
    >>> check_formats("csv")
    Traceback (most recent call last):
    TypeError: formats must be a list of names, got 'csv'
    """
    if isinstance(formats, str) or not isinstance(formats, Sequence):
        raise TypeError(f"formats must be a list of names, got {show(formats)}")
    for name in formats:
        check_name("formats", name, RESULT_FORMATS)
