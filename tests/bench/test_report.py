"""The document and the plots, from results of a few rows of two processors."""

import json

import pytest

pytest.importorskip("matplotlib", reason="make bench installs matplotlib")
from bench import load_report, plots, report  # noqa: E402
from bench.group import Group  # noqa: E402
from bench.memory_bounds import MEMORY_BOUND  # noqa: E402
from bench.pairs import Pair  # noqa: E402

RATIO = {
    "ours": 10.0, "baseline": 95.0, "measure": "times as fast", "median": 9.5,
    "quartiles": [9.0, 10.0], "pairs": 9, "target": 9, "met": True,
}  # fmt: skip
PAIRS = {
    "crop: cv2, times as fast": RATIO,
    "decode: numpy, times as fast": RATIO | {"target": 18, "met": False},
    "read: numpy, times as fast": RATIO | {"target": 18, "met": False},
    "write: numpy, times as fast": RATIO | {"target": 18, "met": False},
    "decode, us": RATIO | {"measure": "us", "median": 10.0, "target": 30},
    "decode: moving the bytes alone, times as long": RATIO
    | {"measure": "times as long", "median": 1.25, "target": None, "met": None},
    "watched: numpy, times as fast": RATIO | {"target": None, "met": None},
}
EXPLAINED = [
    Pair(Group("crop", tuple, {}), "cv2", 9),
    Pair(Group("decode", tuple, {}), "numpy", 18, reason="It reads."),
    Pair(Group("decode", tuple, {}), MEMORY_BOUND, None, "times as long"),
    Pair(Group("read", tuple, {}), "numpy", 18, reason="Beads."),
    Pair(Group("write", tuple, {}), "numpy", 18, reason="Beads."),
]
OTHER_PAIRS = {
    "crop: cv2, times as fast": RATIO | {"ours": 20.0, "median": 4.75, "met": False},
    "new: numpy, times as fast": RATIO | {"target": None, "met": None},
    "gone: numpy, times as fast": RATIO | {"met": False},
    "decode: moving the bytes alone, times as long": RATIO
    | {"measure": "times as long", "ours": 30.0, "median": 2.5, "target": None, "met": None},
}
PIPELINE = {
    "native": {
        "stages": dict.fromkeys(report.STAGES, 2e6),
        "people": 7,
        "percent_in_the_ops": 42.0,
    }
}
SUITE = {
    "crop, 1 people": {"native": {"median": 2.0}, "cv2": {"median": 3000.0}},
    "pipeline, 2 photographs": PIPELINE,
}
OTHER_SUITE = {"crop, 1 people": {"native": {"median": 4.0}, "kornia": {"median": 8.0}}}


def calls(median, p99, mean=0.0, calls=100):
    return {"median": median, "p99": p99, "mean": mean, "calls": calls}


ONE_A_CORE = {
    "native": calls(2.0, 3.0),
    "native, 1 thread": calls(4.0, 2.0),
    "numpy front": calls(1.0, 3.0),
    "cv2": calls(3000.0, 4000.0),
}
LOAD = {
    "load_average": 0.5,
    "refused": {"1.5 CPUs": "there are no groups"},
    "least": {"crop, 1 people": 2000},
    "groups": {
        "crop, 1 people": {
            "none": {name: row for name, row in ONE_A_CORE.items() if name != "numpy front"},
            "one a core": ONE_A_CORE,
            "0.5 CPUs": {
                "native": calls(2.0, 50_000.0, 5.0),
                "native, 1 thread": calls(4.0, 50_000.0, 9.0),
                "cv2": calls(3000.0, 4000.0, 6000.0),
            },
        },
    },
}
RUN = {"photographs a second": 40.0, "ms of processors": 30.5, "seconds": 2.0,
       "stages": {"read": 0.5, "detect": 1.5}}  # fmt: skip
SPLITS = {
    "the default": {"threads": 2, "workers": 2, "loads": {"none": RUN}},
    "one reads": {
        "threads": 2, "workers": 1, "loads": {"none": RUN | {"photographs a second": 41.0}}
    },
}  # fmt: skip


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Committed files of two processors, of which one lacks those of busy programs."""
    monkeypatch.setattr(report, "all_pairs", lambda: EXPLAINED)
    abacus = {"processor": "an abacus(R)", "cores": "2", "torch": "3"}
    slide = {"processor": "slide rule", "cores": "1", "torch": "3", "kornia": "1"}
    for folder, kind, result in [
        ("abacus", "suite", {"machine": abacus, "groups": SUITE}),
        ("abacus", "pairs", {"machine": abacus, "pairs": PAIRS}),
        ("abacus", "load", {"machine": abacus, **LOAD}),
        ("abacus", "pipeline", {"machine": abacus, "load_average": 0.1, "splits": SPLITS}),
        ("slide", "suite", {"machine": slide, "groups": OTHER_SUITE}),
        ("slide", "pairs", {"machine": slide, "pairs": OTHER_PAIRS}),
    ]:
        path = tmp_path / folder / f"{kind}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result))
    return report.read_results(tmp_path)


def test_each_processor_has_its_columns(results):
    text = report.document(results)
    assert "| processor | an abacus(R) | slide rule |" in text
    assert "| kornia | not measured | 1 |" in text
    assert "| pair | target | an abacus: ours | baseline | measured | slide rule: ours |" in text
    assert (
        "| crop: cv2 | at least 9x | 10 us | 95 us | 9.5x (9x to 10x): met "
        "| 20 us | 95 us | 4.75x (9x to 10x): **missed** |"
    ) in text
    assert "| decode | at most 30 us | 10 us |  | 10 us (9 us to 10 us): met | | | not" in text
    assert "| new: numpy |  | | | not measured | 10 us | 95 us | 9.5x (9x to 10x) |" in text
    assert (
        "Missed on an abacus: decode: numpy, times as fast. It reads. A call that meets the target "
        "takes 0.0556 times as long as moving the bytes, the op 1.25 times as long."
    ) in text
    assert (
        "Missed on an abacus: read: numpy, times as fast; write: numpy, times as fast. Beads."
    ) in text
    assert (
        "Missed on slide rule: crop: cv2, times as fast; gone: numpy, times as fast. "
        "Not explained yet."
    ) in text
    assert "| decode | 10 us | 95 us | 1.25 | 30 us | 95 us | 2.5 |" in text
    assert "| crop, 1 people | native | 2 us | 4 us |" in text
    assert "|  | cv2 | 3 ms (1,500) | not measured |" in text
    assert "|  | kornia | not measured | 8 us (2) |" in text
    assert "| pipeline, 2 photographs, an abacus | 7 |" + " 2 s |" * 7 + " 42.0 % |" in text


def test_calls_beside_busy_programs_are_held_to_their_targets(results):
    text = report.document(results)
    assert "torch 3; the load average before was 0.5, by other programs." in text
    idle = "| 2 us (3 us) |  | 4 us (2 us) | cv2: 3 ms (4 ms) | 1,500 |  | 1.5 |"
    assert f"| crop, 1 people | none {idle}" in text
    busy = "| 2 us (3 us) | 1 us (3 us) | 4 us (2 us) | cv2: 3 ms (4 ms) "
    assert f"|  | one a core {busy}| **1,500** (at least 2,000) | **2** | **1.5** |" in text
    limited = "| 5 us (50 ms) |  | 9 us (50 ms) | cv2: 6 ms (4 ms) |"
    assert f"| crop, 1 people | 0.5 CPUs {limited}" in text
    assert "an abacus, 1.5 CPUs: not measured: there are no groups." in text


def test_the_best_split_of_threads_is_seen(results):
    text = report.document(results)
    assert "| 2 | 2 | 40 (30.5 ms) |\n| 2 | 1 | **41** (30.5 ms) |" in text
    assert "- busy programs: none: 2.0 in all: detect 1.50, wait for read 0.50" in text


def test_the_plots_are_pictures(results, tmp_path):
    plots.ratios(results["pairs"], tmp_path / "ratios.png")
    fewer = {**LOAD, "groups": {}}
    plots.loads({**results["load"], "slide rule": fewer}, tmp_path / "loads.png")
    for name in ("ratios.png", "loads.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_few_calls_have_no_99th_percentile():
    few = {name: {**row, "calls": 7} for name, row in ONE_A_CORE.items()}
    assert load_report.call_times(few["native"]) == "2 us (7 calls)"
    assert load_report.call_times(ONE_A_CORE["native"]) == "2 us (3 us)"
    assert load_report.ratio_cells(few, "one a core", None)[-1] == ""
    assert load_report.ratio_cells(ONE_A_CORE, "one a core", None)[-1] == "**1.5**"


@pytest.mark.parametrize(
    ("kind", "run", "cells"),
    [
        ("p99", "native, 1 thread", ["1,500 (at least 1,400)", "**2**", "1.5"]),
        ("median", "numpy front", ["1,500 (at least 1,400)", "2", "**1.5**"]),
    ],
)
def test_what_the_intervals_allow_is_no_miss(kind, run, cells):
    allowed = ONE_A_CORE[run] | {f"{kind}_low": 1.0, f"{kind}_high": 3.1}
    runs = ONE_A_CORE | {run: allowed}
    assert load_report.ratio_cells(runs, "one a core", 1400) == cells
    # The other end says nothing.
    runs[run] = allowed | {f"{kind}_high": ONE_A_CORE[run][kind]}
    assert sum("**" in cell for cell in load_report.ratio_cells(runs, "one a core", 1400)) == 2


def test_a_rival_that_may_be_as_slow_as_asked_is_no_miss():
    runs = ONE_A_CORE | {"cv2": ONE_A_CORE["cv2"] | {"median_high": 3300.0}}
    assert load_report.ratio_cells(runs, "one a core", 1600)[0] == "1,500 (at least 1,600)"
    assert load_report.ratio_cells(runs, "one a core", 1700)[0] == "**1,500** (at least 1,700)"
