"""Runs that save crops: made once, made again where they are missing, removed with their images."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rmpe.conversion import convert_results
from rmpe.outputs import crops as crops_module
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.outputs.errors import OutputError
from rmpe.smoothing import smooth_results
from rmpe.trackers.parameters import TrackingParameters
from rmpe.tracking import track_results

from .fakes import PixelEstimator
from .test_run import contents, estimators, infer, photos, save  # noqa: F401
from .test_run_tracking import save as save_frame

CROPS = DrawingStyle(min_person_score=0, min_keypoint_score=0)


def crops(out="out"):
    return sorted(path.name for path in Path(out, "crops").iterdir())


def about(out="out"):
    return json.loads(Path(out, "run.json").read_text())


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
        assert about(out)["directory"] == here
    # What an interrupted or older run has left may not say it.
    (run / "run.json").unlink()
    convert_results(run, "unknown", ["jsonl"])
    assert about("unknown")["directory"] == ""


@pytest.fixture
def faint(monkeypatch):
    """The network's card says that low scores are worth drawing."""
    monkeypatch.setattr(PixelEstimator, "drawn_score", 0.15, raising=False)


def test_results_of_results_know_what_is_drawn(infer, faint):  # noqa: F811
    infer(style=None, tracking=TrackingParameters())
    track_results("out", "tracked")
    smooth_results("tracked", "smooth")
    convert_results("smooth", "converted", ["jsonl"])
    assert [about(out)["drawn_score"] for out in ("out", "tracked", "smooth", "converted")] == [
        0.15
    ] * 4
    Path("out/run.json").unlink()
    track_results("out", "unknown")
    assert about("unknown")["drawn_score"] is None


def test_crops_are_of_those_who_are_drawn_of_the_network(infer, monkeypatch, estimators):  # noqa: F811
    """Also where pictures are made again, and no network is at hand that would tell."""
    monkeypatch.setattr(PixelEstimator, "drawn_score", 1.0, raising=False)
    infer(crops=DrawingStyle(), out="nobody")
    monkeypatch.setattr(PixelEstimator, "drawn_score", 0.0)
    infer(crops=DrawingStyle())
    assert crops("nobody") == [] != crops()
    unbroken = contents()
    assert about()["drawn_score"] == 0.0
    for one in crops():
        Path("out/crops", one).unlink()
    for number in range(5):
        Path(f"out/drawings/{number}.png").unlink()
    assert infer(crops=DrawingStyle(), resume=True).drawn_again == 5
    assert contents() == unbroken
    assert len(estimators) == 2


@pytest.mark.parametrize(
    ("score", "error"), [("0.2", TypeError), (math.nan, ValueError), (1.5, ValueError)]
)
def test_what_is_no_score_for_drawings_is_refused(infer, monkeypatch, score, error):  # noqa: F811
    monkeypatch.setattr(PixelEstimator, "drawn_score", score, raising=False)
    with pytest.raises(error, match=f"drawn_score must be .*, got {score!r}"):
        infer()
    assert not Path("out").exists()
    monkeypatch.setattr(PixelEstimator, "drawn_score", np.float32(0.5))
    infer()
    assert about()["drawn_score"] == 0.5


def test_an_interrupted_run_goes_on_with_the_same_drawings(infer, faint):  # noqa: F811
    infer(crops=DrawingStyle(), out="unbroken")
    infer("photos/0.png", "photos/1.png", crops=DrawingStyle())
    infer(crops=DrawingStyle(), resume=True)
    assert contents() == contents("unbroken")


def test_results_of_an_earlier_version_are_gone_on_with(infer, faint):  # noqa: F811
    infer("photos/0.png", "photos/1.png")
    early = about()
    del early["drawn_score"]
    Path("out/run.json").write_text(json.dumps(early))
    infer(resume=True)
    assert about()["drawn_score"] == 0.15


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
