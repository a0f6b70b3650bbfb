"""Every format, crops, and what is made of results, where the process dies or the disk fails.

As in `test_run_faults`, at every single call that changes a file: what bears its own name is
complete, and the next run ends with the files of an unbroken one, bit for bit.
"""

import shutil

import pytest

from rmpe.conversion import convert_results
from rmpe.outputs import RESULT_FORMATS
from rmpe.outputs.drawing_style import DrawingStyle
from rmpe.skeletons import COCO_17
from rmpe.smoothing import smooth_results
from rmpe.tracking import track_results

from .test_run_faults import FaultyOS, contents, infer
from .test_run_faults import disk as disk
from .test_run_faults import photos as photos

FORMATS = tuple(RESULT_FORMATS)
EVERYBODY = DrawingStyle(min_person_score=0, min_keypoint_score=0)


def is_complete(out, *wholes):
    """Make sure that what bears its own name is that of one of some unbroken runs."""
    for name, data in contents(out).items():
        if not name.endswith((".partial", ".lock", ".merged")):
            assert data in [whole.get(name) for whole in wholes], f"{name} is not complete"


@pytest.mark.parametrize("fault", ["kill", "late", "full", "error"])
def test_every_format_and_crops(photos, disk, monkeypatch, fault):
    monkeypatch.setattr("rmpe.run.usable_processors", lambda: 1)

    def everything(out):
        # One of one person, one of none, one that is damaged.
        infer(photos, out, count=3, resume=True, formats=FORMATS, crops=EVERYBODY)

    everything(disk / "unbroken")
    unbroken = contents(disk / "unbroken")
    assert {RESULT_FORMATS[name].file_name.split("/")[0] for name in FORMATS} <= {
        name.split("/")[0] for name in unbroken
    }
    assert any(name.startswith("crops/") for name in unbroken)
    for number in range(1, 1000):
        out = disk / "out"
        shutil.rmtree(out, ignore_errors=True)
        faulty = FaultyOS(number, fault)
        with faulty.instead_of_os(monkeypatch):
            everything(out)
        if faulty.calls.total() < number:
            break
        # The list of a run's formats is there before they are.
        is_complete(out, unbroken)
        everything(out)
        assert contents(out) == unbroken, f"the files differ after call {number}"
    else:
        pytest.fail("the run never came to its end")
    assert number > 80


def track(results, out, **options):
    track_results(results, out, formats=FORMATS, **options)


def smooth(results, out, **options):
    smooth_results(results, out, formats=FORMATS, **options)


def convert(results, out, **options):
    convert_results(results, out, FORMATS, skeleton=COCO_17, **options)


@pytest.fixture(scope="module")
def tracked(photos, tmp_path_factory):
    """Results of tracked people."""
    folder = tmp_path_factory.mktemp("tracked")
    infer(photos, folder / "plain")
    track_results(folder / "plain", folder / "tracked")
    return folder / "tracked"


@pytest.mark.parametrize("fault", ["late", "full"])
@pytest.mark.parametrize("make", [track, smooth, convert])
@pytest.mark.parametrize("before", [False, True], ids=["first", "overwrite"])
def test_what_is_made_of_results(tracked, disk, monkeypatch, make, before, fault):
    source = contents(tracked)
    make(tracked, disk / "unbroken")
    unbroken = contents(disk / "unbroken")
    convert_results(tracked, disk / "earlier", ["csv", "jsonl"])
    earlier = contents(disk / "earlier") if before else {}
    for number in range(1, 1000):
        out = disk / "out"
        shutil.rmtree(out, ignore_errors=True)
        if before:
            shutil.copytree(disk / "earlier", out)
        faulty = FaultyOS(number, fault)
        with faulty.instead_of_os(monkeypatch):
            make(tracked, out, overwrite=before)
        if faulty.calls.total() < number:
            break
        is_complete(out, unbroken, earlier)
        make(tracked, out, overwrite=True)
        assert contents(out) == unbroken, f"the files differ after call {number}"
        assert contents(tracked) == source
    else:
        pytest.fail("it never came to its end")
    assert number > 40
