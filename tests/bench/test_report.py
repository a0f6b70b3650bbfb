"""The document and the plot, from results of a few rows."""

import pytest

pytest.importorskip("matplotlib", reason="make bench installs matplotlib")
from bench import report  # noqa: E402

RATIO = {
    "ours": 10.0, "baseline": 95.0, "measure": "times as fast", "median": 9.5,
    "quartiles": [9.0, 10.0], "pairs": 9, "target": 9, "met": True, "reason": "",
}  # fmt: skip
PAIRS = {
    "crop: cv2, times as fast": RATIO,
    "decode: numpy, times as fast": RATIO
    | {"target": 18, "met": False, "reason": "It reads everything."},
    "decode, us": RATIO | {"measure": "us", "median": 10.0, "target": 30},
    "decode: moving the bytes alone, times as long": RATIO
    | {"measure": "times as long", "median": 1.25, "target": None, "met": None},
    "watched: numpy, times as fast": RATIO | {"target": None, "met": None},
}
SUITE = {
    "machine": {"processor": "an abacus"},
    "groups": {
        "crop, 1 people": {"native": {"median": 2.0}, "cv2": {"median": 3000.0}},
        "pipeline, 2 photographs": {
            "native": {
                "stages": dict.fromkeys(report.STAGES, 2e6),
                "people": 7,
                "percent_in_the_ops": 42.0,
            }
        },
    },
}


LOAD = {
    "machine": {"processor": "an abacus", "cores": "2", "torch": "3"},
    "load_average": 0.5,
    "groups": {
        "crop, 1 people": {
            "idle": {
                "native": {"median": 2.0, "p99": 3.0},
                "native, 1 thread": {"median": 4.0, "p99": 5.0},
                "cv2": {"median": 3000.0, "p99": 4000.0},
            },
        },
    },
}


def test_the_document_says_what_was_measured_and_what_was_missed():
    text = report.document(SUITE, {"pairs": PAIRS}, LOAD)
    assert "| crop: cv2 | 10 us | 95 us | 9.5x | 9x to 10x | at least 9x: met |" in text
    assert "at least 18x: **missed** |" in text
    assert "Missed: decode: numpy, times as fast. It reads everything." in text
    assert "| decode | 10 us |  | 10 us | 9 us to 10 us | at most 30 us: met |" in text
    assert "| decode | 10 us | 95 us | 1.25 |" in text
    assert "|  | cv2 | 3 ms (1,500) |" in text
    assert "torch 3; the load average before was 0.5, by other programs." in text
    assert "| 2 us (3 us) |  | 4 us (5 us) | cv2: 3 ms (4 ms) |" in text
    assert "| pipeline, 2 photographs | 7 |" + " 2 s |" * 7 + " 42.0 % |" in text


def test_the_plot_is_a_picture(tmp_path):
    report.plot(PAIRS, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
