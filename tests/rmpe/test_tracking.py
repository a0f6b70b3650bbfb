"""Tracking results that are there: frames in order, videos apart, nothing else changed."""

import json

import pytest

from rmpe.cli import main
from rmpe.outputs.errors import OutputError, ResultsError
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, parse_record, people_of, record
from rmpe.skeletons import COCO_17
from rmpe.trackers.parameters import TrackingParameters
from rmpe.tracking import track_results
from tests.rmpe.trackers.test_tracker import frame, person


def walk(folder, number, x, error=None):
    """The record of a frame in which one person walks and one stands."""
    label = ImageLabel(f"{folder}/{number}.jpg", f"{folder}_{number}.jpg", _id(folder, number))
    if error:
        return error_record(label, error)
    return record(label, frame(person(x), person(400, y=40)))


def _id(folder, number):
    return number + 1000 * "ab".index(folder)


def write(folder, records, name="results.jsonl"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(entry) + "\n" for entry in records))
    return folder


def read(folder):
    return [parse_record(line) for line in (folder / "results.jsonl").open("rb")]


def ids(entry):
    return [one["track_id"] for one in entry["people"]]


def test_people_get_identities_and_all_else_stays(tmp_path):
    records = [walk("a", n, 10 + 4 * n) for n in range(10)]
    tally = track_results(write(tmp_path / "in", records), tmp_path / "out")
    tracked = read(tmp_path / "out")
    assert [ids(entry) for entry in tracked] == [[1, 2]] * 10
    for entry in tracked:
        for one in entry["people"]:
            del one["track_id"]
    assert tracked == records
    assert (tally.videos, tally.frames, tally.people, tally.tracked, tally.tracks) == (
        1, 10, 20, 20, 2)  # fmt: skip


def test_frames_are_in_the_order_of_their_numbers_and_folders_are_videos_apart(tmp_path):
    # As after --resume: what failed at first stands at the end. And two videos, mixed.
    a = [walk("a", n, 10 + 12 * n) for n in range(12)]
    b = [walk("b", n, 300 - 12 * n) for n in range(12)]
    records = [*(one for pair in zip(a, b, strict=True) for one in pair)]
    records = records[5:] + records[:5]
    tally = track_results(write(tmp_path / "in", records), tmp_path / "out")
    assert all(ids(entry) == [1, 2] for entry in read(tmp_path / "out"))
    assert (tally.videos, tally.tracks) == (2, 4)


def test_a_frame_that_could_not_be_read_is_time_that_passes(tmp_path):
    records = [walk("a", n, 10 + 15 * n, "gone" if 8 <= n < 13 else None) for n in range(20)]
    track_results(write(tmp_path / "in", records), tmp_path / "out")
    tracked = read(tmp_path / "out")
    assert [ids(entry) for entry in tracked if "people" in entry] == [[1, 2]] * 15
    assert tracked[8] == records[8]


def test_what_an_interrupted_run_left_is_tracked_too(tmp_path):
    records = [walk("a", n, 10) for n in range(3)]
    folder = write(tmp_path / "in", records, "results.jsonl.partial")
    with (folder / "results.jsonl.partial").open("a") as file:
        file.write('{"file": "a/4.jpg", "na')
    said = []
    assert track_results(folder, tmp_path / "out", report=said.append).frames == 3
    assert said == ["results.jsonl.partial: line 4 is unfinished; its image is done again"]
    assert sorted(path.name for path in folder.iterdir()) == ["results.jsonl.partial"]


def test_all_formats_know_the_identities(tmp_path):
    records = [walk("a", n, 10) for n in range(3)]
    track_results(write(tmp_path / "in", records), tmp_path / "out")
    coco = json.loads((tmp_path / "out" / "coco-results.json").read_text())
    assert [one["track_id"] for one in coco] == [1, 2] * 3
    alphapose = json.loads((tmp_path / "out" / "alphapose-results.json").read_text())
    assert [one["idx"] for one in alphapose] == [1, 2] * 3
    (people,) = [people_of(entry, COCO_17) for entry in read(tmp_path / "out")[:1]]
    assert people.track_ids.tolist() == [1, 2]


def test_doubtful_people_have_none(tmp_path):
    people = frame(person(10), person(300), scores=[0.9, 0.2])
    entry = record(ImageLabel("a/1.jpg", "1.jpg", 1), people)
    track_results(write(tmp_path / "in", [entry]), tmp_path / "out")
    (tracked,) = read(tmp_path / "out")
    assert ids(tracked) == [1, None]
    assert people_of(tracked, COCO_17).track_ids.tolist() == [1, -1]
    (item, other) = json.loads((tmp_path / "out" / "coco-results.json").read_text())
    assert item["track_id"] == 1
    assert "track_id" not in other


@pytest.mark.parametrize("value", [0, -1, 1.5, "1", True, 2**60, [1]])
def test_an_identity_that_is_none_is_refused(value):
    entry = walk("a", 1, 10)
    entry["people"][0]["track_id"] = value
    with pytest.raises(ResultsError, match="track_id must be a whole number from 1"):
        parse_record(json.dumps(entry).encode())


def test_results_that_cannot_be_tracked_are_named(tmp_path):
    with pytest.raises(ResultsError, match="nowhere is not there; name the folder"):
        track_results(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        ResultsError, match="empty: results are read from a folder .* got a folder without records"
    ):
        track_results(tmp_path / "empty", tmp_path / "out")
    folder = write(tmp_path / "in", [walk("a", 1, 10)])
    with pytest.raises(OutputError, match="--out must be another folder than that of the results"):
        track_results(folder, tmp_path / "." / "in")
    odd = {**walk("a", 1, 10), "skeleton": "octopus_8"}
    with pytest.raises(ResultsError, match="^a/1.jpg: skeleton must be one of .*, got 'octopus_8'"):
        track_results(write(tmp_path / "odd", [odd]), tmp_path / "out2")
    assert not (tmp_path / "out").exists()


def test_on_the_command_line(tmp_path, capsys):
    folder = write(tmp_path / "in", [walk("a", n, 10 + 4 * n) for n in range(5)])
    out = tmp_path / "out"
    assert main(["track", str(folder), "--out", str(out), "--similarity", "oks"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "videos   1", "frames   5", "people   10, tracked: 10", "tracks   2", f"results  {out}",
    ]  # fmt: skip
    assert main(["track", str(folder), "--out", str(out)]) == 2
    assert "out holds earlier results: choose --overwrite to" in capsys.readouterr().err
    assert main(["track", str(folder), "--out", str(out), "--overwrite", "--quiet"]) == 0
    settings = json.loads((out / "run.json").read_text())["settings"]
    assert settings["track.similarity"] == "both"
    assert main(["track", str(folder), "--out", str(out), "--low-score", "0.9"]) == 2
    assert "--low-score must be in 0..high_score, which is 0.3, got" in capsys.readouterr().err
    assert main(["track", str(tmp_path / "no"), "--out", str(out)]) == 2


def test_the_parameters_reach_the_tracker(tmp_path):
    records = [walk("a", n, 10) if n % 4 == 0 else
               {**walk("a", n, 10), "people": []} for n in range(9)]  # fmt: skip
    folder = write(tmp_path / "in", records)
    track_results(folder, tmp_path / "long")
    track_results(folder, tmp_path / "short", TrackingParameters(patience=2))
    assert ids(read(tmp_path / "long")[8]) == [1, 2]
    assert ids(read(tmp_path / "short")[8]) == [None, None]


def test_people_of_another_skeleton_are_refused_with_the_file(tmp_path):
    other = walk("a", 1, 10) | {"skeleton": "mpii_16"}
    other["people"] = [
        one | {"keypoints": one["keypoints"][:16], "keypoint_scores": one["keypoint_scores"][:16]}
        for one in other["people"]
    ]
    results = write(tmp_path / "in", [walk("a", 0, 10), other])
    with pytest.raises(ResultsError, match="^a/1.jpg: the skeleton of people must be"):
        track_results(results, tmp_path / "out")


def test_frames_of_posetrack_are_each_of_a_video_of_its_own(data_dir):
    """As docs/tracking.md says: no identity can be right or wrong where nobody is seen twice."""
    path = data_dir / "mmpose-fixtures" / "posetrack18" / "test_posetrack18_val.json"
    frames = json.loads(path.read_text())["images"]
    assert len({frame["vid_id"] for frame in frames}) == len(frames) == 3
