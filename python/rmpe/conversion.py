"""Results written again, in other formats or with the keypoints of another skeleton."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from .arguments import as_path, check_kind
from .outputs import check_formats
from .outputs.coco_input import read_coco
from .outputs.derived import begin_derived, derived_settings
from .outputs.errors import OutputError, ResultsError
from .outputs.folder import open_results
from .outputs.journal import in_pieces, open_journal
from .outputs.location import check_apart
from .outputs.records import Record, known_skeleton
from .outputs.values import check_keypoints
from .progress import Progress, no_progress
from .skeleton_conversion import Conversion
from .skeletons import Skeleton

__all__ = ["convert_record", "convert_results"]


def convert_results(
    results: str | os.PathLike[str],
    out: str | os.PathLike[str],
    formats: Sequence[str],
    *,
    skeleton: Skeleton | None = None,
    images: str | os.PathLike[str] | None = None,
    source: Skeleton | None = None,
    overwrite: bool = False,
    report: Callable[[str], object] = lambda line: None,
    progress: Progress = no_progress,
) -> int:
    """Write results that are there already in other formats.

    Parameters
    ----------
    results : str or path-like
        A folder of results with ``results.jsonl``, or with what an interrupted run left of it. It
        is only read. Or a file of COCO results or annotations, as
        :func:`rmpe.outputs.coco_input.read_coco` reads it.
    out : str or path-like
        The folder of the new results, made where it is missing; another than that of `results`.
    formats : sequence of str
        Which result files to write: keys of `rmpe.outputs.RESULT_FORMATS`.
    skeleton : Skeleton, optional
        Whose keypoints people get; those that they have, where omitted.
    images, source : optional
        Of COCO results: the file that names the images, and the skeleton whose keypoints they are.
    overwrite : bool
        Replace earlier results in `out`.
    report : callable
        Gets a line for each thing that people should know of.
    progress : callable
        Called with ``"image"`` and how many there are; returns a context manager that gives what
        to call with the number of those that were done.

    Returns
    -------
    int
        How many images the results are of, those included that were skipped.

    Raises
    ------
    ResultsError
        There are no results, a record cannot be read, or its skeleton cannot become the other; the
        message says which.
    OutputError
        `out` is `results`, or cannot be written to.

    Examples
    --------
    >>> convert_results("results", "tables", ["csv", "parquet"])  # doctest: +SKIP
    36
    """
    results = as_path("results", results, ResultsError)
    out = as_path("out", out, OutputError)
    check_formats(formats)
    if skeleton is not None:
        check_kind("skeleton", skeleton, Skeleton)
    check_apart(results.parent if os.path.isfile(results) else results, out)
    name = None if skeleton is None else skeleton.name
    settings = derived_settings("convert", {"skeleton": name})
    with (
        _opened(results, images, source, report) as (count, records),
        open_results(out, settings, overwrite=overwrite, report=report) as folder,
    ):
        if skeleton is not None:
            # As a rule all have the same, so that nothing in the folder changes for nothing.
            for entry in islice(records(), 1):
                convert_record(entry, skeleton)
        begin_derived(folder, results, settings, formats, overwrite=overwrite)
        with progress("image", count) as advance:

            def converted() -> Iterator[Record]:
                for entry in records():
                    yield entry if skeleton is None else convert_record(entry, skeleton)
                    advance(1)

            for piece in in_pieces(converted()):
                folder.append(piece)
        folder.finish()
        return count


@contextmanager
def _opened(
    results: Path,
    images: str | os.PathLike[str] | None,
    source: Skeleton | None,
    report: Callable[[str], object],
) -> Iterator[tuple[int, Callable[[], Iterator[Record]]]]:
    """How many records a folder or a COCO file holds, and what reads them."""
    if os.path.isfile(results):
        listed = None if images is None else as_path("images", images, ResultsError)
        read = read_coco(results, listed, source)
        yield len(read), lambda: iter(read)
        return
    if images is not None or source is not None:
        raise ResultsError(
            f"{results} is a folder of results, which name their images and keypoints themselves; "
            "--images and --source-skeleton are for a file of COCO results"
        )
    with open_journal(results, report) as journal:
        yield len(journal.done), journal.records


def convert_record(entry: Record, skeleton: Skeleton) -> Record:
    """Give the people of a record the keypoints of another skeleton.

    Parameters
    ----------
    entry : dict
        The record of an image; one that was skipped stays as it is.
    skeleton : Skeleton
        The other one.

    Returns
    -------
    dict
        A record, with ``derived``: the names of the keypoints that are the middle of two others.

    Raises
    ------
    ResultsError
        The record's skeleton is unknown, its people do not fit it, or it lacks keypoints of the
        other; the message names the file.
    """
    if "error" in entry or entry["skeleton"] == skeleton.name:
        return entry
    source = known_skeleton(entry)
    try:
        conversion = Conversion.between(source, skeleton)
    except ValueError as error:
        raise ResultsError(f"{entry['file']}: {error}") from None
    check_keypoints(entry, source)
    people = []
    for person in entry["people"]:
        keypoints, scores = conversion.person(person["keypoints"], person["keypoint_scores"])
        people.append({**person, "keypoints": keypoints, "keypoint_scores": scores})
    before = entry.get("derived", [])
    derived = [
        name
        for name, indices in zip(skeleton.keypoints, conversion.sources, strict=True)
        if len(indices) > 1 or any(source.keypoints[i] in before for i in indices)
    ]
    return {**entry, "skeleton": skeleton.name, "people": people, "derived": derived}
