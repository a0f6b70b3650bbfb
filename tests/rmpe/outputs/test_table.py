"""Long tables, read back by pandas, polars and pyarrow."""

import csv
import dataclasses
import math
from importlib import util

import numpy as np
import pytest

from rmpe.outputs.errors import OutputError
from rmpe.outputs.files import Directory
from rmpe.outputs.folder import open_results
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.outputs.run_file import RunFile
from rmpe.outputs.table import CSV, PARQUET
from rmpe.skeletons import COCO_17

from .material import LABEL, make_people, written

COLUMNS = [
    "image_id", "video", "frame", "time", "image", "person", "track", "class", "keypoint", "x", "y",
    "score",
]  # fmt: skip
FORMATS = pytest.mark.parametrize("table_format", [CSV, PARQUET], ids=["csv", "parquet"])


@pytest.fixture
def entries():
    """Two people, one of whom is tracked and has lost her nose; nobody; a file that is broken."""
    people = make_people(2)
    people.keypoints[0, 0, 1] = math.nan
    frame = ImageLabel("b/x.mp4/x_000003.jpg", "x_000003.jpg", 42)
    other = ImageLabel('a "b", c.jpg', 'a "b", c.jpg', 7)
    return [
        tracked_record(record(frame, people, 0.04), [5, -1]),
        record(ImageLabel("none.jpg", "none.jpg", 1), make_people(0)),
        error_record(ImageLabel("gone.jpg", "gone.jpg", 2), "gone"),
        record(other, dataclasses.replace(make_people(1), classes=("dog",))),
    ]


def check(rows, entries):
    """Compare rows, as lists of Python values with None for what is not there."""
    assert len(rows) == 3 * 17
    assert [row[8] for row in rows[:17]] == list(COCO_17.keypoints)
    assert [row[:8] for row in rows[::17]] == [
        [42, "b/x.mp4", 3, 0.04, "x_000003.jpg", 0, 5, "person"],
        [42, "b/x.mp4", 3, 0.04, "x_000003.jpg", 1, None, "person"],
        [7, None, None, None, 'a "b", c.jpg', 0, None, "dog"],
    ]  # fmt: skip
    people = [person for entry in entries for person in entry.get("people", ())]
    for number, person in enumerate(people):
        for row, (x, y), score in zip(
            rows[17 * number :], person["keypoints"], person["keypoint_scores"], strict=False
        ):
            assert row[9:] == [x, y, score]
    assert rows[0][10] is None


@FORMATS
def test_pandas_reads_it(table_format, entries, tmp_path):
    pandas = pytest.importorskip("pandas")
    path = written(table_format, tmp_path, *entries)
    read = pandas.read_csv if table_format is CSV else pandas.read_parquet
    table = read(path)
    assert list(table.columns) == COLUMNS
    assert table["track"].dtype.kind == "f"  # As pandas has whole numbers with gaps.
    plain = table.astype(object).where(table.notna(), None)
    check([list(row) for row in plain.itertuples(index=False)], entries)
    # What such a table is for.
    mean = table[table.score > 0.5].groupby("keypoint")["x"].mean()
    assert set(mean.index) <= set(COCO_17.keypoints)


@FORMATS
def test_people_of_several_videos_are_told_apart(table_format, tmp_path):
    """Tracks begin at 1 in each, and numbers of images count on."""
    pandas = pytest.importorskip("pandas")
    entries = [
        tracked_record(
            record(ImageLabel(f"{video}/walk_00000{n}.jpg", f"{n}.jpg", n + first), make_people(2)),
            [1, 2],
        )
        for video, first in (("a/walk.mp4", 0), ("b/walk.mp4", 3), ("walk.mp4", 6))
        for n in range(3)
    ]
    path = written(table_format, tmp_path, *entries)
    table = (pandas.read_csv if table_format is CSV else pandas.read_parquet)(path)
    nose = table[table.keypoint == "nose"]
    found = nose.groupby(["video", "track"])["frame"].apply(list).to_dict()
    videos = ("a/walk.mp4", "b/walk.mp4", "walk.mp4")
    assert found == {(video, track): [0, 1, 2] for video in videos for track in (1, 2)}


@FORMATS
def test_polars_reads_it(table_format, entries, tmp_path):
    polars = pytest.importorskip("polars")
    path = written(table_format, tmp_path, *entries)
    table = (polars.read_csv if table_format is CSV else polars.read_parquet)(path)
    assert table.columns == COLUMNS
    assert {table.schema[name] for name in ("x", "y", "score")} == {polars.Float64}
    assert {table.schema[name] for name in ("frame", "track")} == {polars.Int64}
    check([list(row) for row in table.rows()], entries)


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\t=1.jpg", "\r\n=1.jpg",
             " =1.jpg", "\uff1d1.jpg", "=HYPERLINK(\"http:// x\").jpg"],
)  # fmt: skip
def test_no_name_is_a_formula(tmp_path, name):
    """Neither that of a file, a video or a class, which somebody else may have chosen."""
    people = dataclasses.replace(make_people(1), classes=(name,))
    stem = name.rpartition("/")[2]
    entry = record(ImageLabel(f"{name}.mp4/{stem}_000007.jpg", name, 7), people)
    with written(CSV, tmp_path, entry).open(newline="") as file:
        row = list(csv.reader(file))[1]
    assert (row[1], row[4], row[7]) == (f"'{name}.mp4", f"'{name}", f"'{name}")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(written(PARQUET, tmp_path, entry)).to_pylist()
    assert (table[0]["image"], table[0]["class"]) == (name, name)


def test_names_and_numbers_that_are_no_formula_stay(tmp_path):
    people = make_people(1)
    people.keypoints[0, 0, 0] = -3.5
    entry = record(ImageLabel("a-b=c+d@e.jpg", "a-b=c+d@e.jpg", 7), people)
    with written(CSV, tmp_path, entry).open(newline="") as file:
        row = list(csv.reader(file))[1]
    assert row[4] == "a-b=c+d@e.jpg" and row[9] == "-3.5"


def test_the_csv_module_reads_it(entries, tmp_path):
    with written(CSV, tmp_path, *entries).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == COLUMNS
    assert len(rows) == 1 + 3 * 17
    assert rows[1][6:10] == [
        "5",
        "person",
        "nose",
        repr(entries[0]["people"][0]["keypoints"][0][0]),
    ]


def test_parquet_is_written_in_pieces_and_always_the_same(entries, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("rmpe.outputs.table._ROWS", 20)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    path = written(PARQUET, tmp_path / "a", *entries)
    assert parquet.ParquetFile(path).metadata.num_row_groups == 3
    assert path.read_bytes() == written(PARQUET, tmp_path / "b", *entries).read_bytes()


@FORMATS
def test_a_table_of_nobody_has_its_columns(table_format, tmp_path):
    pandas = pytest.importorskip("pandas")
    path = written(table_format, tmp_path, record(LABEL, make_people(0)))
    table = (pandas.read_csv if table_format is CSV else pandas.read_parquet)(path)
    assert (list(table.columns), len(table)) == (COLUMNS, 0)


def test_keypoints_of_an_unknown_skeleton_have_numbers(tmp_path):
    entry = record(LABEL, make_people(1)) | {"skeleton": "octopus"}
    lines = written(CSV, tmp_path, entry).read_text().splitlines()
    assert [line.split(",")[8] for line in lines[1:]] == [str(number) for number in range(17)]


def test_a_package_that_is_missing_is_named_before_anything_is_done(tmp_path, monkeypatch):
    find = util.find_spec
    monkeypatch.setattr(
        "rmpe.outputs.folder.find_spec", lambda name: None if name == "pyarrow" else find(name)
    )
    with (
        pytest.raises(OutputError, match="the format parquet needs the package pyarrow: pip"),
        open_results(tmp_path / "out", {}) as folder,
    ):
        folder.begin(RunFile("1.0", {}, "cpu", ("parquet",)))
    assert not (tmp_path / "out").exists()


def test_a_resumed_run_names_a_package_that_its_tables_miss_before_anything_is_done(
    tmp_path, monkeypatch
):
    about = RunFile("1.0", {}, "cpu", ("jsonl", "parquet"))
    pytest.importorskip("pyarrow")
    with open_results(tmp_path, {}) as folder:
        folder.begin(about)
        folder.append([record(LABEL, make_people(1))])
        folder.finish()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("rmpe.outputs.folder.find_spec", lambda name: None)
    with (
        pytest.raises(OutputError, match="the format parquet needs the package pyarrow: pip"),
        open_results(tmp_path, {}, resume=True) as folder,
    ):
        folder.begin(RunFile("1.0", {}, "cpu", ("jsonl",)))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_numbers_are_those_of_the_record(entries, tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_parquet(written(PARQUET, tmp_path, *entries))
    scores = [s for entry in entries for p in entry.get("people", ()) for s in p["keypoint_scores"]]
    np.testing.assert_array_equal(table["score"], scores)


@FORMATS
def test_names_that_are_no_text_are_escaped(table_format, tmp_path):
    if table_format.needs:
        pytest.importorskip(table_format.needs)
    label = ImageLabel("v/\udcff.png", "\udcff.png", 3)
    with Directory(tmp_path) as directory, table_format.writing(directory) as writer:
        writer.append(record(label, make_people(1)))
    assert rb"\udcff.png" in (tmp_path / table_format.file_name).read_bytes()


def test_whole_numbers_are_numbers_as_large_as_records_hold(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    entry = record(LABEL, make_people(1), 2**60 + 1)
    entry["people"][0]["keypoints"][0] = [10**30, 2**53 + 1]
    row = parquet.read_table(written(PARQUET, tmp_path, entry)).to_pylist()[0]
    assert (row["time"], row["x"], row["y"]) == (2.0**60, 1e30, 2.0**53)
