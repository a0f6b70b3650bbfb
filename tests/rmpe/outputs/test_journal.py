"""The journal: records are appended, read back from whatever a killed run left, and finished."""

import json
import os

import pytest

from rmpe.outputs.errors import ResultsError
from rmpe.outputs.files import Directory
from rmpe.outputs.journal import FINISHED, JOURNAL, MERGED, Journal
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record

from .material import make_records

RECORDS = make_records(4)
LINES = [json.dumps(entry) + "\n" for entry in RECORDS]
# The first image, skipped.
SKIPPED = json.dumps(error_record(ImageLabel("photos/0.jpg", "0.jpg", 0), "gone")) + "\n"


@pytest.fixture
def directory(tmp_path):
    with Directory(tmp_path) as opened:
        yield opened


@pytest.fixture
def journal(directory):
    """Open a journal; gives what it reported too."""
    opened = []

    def open_journal(**options):
        reports = []
        opened.append(Journal(directory, report=reports.append, **options))
        return opened[-1], reports

    yield open_journal
    for one in opened:
        one.close()


def files(tmp_path):
    return {path.name: path.read_text() for path in tmp_path.iterdir()}


def test_fresh_journal_becomes_the_file(journal, tmp_path):
    fresh, _ = journal()
    fresh.begin()
    fresh.append(RECORDS[:1])
    assert files(tmp_path) == {JOURNAL: LINES[0]}
    fresh.append(RECORDS[1:])
    assert list(fresh.records()) == RECORDS
    fresh.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


def test_appended_records_are_on_the_disk(journal, monkeypatch):
    synced = []
    fresh, _ = journal()
    fresh.begin()
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(fd))
    fresh.append(RECORDS)
    assert len(synced) == 1


def test_finished_file_is_only_read_until_a_longer_one_is_complete(journal, tmp_path):
    (tmp_path / FINISHED).write_text("".join(LINES[:2]))
    resumed, _ = journal()
    resumed.begin()
    resumed.append(RECORDS[2:])
    assert files(tmp_path) == {FINISHED: "".join(LINES[:2]), JOURNAL: "".join(LINES[2:])}
    assert list(resumed.records()) == RECORDS
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


def test_nothing_new_leaves_the_finished_file_alone(journal, tmp_path):
    (tmp_path / FINISHED).write_text("".join(LINES))
    inode = (tmp_path / FINISHED).stat().st_ino
    resumed, _ = journal()
    resumed.begin()
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}
    assert (tmp_path / FINISHED).stat().st_ino == inode


def test_journal_of_a_killed_run_is_appended_to(journal, tmp_path):
    (tmp_path / JOURNAL).write_text("".join(LINES[:2]))
    inode = (tmp_path / JOURNAL).stat().st_ino
    resumed, _ = journal()
    resumed.begin()
    resumed.append(RECORDS[2:])
    assert (tmp_path / JOURNAL).stat().st_ino == inode
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


@pytest.mark.parametrize("cut", [1, 2, 20, 300, len(LINES[1]) - 2, len(LINES[1]) - 1])
def test_torn_line_is_cut_off_wherever_it_ends(journal, tmp_path, cut):
    (tmp_path / JOURNAL).write_text(LINES[0] + LINES[1][:cut])
    resumed, reports = journal()
    complete = cut == len(LINES[1]) - 1  # All but the end of the line.
    assert list(resumed.done) == ["photos/0.jpg", "photos/1.jpg"][: 1 + complete]
    assert bool(reports) != complete
    resumed.begin()
    resumed.append(RECORDS[1 + complete :])
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


def test_torn_line_is_reported(journal, tmp_path):
    (tmp_path / JOURNAL).write_text(LINES[0] + LINES[1][:9])
    assert journal()[1] == ["results.jsonl.partial: line 2 is unfinished; its image is done again"]


@pytest.mark.parametrize("filler", [b"\0" * 100, b"\xff", b"{"])
def test_tail_of_a_loss_of_power_is_cut_off(journal, tmp_path, filler):
    (tmp_path / JOURNAL).write_bytes(LINES[0].encode() + filler)
    resumed, _ = journal()
    resumed.begin()
    resumed.append(RECORDS[1:])
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


def test_torn_file_under_the_final_name_is_mended(journal, tmp_path):
    """Earlier versions left such files on a full disk."""
    (tmp_path / FINISHED).write_text(LINES[0] + LINES[1][:20])
    resumed, reports = journal()
    assert len(reports) == 1
    resumed.begin()
    resumed.finish()
    assert files(tmp_path) == {FINISHED: LINES[0]}


@pytest.mark.parametrize("name", [FINISHED, JOURNAL])
@pytest.mark.parametrize("bad", ["{\n", "[]\n", "\n", '{"file": "a"}\n', LINES[1][:30] + "\n"])
def test_damaged_line_among_good_ones_is_an_error_and_costs_nothing(journal, tmp_path, name, bad):
    (tmp_path / name).write_text(LINES[0] + bad + LINES[2])
    before = files(tmp_path)
    with pytest.raises(ResultsError, match=rf"^{name}: line 2 is not a record of rmpe: "):
        journal()
    assert files(tmp_path) == before


def test_later_record_counts_in_the_place_of_the_first(journal, tmp_path):
    (tmp_path / JOURNAL).write_text(SKIPPED + LINES[1])
    resumed, _ = journal()
    assert resumed.done["photos/0.jpg"].size is None
    resumed.begin()
    resumed.append([RECORDS[2], RECORDS[0]])
    assert resumed.done["photos/0.jpg"].size == (40, 60)
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES[:3])}


def test_both_files_of_a_run_that_died_while_it_merged_them(journal, tmp_path):
    (tmp_path / FINISHED).write_text("".join(LINES))
    (tmp_path / JOURNAL).write_text("".join(LINES[2:]))
    (tmp_path / MERGED).write_text(LINES[0])
    resumed, _ = journal()
    resumed.begin()
    resumed.finish()
    assert files(tmp_path) == {FINISHED: "".join(LINES)}


def test_fields_of_later_versions_are_kept(journal, tmp_path):
    line = json.dumps({**RECORDS[0], "tracks": [7]}) + "\n"
    (tmp_path / FINISHED).write_text(line)
    resumed, _ = journal()
    resumed.begin()
    resumed.append(RECORDS[1:2])
    resumed.finish()
    assert files(tmp_path) == {FINISHED: line + LINES[1]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "other.jpg"}, "another image has its name or number, 1, already"),
        ({"file": "other.jpg", "name": "other.jpg"}, "another image has its name or number, 1"),
        ({"file": "other.jpg", "image_id": 9}, "another image has its name or number, 9"),
        ({"file": "o", "name": "1.JPG", "image_id": 9}, "another image has its name or number"),
        ({"image_id": 9}, "'photos/1.jpg' is called '1.jpg' already"),
        ({"name": "../../x.jpg"}, "name must be a file name without folders"),
    ],
)
def test_images_that_share_a_name_are_refused(journal, tmp_path, change, message):
    other = json.dumps({**RECORDS[1], **change}) + "\n"
    (tmp_path / FINISHED).write_text("".join(LINES[:2]))
    (tmp_path / JOURNAL).write_text(other)
    with pytest.raises(ResultsError, match=message):
        journal()


def test_endless_line_is_not_read_into_memory(journal, tmp_path, monkeypatch):
    monkeypatch.setattr("rmpe.outputs.journal._MAX_LINE", 1 << 20)
    (tmp_path / FINISHED).write_bytes(b"{" + b" " * (2 << 20))
    with pytest.raises(ResultsError, match="line 1 is not a record of rmpe: it is longer than"):
        journal()


@pytest.mark.parametrize("name", [FINISHED, JOURNAL])
def test_links_are_not_read(journal, tmp_path, name):
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(OSError, match=f"{name} is a link"):
        journal()


def test_earlier_records_do_not_count_in_a_run_of_its_own(journal, tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / JOURNAL).symlink_to("victim")
    fresh, _ = journal(earlier=False)
    fresh.begin()
    fresh.append(RECORDS[:1])
    fresh.finish()
    assert files(tmp_path) == {"victim": "precious", FINISHED: LINES[0]}


def test_removed_journal_is_noticed_when_it_is_appended_to(journal, tmp_path):
    fresh, _ = journal()
    fresh.begin()
    (tmp_path / JOURNAL).unlink()
    with pytest.raises(FileNotFoundError, match=f"{JOURNAL} was removed"):
        fresh.append(RECORDS)


def test_finished_file_that_another_program_cut_is_not_merged(journal, tmp_path):
    (tmp_path / FINISHED).write_text("".join(LINES[:2]))
    resumed, _ = journal()
    resumed.begin()
    resumed.append(RECORDS[2:])
    (tmp_path / FINISHED).write_text(LINES[0])
    with pytest.raises(OSError, match="was changed by another program"):
        resumed.finish()
    assert files(tmp_path) == {FINISHED: LINES[0], JOURNAL: "".join(LINES[2:])}


def test_without_json_lines_the_journal_goes(journal, tmp_path):
    fresh, _ = journal()
    fresh.begin()
    fresh.append(RECORDS)
    fresh.finish(keep=False)
    assert files(tmp_path) == {}
