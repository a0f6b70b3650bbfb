"""A folder of results: locked, compared with the run, planned for, written and finished."""

import json
import os
import shutil
from pathlib import Path

import pytest

from rmpe.outputs import DEFAULT_FORMATS, RESULT_FORMATS, lock
from rmpe.outputs.drawing_files import DrawingStyle
from rmpe.outputs.earlier_results import images_in
from rmpe.outputs.errors import EarlierResultsError, OutputError, OutputLostError
from rmpe.outputs.files import Directory
from rmpe.outputs.folder import open_results
from rmpe.outputs.image_list import IMAGE_LIST
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record
from rmpe.outputs.run_file import RunFile

from .material import make_people, make_records, text_of

SETTINGS = {"flip": False, "nms": None}
RECORDS = make_records(3)


def run_file(*formats):
    return RunFile("1.0", SETTINGS, "cpu", formats or DEFAULT_FORMATS, os.getcwd())


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path("out")


def write(path, records, *formats, finish=True, style=None, **options):
    with open_results(path, SETTINGS, **options) as results:
        results.begin(run_file(*formats), style, overwrite=options.get("overwrite", False))
        results.append(records)
        if finish:
            results.finish()


def contents(out):
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in out.rglob("*")
        if path.is_file()
    }


def expected(records, *formats):
    wanted = [RESULT_FORMATS[name] for name in formats or DEFAULT_FORMATS]
    return {one.file_name: text_of(one, *records) for one in (*wanted, IMAGE_LIST)}


def test_all_files_are_written(out):
    write(out, RECORDS)
    found = contents(out)
    assert RunFile(**json.loads(found.pop("run.json"))).settings == SETTINGS
    assert found == expected(RECORDS)


@pytest.mark.parametrize("formats", [["jsonl"], ["coco"], ["alphapose", "jsonl"]])
def test_chosen_files_are_written(out, formats):
    write(out, RECORDS, *formats)
    found = contents(out)
    found.pop("run.json")
    assert found == expected(RECORDS, *formats)


def test_folder_is_made_and_goes_again_where_nothing_came_into_it(out):
    with open_results(out / "a" / "b", SETTINGS):
        assert (out / "a" / "b").is_dir()
    assert not out.exists()


def test_what_is_done_stays_without_finishing(out):
    write(out, RECORDS[:2], finish=False)
    assert "results.jsonl" not in contents(out)
    write(out, RECORDS[2:], resume=True)
    found = contents(out)
    found.pop("run.json")
    assert found == expected(RECORDS)


def test_earlier_results_are_neither_replaced_nor_mixed_by_accident(out):
    write(out, RECORDS)
    before = contents(out)
    with (
        pytest.raises(EarlierResultsError, match="out holds the results of an earlier run"),
        open_results(out, SETTINGS),
    ):
        pass
    with (
        pytest.raises(OutputError, match="with other settings: --flip was False, now True"),
        open_results(out, {"flip": True, "nms": None}, resume=True),
    ):
        pass
    assert contents(out) == before


@pytest.mark.parametrize("leftover", ["results.jsonl.partial", "images.json", "run.json"])
def test_every_file_of_an_earlier_run_is_recognized(out, leftover):
    out.mkdir()
    (out / leftover).touch()
    with pytest.raises(EarlierResultsError), open_results(out, SETTINGS):
        pass
    with open_results(out, SETTINGS, overwrite=True):
        pass


@pytest.mark.parametrize("leftover", ["coco-results.json.partial", "results.jsonl.merged"])
def test_what_no_run_needs_is_in_nobodys_way(out, leftover):
    out.mkdir()
    (out / leftover).write_text("half")
    write(out, RECORDS)
    assert (set(contents(out)) - {"run.json"}) == set(expected(RECORDS))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "run.json is missing or damaged: it tells the settings"),
        (b"", "run.json is missing or damaged: must be a JSON object"),
        (b'{"settings": 3}', "run.json is missing or damaged: settings must be"),
    ],
)
def test_results_without_their_settings_are_not_resumed(out, data, message):
    write(out, RECORDS)
    (out / "run.json").unlink() if data is None else (out / "run.json").write_bytes(data)
    with pytest.raises(OutputError, match=message), open_results(out, SETTINGS, resume=True):
        pass


def test_endless_settings_are_not_read_to_their_end(out):
    write(out, RECORDS)
    (out / "run.json").unlink()
    (out / "run.json").symlink_to("/dev/zero")
    with pytest.raises(OutputError, match="run.json is missing or damaged: run.json is a link"):
        with open_results(out, SETTINGS, resume=True):
            pass


def test_damaged_records_are_named_with_their_folder(out):
    write(out, RECORDS)
    (out / "results.jsonl").write_text("{}\n")
    with (
        pytest.raises(
            OutputError, match="cannot resume: out/results.jsonl: line 1 is not a record"
        ),
        open_results(out, SETTINGS, resume=True),
    ):
        pass
    assert (out / "results.jsonl").read_text() == "{}\n"


@pytest.mark.parametrize("name", ["run.json", "results.jsonl", "images.json", "coco-results.json"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_in_the_place_of_files_are_an_error_at_the_start(out, name, overwrite):
    (out / name).mkdir(parents=True)
    with (
        pytest.raises(OutputError, match=f"out/{name} must be a file, it is a folder"),
        open_results(out, SETTINGS, overwrite=overwrite),
    ):
        pass


@pytest.mark.parametrize("overwrite", [False, True])
def test_folder_of_drawings_that_is_a_link_is_an_error_at_the_start(out, overwrite):
    out.mkdir()
    Path("mine").mkdir()
    Path("mine/0.jpg").touch()
    (out / "drawings").symlink_to("../mine")
    with (
        pytest.raises(OutputError, match="out/drawings must be a folder, it is a link"),
        open_results(out, SETTINGS, overwrite=overwrite),
    ):
        pass
    assert Path("mine/0.jpg").exists()


def test_out_that_is_a_file(out):
    out.touch()
    with pytest.raises(OutputError, match="--out must be a folder, out is a file"):
        with open_results(out, SETTINGS):
            pass


def test_out_that_is_a_link_to_a_folder_is_what_the_user_chose(out):
    Path("disk").mkdir()
    out.symlink_to("disk")
    write(out, RECORDS)
    assert (Path("disk") / "results.jsonl").exists()


def test_second_run_is_refused_while_the_first_has_the_folder(out):
    with open_results(out, SETTINGS):
        Path("link").symlink_to("out")
        for spelling in (out, Path("link"), out.absolute()):
            with pytest.raises(OutputError, match="another run is writing into"):
                with open_results(spelling, SETTINGS, resume=True):
                    pass
    write(out, RECORDS)
    assert "run.lock" not in contents(out)


def test_lock_that_a_killed_run_left_is_taken(out):
    out.mkdir()
    (out / "run.lock").touch()
    write(out, RECORDS)
    assert "run.lock" not in contents(out)


def test_file_system_without_locks_is_reported_and_works(out, monkeypatch):
    def refuse(self, name):
        raise OSError(lock._NO_LOCKS[0], "No locks available")

    monkeypatch.setattr(Directory, "lock", refuse)
    reports = []
    write(out, RECORDS, report=reports.append)
    assert reports == [
        "out cannot be locked (No locks available): make sure that no other run writes into it"
    ]


def test_plan_of_a_fresh_run_is_every_image_once(out):
    paths = [Path("photos/0.jpg"), Path("./photos/../photos/0.jpg"), Path("photos/1.jpg")]
    with open_results(out, SETTINGS) as results:
        work, done = results.plan(paths, draw=True)
    assert done == 0
    assert [(one.path, one.label.name, one.has_record) for one in work] == [
        (Path("photos/0.jpg"), "0.jpg", False),
        (Path("photos/1.jpg"), "1.jpg", False),
    ]


@pytest.mark.parametrize("spelling", ["photos/{}.jpg", "./photos//{}.jpg", "{cwd}/photos/{}.jpg"])
def test_plan_of_a_resumed_run_is_what_is_missing(out, spelling):
    skipped = error_record(ImageLabel("photos/1.jpg", "1.jpg", 1), "gone")
    write(out, [RECORDS[0], skipped])
    paths = [Path(spelling.format(n, cwd=os.getcwd())) for n in range(3)]
    with open_results(out, SETTINGS, resume=True) as results:
        work, done = results.plan(paths, draw=False)
    assert done == 1
    assert [(one.label.name, one.has_record) for one in work] == [
        ("1.jpg", False),
        ("2.jpg", False),
    ]
    assert work[0].label.file == "photos/1.jpg"
    assert [one.path for one in work] == paths[1:]


def test_resumed_from_another_folder(out, monkeypatch):
    write(out, RECORDS[:1])
    Path("photos").mkdir()
    start = Path.cwd()
    monkeypatch.chdir("photos")
    with open_results(Path("../out"), SETTINGS, resume=True) as results:
        work, done = results.plan([Path("0.jpg"), Path("7.jpg")], draw=False)
        results.begin(run_file())
        results.finish()
    assert done == 1
    # Its path is written in full: the others start from another folder.
    assert [one.label.file for one in work] == [str(start / "photos" / "7.jpg")]
    assert json.loads((start / "out/run.json").read_bytes())["directory"] == str(start)


def test_images_without_their_drawings_are_planned(out):
    write(out, RECORDS, style=DrawingStyle())
    (out / "drawings" / "0.jpg").write_bytes(b"a drawing")
    (out / "drawings" / "1.jpg").touch()  # What a loss of power leaves of one.
    paths = [Path(f"photos/{n}.jpg") for n in range(3)]
    with open_results(out, SETTINGS, resume=True) as results:
        work, done = results.plan(paths, draw=True)
        assert done == 1
        assert [(one.label.name, one.has_record) for one in work] == [
            ("1.jpg", True),
            ("2.jpg", True),
        ]
        assert results.record(work[1].label.file) == RECORDS[2]
        assert results.plan(paths, draw=False) == ([], 3)


def test_resumed_run_goes_on_with_the_formats_of_the_earlier_one(out):
    write(out, RECORDS[:1], "jsonl", "coco", finish=False)
    write(out, RECORDS[1:], "jsonl", resume=True)
    found = contents(out)
    assert json.loads(found.pop("run.json"))["formats"] == ["jsonl", "coco"]
    assert found == expected(RECORDS, "jsonl", "coco")


def test_resumed_run_goes_on_with_the_formats_that_are_there(out):
    write(out, RECORDS[:1])
    settings = json.loads((out / "run.json").read_bytes())
    for name in ("formats", "directory", "drawn_score"):  # As earlier versions wrote it.
        del settings[name]
    (out / "run.json").write_text(json.dumps(settings))
    write(out, RECORDS[1:], "jsonl", resume=True)
    found = contents(out)
    found.pop("run.json")
    assert found == expected(RECORDS)


def test_overwrite_leaves_nothing_of_the_earlier_run_and_all_else(out):
    write(out, RECORDS, style=DrawingStyle())
    for name in ("0.jpg", "1.jpg.partial", "1.jpg.png", "mine.jpg"):
        (out / "drawings" / name).touch()
    (out / "notes.txt").touch()
    (out / "results.jsonl.merged").touch()
    write(out, RECORDS[:1], "jsonl", overwrite=True)
    found = contents(out)
    assert set(found) == {
        "drawings/mine.jpg",
        "notes.txt",
        "run.json",
        "results.jsonl",
        "images.json",
    }
    assert found["results.jsonl"] == expected(RECORDS[:1])["results.jsonl"]


def test_overwrite_deletes_nothing_elsewhere(out, tmp_path):
    """A folder of results that comes from somebody else."""
    write(out, RECORDS, style=DrawingStyle())
    Path("victim.jpg").touch()
    lines = [
        {"file": "a", "name": name, "image_id": n, "people": []}
        for n, name in enumerate(["../../victim.jpg", str(tmp_path / "victim.jpg"), "..", "x/../y"])
    ]
    (out / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (out / "images.json").unlink()
    (out / "images.json").symlink_to("../victim.jpg")
    write(out, RECORDS, overwrite=True)
    assert Path("victim.jpg").exists()


@pytest.mark.parametrize("formats", [DEFAULT_FORMATS, ["coco"]])
@pytest.mark.parametrize("finish", [True, False])
def test_names_in_results(out, formats, finish):
    records = [
        record(ImageLabel("p/a.jpg", "a.jpg", 1), make_people(1)),
        error_record(ImageLabel("gone.jpg", "gone.jpg", 3), "gone"),
        record(ImageLabel("x", "../x.jpg", 4), make_people(0)),
    ]
    write(out, records, *formats, finish=finish)
    with Directory(out) as directory:
        assert images_in(directory)[0] == {"a.jpg"}


def test_names_in_damaged_results(out):
    out.mkdir()
    (out / "results.jsonl").write_bytes(b'\xff\n[]\n7\n{"name": 3}\n{}\n{"name": "a.jpg"}\n{')
    (out / "results.jsonl.partial").write_bytes(b"[" * 100_000 + b"\n" + b"1" * 5000)
    with Directory(out) as directory:
        assert images_in(directory)[0] == {"a.jpg"}


@pytest.mark.parametrize("remove", ["out", "out/results.jsonl.partial"])
def test_folder_that_is_removed_ends_the_run(out, remove):
    with open_results(out, SETTINGS) as results:
        results.begin(run_file(), DrawingStyle())
        results.append(RECORDS[:1])
        shutil.rmtree(out) if remove == "out" else os.unlink(remove)
        with pytest.raises(
            OutputLostError, match="out cannot be written to: results.jsonl.partial was removed"
        ):
            results.append(RECORDS[1:])


def test_folder_that_is_renamed_takes_the_results_along(out):
    with open_results(out, SETTINGS) as results:
        results.begin(run_file())
        results.append(RECORDS[:1])
        out.rename("moved")
        results.append(RECORDS[1:])
        results.finish()
    found = contents(Path("moved"))
    found.pop("run.json")
    assert found == expected(RECORDS)


def test_progress_counts_the_records(out):
    counts = []
    with open_results(out, SETTINGS) as results:
        results.begin(run_file())
        results.append(RECORDS)
        assert results.count == 3
        results.finish(counts.append)
    assert sum(counts) == 3
