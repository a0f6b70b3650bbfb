"""OpenPose's files: one for each image, numbered, and removed with the results they belong to."""

import json

import numpy as np
import pytest

from rmpe.outputs.errors import OutputError
from rmpe.outputs.folder import open_results
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.openpose import OPENPOSE
from rmpe.outputs.records import error_record, record, tracked_record
from rmpe.outputs.run_file import RunFile

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
