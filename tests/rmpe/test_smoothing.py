"""Smoothing results that are there: tracks apart, gaps filled, all else as it was."""

import copy

import numpy as np
import pytest

from rmpe.cli import main
from rmpe.outputs.errors import ResultsError
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.smoothing import smooth_results
from rmpe.trackers.parameters import SmoothingParameters

from .test_tracking import read, write
from .trackers.test_tracker import frame, person


def walk(number, ids=(1, 2), jitter=0.0):
    """A frame with a person who walks, by 4 pixels a frame, and one who stands."""
    label = ImageLabel(f"a/{number}.jpg", f"{number}.jpg", number)
    x = 10 + 4 * number + (jitter if number % 2 else -jitter)
    return tracked_record(record(label, frame(person(x), person(400, y=40))), list(ids))


def nose(entry, index):
    return entry["people"][index]["keypoints"][0][0]


def test_jitter_goes_and_all_else_stays(tmp_path):
    records = [walk(n, jitter=3.0) for n in range(20)]
    tally = smooth_results(write(tmp_path / "in", records), tmp_path / "out")
    smooth = read(tmp_path / "out")
    assert (tally.tracks, tally.people, tally.filled) == (2, 40, 0)
    before, after = (np.array([nose(one, 0) for one in entries]) for entries in (records, smooth))
    line = 4.0 * np.arange(20)
    deviations = [np.abs(x - line - np.mean(x - line)).mean() for x in (before, after)]
    assert deviations[1] < 0.35 * deviations[0]
    for one, other in zip(records, smooth, strict=True):
        one, other = copy.deepcopy(one), copy.deepcopy(other)
        for entry in (one, other):
            del entry["people"][0]["keypoints"]
        assert one == other  # Scores, boxes, and who stood still.


def test_gaps_are_filled_where_they_are_short(tmp_path):
    records = [walk(n) for n in range(30)]
    for number in (5, 6, *range(15, 25)):
        del records[number]["people"][0]
    records[9] = error_record(ImageLabel("a/9.jpg", "9.jpg", 9), "gone")
    parameters = SmoothingParameters(max_gap=3)
    tally = smooth_results(write(tmp_path / "in", records), tmp_path / "out", parameters)
    smooth = read(tmp_path / "out")
    assert tally.filled == 2
    assert smooth[9] == records[9]
    for number in (5, 6):
        filled = smooth[number]["people"][1]
        assert (filled["track_id"], filled["filled"]) == (1, True)
        expected = walk(number)["people"][0]
        np.testing.assert_allclose(filled["keypoints"], expected["keypoints"], atol=0.01)
        np.testing.assert_allclose(filled["box"], expected["box"], atol=0.01)
        assert filled["score"] == expected["score"]
    assert all(len(smooth[number]["people"]) == 1 for number in range(15, 25))


def test_the_score_of_who_is_filled_in_is_the_smaller(tmp_path):
    records = [walk(n) for n in range(8)]
    records[2]["people"][0]["score"] = 0.4
    records[4]["people"][0]["keypoint_scores"][3] = 0.25
    del records[3]["people"][0]
    smooth_results(write(tmp_path / "in", records), tmp_path / "out")
    filled = read(tmp_path / "out")[3]["people"][1]
    assert filled["score"] == 0.4
    assert filled["keypoint_scores"][3] == 0.25


def test_people_without_identity_stay_and_without_any_there_is_nothing_to_do(tmp_path):
    records = [walk(n, ids=(1, -1), jitter=2) for n in range(8)]
    smooth_results(write(tmp_path / "in", records), tmp_path / "out")
    assert [one["people"][1] for one in read(tmp_path / "out")] == [
        one["people"][1] for one in records
    ]
    nobody = [walk(n, ids=(-1, -1)) for n in range(3)]
    with pytest.raises(ResultsError, match="must hold tracked people; see rmpe track"):
        smooth_results(write(tmp_path / "no", nobody), tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


def test_one_identity_twice_in_a_frame_is_refused(tmp_path):
    records = [walk(n, ids=(1, 1)) for n in range(3)]
    with pytest.raises(ResultsError, match="a/0.jpg: track 1 must be one person of one skeleton"):
        smooth_results(write(tmp_path / "in", records), tmp_path / "out")


def test_the_largest_numbers_can_be_read_again(tmp_path):
    records = [walk(number) for number in range(6)]
    most = float(np.finfo(np.float32).max)
    for number, entry in enumerate(records):
        # A step, beyond both sides of which a parabola goes.
        for place in entry["people"][0]["keypoints"]:
            place[:] = [most, -most] if number < 3 else [-most, most]
    smooth_results(write(tmp_path / "in", records), tmp_path / "out")
    smooth_results(tmp_path / "out", tmp_path / "again")
    assert len(read(tmp_path / "again")) == 6


@pytest.mark.parametrize(
    "options",
    [
        ["--filter", "savgol", "--window", "9"],
        ["--filter", "one-euro", "--cutoff", "0.02", "--beta", "0.5"],
        ["--filter", "butterworth", "--frequency", "0.05"],
    ],
    ids=lambda options: options[1],
)
def test_every_filter_steadies_saved_results_by_command(tmp_path, options):
    """A wrist that trembles gets steadier, and a doubtful leap of it hardly shows."""
    records = [walk(n) for n in range(40)]
    noise = np.random.default_rng(0).normal(0, 4, 40)
    for number, entry in enumerate(records):
        wrist = entry["people"][0]["keypoints"][9]
        wrist[0] = 100 + float(noise[number])
    leap = records[20]["people"][0]
    leap["keypoints"][9][0], leap["keypoint_scores"][9] = 400.0, 0.01
    # Nobody finds the second person in three frames.
    for entry in records[10:13]:
        del entry["people"][1]
    folder = write(tmp_path / "in", records)
    out = tmp_path / "out"
    assert main(["smooth", str(folder), "--out", str(out), "--quiet", *options]) == 0
    after = read(out)
    places = np.array([entry["people"][0]["keypoints"][9][0] for entry in after])
    calm = np.r_[places[5:15], places[25:35]]
    before = np.r_[noise[5:15], noise[25:35]]
    assert np.abs(np.diff(calm)).mean() < 0.7 * np.abs(np.diff(before)).mean()
    assert abs(places[20] - 100) < 30
    assert [len(entry["people"]) for entry in after] == [2] * 40
    assert [entry["people"][1].get("filled") for entry in after[9:14]] == [
        None, True, True, True, None,
    ]  # fmt: skip
    assert main(["smooth", str(folder), "--out", str(out), "--quiet", "--overwrite",
                 "--max-gap", "2", *options]) == 0  # fmt: skip
    assert [len(entry["people"]) for entry in read(out)[9:14]] == [2, 1, 1, 1, 2]


def test_on_the_command_line(tmp_path, capsys):
    folder = write(tmp_path / "in", [walk(n) for n in range(6)])
    arguments = ["smooth", str(folder), "--out", str(tmp_path / "out"), "--formats", "jsonl,csv"]
    assert main([*arguments, "--filter", "one-euro", "--cutoff", "0.1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tracks   2", "people   12, filled in: 0", f"results  {tmp_path / 'out'}",
    ]  # fmt: skip
    assert (tmp_path / "out" / "keypoints.csv").exists()
    assert main([*arguments, "--overwrite", "--window", "8"]) == 2
    assert "--window must be odd and at least 5, got 8" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--cutoff", "0.04"]) == 2
    assert "--cutoff is for --filter one-euro, got savgol" in capsys.readouterr().err
