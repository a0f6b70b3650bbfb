"""OpenPose's files: one for each image, numbered, and removed with the results they belong to."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch

from rmpe.outputs.errors import OutputError
from rmpe.outputs.folder import open_results
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.openpose import OPENPOSE
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.outputs.run_file import RunFile
from rmpe.skeletons import BODY_25, WHOLEBODY_133

from .material import LABEL, make_people, make_records, written


def read(folder):
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.iterdir())}


def test_files_as_openpose_writes_them(tmp_path):
    entry = tracked_record(record(LABEL, make_people(2)), [3, -1])
    gone = error_record(ImageLabel("gone.jpg", "gone.jpg", 43), "gone")
    files = read(written(OPENPOSE, tmp_path, entry, gone))
    assert list(files) == ["000000000042_keypoints.json", "000000000043_keypoints.json"]
    first, second = files.values()
    assert second == {"version": 1.3, "people": []}
    assert first["version"] == 1.3
    # What readers of OpenPose's files do.
    points = np.array([one["pose_keypoints_2d"] for one in first["people"]]).reshape(2, -1, 3)
    np.testing.assert_array_equal(points[..., :2], [one["keypoints"] for one in entry["people"]])
    np.testing.assert_array_equal(
        points[..., 2], [one["keypoint_scores"] for one in entry["people"]]
    )
    assert [one["person_id"] for one in first["people"]] == [[3], [-1]]
    assert all(value == [] for name, value in first["people"][0].items() if "3d" in name)


def test_people_are_followed_from_file_to_file(tmp_path):
    """As Pose2Sim reads a folder: by the numbers of the files, and each person by person_id."""
    orders = [[1, 2], [2, 1], [1, 2], [2, 1]]
    entries = [
        tracked_record(
            record(ImageLabel(f"v/{n}.jpg", f"{n}.jpg", n), make_people(2)), orders[n - 9]
        )
        for n in (9, 10, 11, 12)
    ]
    folder = written(OPENPOSE, tmp_path, *reversed(entries))
    paths = sorted(folder.iterdir(), key=lambda path: int(re.findall(r"\d+", path.name)[-1]))
    followed = {1: [], 2: []}
    for path in paths:
        for person in json.loads(path.read_text())["people"]:
            (identity,) = person["person_id"]
            followed[identity].append(np.reshape(person["pose_keypoints_2d"], (-1, 3))[:, :2])
    for identity, places in followed.items():
        assert np.array_equal(
            places,
            [entry["people"][order.index(identity)]["keypoints"]
             for entry, order in zip(entries, orders, strict=True)],
        )  # fmt: skip


def test_faces_and_hands(tmp_path):
    """As OpenPose writes them with --face and --hand, beside the body as BODY_25."""
    entry = record(LABEL, make_people(1, skeleton=WHOLEBODY_133))
    ((person,),) = [file["people"] for file in read(written(OPENPOSE, tmp_path, entry)).values()]
    (theirs,) = entry["people"]
    rows = np.c_[theirs["keypoints"], theirs["keypoint_scores"]]
    parts = {name: np.reshape(values, (-1, 3)) for name, values in person.items() if values != []
             and name != "person_id"}  # fmt: skip
    names = WHOLEBODY_133.keypoints
    for ours in ("nose", "right_elbow", "left_ear", "left_small_toe", "right_heel"):
        found = parts["pose_keypoints_2d"][BODY_25.keypoints.index(ours)]
        np.testing.assert_array_equal(found, rows[names.index(ours)])
    neck = parts["pose_keypoints_2d"][1]
    np.testing.assert_allclose(neck[:2], rows[5:7, :2].mean(0), atol=1e-3)
    assert {name: len(part) for name, part in parts.items()} == {
        "pose_keypoints_2d": 25, "face_keypoints_2d": 70,
        "hand_left_keypoints_2d": 21, "hand_right_keypoints_2d": 21,
    }  # fmt: skip
    np.testing.assert_array_equal(parts["face_keypoints_2d"], rows[[*range(23, 91), 2, 1]])
    np.testing.assert_array_equal(parts["hand_left_keypoints_2d"], rows[91:112])
    np.testing.assert_array_equal(parts["hand_right_keypoints_2d"], rows[112:])


def write(out, records, *formats, **options):
    with open_results(out, {}, **options) as folder:
        folder.begin(RunFile("1.0", {}, "cpu", formats), overwrite=options.get("overwrite", False))
        folder.append(records)
        folder.finish()


def test_a_run_makes_resumes_and_replaces_the_folder(tmp_path):
    out, records = tmp_path / "out", make_records(3)
    write(out, records[:2], "jsonl", "openpose")
    write(out, records[2:], "jsonl", resume=True)  # Formats that are there go on.
    assert len(read(out / "openpose")) == 3
    (out / "openpose" / "notes.txt").write_text("mine")
    write(out, records[:1], "jsonl", overwrite=True)
    assert [path.name for path in (out / "openpose").iterdir()] == ["notes.txt"]


def test_a_link_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "openpose").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="openpose must be a folder, it is a link"):
        write(tmp_path / "out", make_records(1), "openpose")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_is_no_person_is_left_out(tmp_path):
    classes = ("dog", "person")
    people = dataclasses.replace(make_people(2), classes=classes, class_index=torch.tensor([0, 1]))
    entry = record(LABEL, people)
    (found,) = read(written(OPENPOSE, tmp_path, entry)).values()
    assert len(found["people"]) == 1
