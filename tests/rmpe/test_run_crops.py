"""Runs that save crops: made once, made again where they are missing, removed with their images."""

import json
from pathlib import Path

import pytest

from rmpe.conversion import convert_results
from rmpe.outputs import crops as crops_module
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.errors import OutputError
from rmpe.smoothing import smooth_results
from rmpe.trackers.parameters import TrackingParameters
from rmpe.tracking import track_results

from .test_run import contents, estimators, infer, photos, save  # noqa: F401
from .test_run_tracking import save as save_frame

CROPS = DrawingStyle(min_person_score=0, min_keypoint_score=0)


def crops(out="out"):
    return sorted(path.name for path in Path(out, "crops").iterdir())


def test_each_person_is_saved_beside_the_drawings(infer):  # noqa: F811
    infer(crops=CROPS)
    # 40 to 44: none, one, two, three, and none again; two of a picture look like one person.
    assert [name for name in crops() if name.startswith("1_")] == ["1_p00.png"]
    assert not any(name.startswith(("0_", "4_")) for name in crops())
    assert len(list(Path("out/drawings").iterdir())) == 5


def test_crops_are_made_again_without_the_networks(infer, estimators):  # noqa: F811
    infer(crops=CROPS)
    unbroken = contents()
    Path("out/crops/1_p00.png").unlink()
    Path("out/crops/3_p00.png").write_bytes(b"")
    tally = infer(crops=CROPS, resume=True)
    assert contents() == unbroken
    assert (len(estimators), tally.drawn_again, tally.done_before) == (1, 2, 3)


def test_crops_are_added_to_a_run_without_any(infer, estimators):  # noqa: F811
    infer(style=None, crops=CROPS, out="unbroken")
    infer(style=None)
    infer(style=None, crops=CROPS, resume=True)
    assert contents() == contents("unbroken")
    assert len(estimators) == 2


def test_results_of_results_get_no_crops(infer):  # noqa: F811
    """They are made without images: the run that they come from is where crops can be had."""
    infer(style=None, tracking=TrackingParameters())
    track_results("out", "tracked")
    smooth_results("tracked", "smooth")
    convert_results("out", "converted", ["jsonl"])
    for out, command in (("tracked", "track"), ("smooth", "smooth"), ("converted", "convert")):
        before = contents(out)
        rule = (
            f"cannot resume {out}: rmpe {command} made it of other results, .* folder of rmpe infer"
        )
        with pytest.raises(OutputError, match=rule):
            infer(style=None, crops=CROPS, resume=True, out=out)
        assert contents(out) == before


def test_results_of_results_know_where_their_images_are(infer, monkeypatch):  # noqa: F811
    """Paths are relative to the folder of the run, wherever the others are started."""
    infer(style=None, tracking=TrackingParameters())
    run = Path("out").resolve()
    here = str(Path.cwd())
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    track_results(run, "tracked")
    smooth_results("tracked", "smooth")
    convert_results("smooth", "converted", ["jsonl"])
    for out in ("tracked", "smooth", "converted"):
        assert json.loads(Path(out, "run.json").read_text())["directory"] == here
    # What an interrupted or older run has left may not say it.
    (run / "run.json").unlink()
    convert_results(run, "unknown", ["jsonl"])
    assert json.loads(Path("unknown/run.json").read_text())["directory"] == ""


def test_crops_that_fail_are_reported_and_made_again(infer, monkeypatch):  # noqa: F811
    infer(style=None, crops=CROPS, out="unbroken")

    def fail(image, name):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(crops_module, "encode_image", fail)
        assert infer("photos/0.png", "photos/1.png", style=None, crops=CROPS).failed_drawings == 1
    assert infer.reports == [
        "no crops of photos/1.png: OSError: [Errno 28] No space left on device"
    ]
    infer(style=None, crops=CROPS, resume=True)
    assert contents() == contents("unbroken")


def test_crops_are_no_input_and_go_with_their_run(infer):  # noqa: F811
    infer(crops=CROPS)
    Path("out/crops/mine.png").write_bytes(b"mine")
    Path("out/crops/other_p00.png").write_bytes(b"mine")
    assert infer("photos", "out/crops", resume=True, crops=CROPS).done_before == 5
    infer("photos/1.png", overwrite=True)
    assert crops() == ["mine.png", "other_p00.png"]


def test_crops_have_the_identities_of_the_end(infer):  # noqa: F811
    for number, people in enumerate((2, 3, 3)):
        save_frame(Path("frames") / f"f{number}.png", people)
    options = {"tracking": TrackingParameters(), "crops": CROPS, "style": None}
    infer("frames", **options)
    assert "f0_p00_t1.png" in crops()
    unbroken = contents()
    # The first frame comes later: what was f1's second identity is now another.
    infer("frames/f1.png", "frames/f2.png", out="late", **options)
    infer("frames", out="late", resume=True, **options)
    assert crops("late") == crops()
    assert contents("late")["crops/f0_p00_t1.png"] == unbroken["crops/f0_p00_t1.png"]


def test_folder_of_crops_that_is_a_link_is_refused(infer, tmp_path):  # noqa: F811
    Path("elsewhere").mkdir()
    Path("out").mkdir()
    Path("out/crops").symlink_to("../elsewhere")
    with pytest.raises(OutputError, match="out/crops must be a folder, it is a link"):
        infer(crops=CROPS)
    assert list(Path("elsewhere").iterdir()) == []
