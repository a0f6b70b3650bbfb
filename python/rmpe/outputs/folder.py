"""A folder of results: what a run does to it.

A run holds the folder's lock from before it reads what is there until it is done, so that two runs
never write into one folder. Up to `ResultFolder.begin` nothing in the folder changes. From then on
the journal (`rmpe.outputs.journal`) holds whatever is done. All other result files are made from it
at the end, and take their names when they are complete (`rmpe.outputs.files`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from . import RESULT_FORMATS
from .drawing_files import drawing_file
from .drawing_style import DrawingStyle
from .earlier_results import CROPS, DRAWINGS, check_earlier, formats_in, remove_earlier
from .errors import OutputError, OutputLostError, ResultsError, reason_of
from .files import Directory
from .image_list import IMAGE_LIST
from .journal import Journal
from .labels import ImageLabel
from .location import working_directory
from .lock import locked, opened, refused
from .pictures import Pictures, begin_pictures, complete_files, has_crops, remove_pictures
from .records import Record
from .run_file import RUN_FILE, RunFile, Setting
from .work import Work, plan_work

__all__ = ["ResultFolder", "open_results"]


@contextmanager
def open_results(
    path: Path,
    settings: Mapping[str, Setting],
    *,
    resume: bool = False,
    overwrite: bool = False,
    report: Callable[[str], object] = lambda _: None,
) -> Iterator[ResultFolder]:
    """Lock a folder for one run, and read what is there.

    Parameters
    ----------
    path : Path
        The folder, made where it is missing, and removed again where nothing comes into it.
    settings : mapping
        What changes the results, by name; a run is resumed only with the same.
    resume : bool
        Keep the results of an earlier run, and go on with it.
    overwrite : bool
        Replace the results of an earlier run.
    report : callable
        Gets a line for each thing that people should know of.

    Yields
    ------
    ResultFolder
        Locked until the end of the ``with`` block.

    Raises
    ------
    OutputError
        The folder cannot be written to, another run writes into it, or what it holds is in the way.
    """
    start = working_directory()
    with opened(path) as directory, locked(path, directory, report):
        before = check_earlier(path, directory, settings, resume=resume, overwrite=overwrite)
        try:
            journal = Journal(directory, earlier=before is not None, report=report)
        except ResultsError as error:
            raise OutputError(f"cannot resume: {path}/{error}") from None
        except OSError as error:
            raise OutputError(f"cannot resume: {path}: {reason_of(error)}") from None
        folder = ResultFolder(path, directory, journal, before, start)
        with closing(journal), closing(folder):
            yield folder
            if not directory.is_at(os.path.join(start, path)):
                report(
                    f"{path} was renamed or moved while it was written to: the results are where "
                    "it is now"
                )


class ResultFolder:
    """A folder that is locked for one run; `open_results` makes it.

    Attributes
    ----------
    pictures : Pictures or None
        What makes drawings and crops; None before `begin`, and where neither is wanted.
    drawn_score : float or None
        That of the people (`rmpe.People`), as ``run.json`` says; before `begin`, the earlier run's.
    working_directory : str
        What relative paths start from, also after it was removed.
    """

    def __init__(
        self,
        path: Path,
        directory: Directory,
        journal: Journal,
        before: RunFile | None,
        working_directory: str,
    ) -> None:
        self.pictures: Pictures | None = None
        self.working_directory = working_directory
        self._path = path
        self._directory, self._journal = directory, journal
        self._before = before
        self.drawn_score = None if before is None else before.drawn_score
        self._run: RunFile | None = None
        self._planned: list[ImageLabel] = []
        self._stack = ExitStack()

    def plan(
        self, paths: Iterable[Path], *, draw: bool, crops: DrawingStyle | None = None
    ) -> tuple[list[Work], int]:
        """Say what is left to be done.

        Parameters
        ----------
        paths : iterable of Path
            The images; one that is there in two spellings is taken once.
        draw : bool
            Drawings are wanted.
        crops : DrawingStyle, optional
            Crops are wanted, of those whom it draws.

        Returns
        -------
        work : list of Work
            In order, the images that have no record, that were skipped before, or that lack only
            pictures.
        done : int
            How many of the images are done.

        Raises
        ------
        OutputError
            The pictures that are there cannot be listed.
        """
        drawn = self._pictures(DRAWINGS) if draw else set()
        cropped = set() if crops is None else self._pictures(CROPS)

        def has_pictures(label: ImageLabel, size: tuple[int, int]) -> bool:
            return not (draw and drawing_file(label, size) not in drawn) and (
                crops is None
                or has_crops(self._journal.record(label.file), crops, cropped, self.drawn_score)
            )

        self._planned, work = plan_work(
            paths,
            self._journal.done,
            has_pictures,
            before=self._before.directory if self._before is not None else "",
            current=self.working_directory,
        )
        return work, len(self._planned) - len(work)

    def _pictures(self, name: str) -> set[str]:
        try:
            return complete_files(self._directory, name)
        except OSError as error:
            raise OutputError(f"cannot resume: {self._path / name}: {reason_of(error)}") from None

    def begin(
        self,
        run: RunFile,
        style: DrawingStyle | None = None,
        crops: DrawingStyle | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        """Make the files of the run: from here on, something has been done.

        Parameters
        ----------
        run : RunFile
            What ``run.json`` will say. A resumed run goes on with all formats that are there, too:
            an old file beside the new ones would tell of other images. Where it says no device,
            that of the earlier run stays.
        style : DrawingStyle, optional
            How to draw; None: no drawings are made.
        crops : DrawingStyle, optional
            Whom to cut out, those whom it draws; None: no crops are made.
        overwrite : bool
            Remove the results of an earlier run first.

        Raises
        ------
        OutputError
            The folder cannot be written to, or a format needs a package that is not installed.
        """
        try:
            if self._before is not None:
                run = run.after(self._before, formats_in(self._directory), RESULT_FORMATS)
            _check_packages(run.formats)
            if overwrite:
                remove_earlier(self._directory)
            self._run, self.drawn_score = run, run.drawn_score
            self.pictures = begin_pictures(
                self._directory, self._stack, style, crops, self.drawn_score
            )
            self._write_run_file()
            self._journal.begin()
        except OSError as error:
            raise refused(self._path, error) from None

    def _write_run_file(self) -> None:
        assert self._run is not None
        with self._directory.replacing(RUN_FILE) as file:
            file.write(self._run.to_bytes())

    @property
    def count(self) -> int:
        """How many images have a record."""
        return len(self._journal.done)

    @property
    def files(self) -> list[str]:
        """The images that have a record, by their ``file``."""
        return list(self._journal.done)

    def record(self, file: str) -> Record:
        """Read the record of an image."""
        with self._writing():
            return self._journal.record(file)

    def found_at(self, place: int) -> Record | None:
        """Read the record of a planned image; None where it has none, or was skipped."""
        if place >= len(self._planned):  # It came by itself.
            return None
        file = self._planned[place].file
        done = self._journal.done.get(file)
        return None if done is None or done.size is None else self.record(file)

    def append(self, entries: Sequence[Record]) -> None:
        """Add the records of images; when this returns, the disk has them.

        Raises
        ------
        OutputLostError
            It does not; nothing more can be written.
        """
        with self._writing():
            self._journal.append(entries)
            # Without it nothing can be resumed.
            if self._directory.mode(RUN_FILE) is None:
                self._write_run_file()

    def replace(self, entries: Sequence[Record]) -> None:
        """Put records in the place of those that their images have, and remove their pictures.

        Raises
        ------
        OutputLostError
            As `append`.
        """
        with self._writing():
            # The pictures first: one that is missing is made again, one that is wrong stays.
            remove_pictures(self._directory, entries)
            self._journal.append(entries)

    def finish(self, advance: Callable[[int], object] = lambda _: None) -> None:
        """Make all result files from the journal, and give them their names.

        Parameters
        ----------
        advance : callable
            Gets the number of records that were written since the last call.

        Raises
        ------
        OutputLostError
            A file cannot be written; the journal holds all records still.
        """
        assert self._run is not None
        formats = [RESULT_FORMATS[name] for name in self._run.formats if name != "jsonl"]
        with self._writing():
            if self._directory.mode(RUN_FILE) is None:
                self._write_run_file()
            with ExitStack() as files:
                writers = [
                    files.enter_context(one.writing(self._directory))
                    for one in (*formats, IMAGE_LIST)
                ]
                for entry in self._journal.records():
                    for writer in writers:
                        writer.append(entry)
                    advance(1)
            # Last: until then a resumed run finds the journal, and makes the others anew.
            self._journal.finish(keep="jsonl" in self._run.formats)

    def close(self) -> None:
        """Let go of the folders of pictures."""
        self._stack.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputLostError(
                f"stopped, because {self._path} cannot be written to: {reason_of(error)}; "
                "--resume goes on"
            ) from None


def _check_packages(formats: Iterable[str]) -> None:
    for name in formats:
        package = RESULT_FORMATS[name].needs
        if package and find_spec(package) is None:
            raise OutputError(
                f"the format {name} needs the package {package}: pip install {package}"
            )
