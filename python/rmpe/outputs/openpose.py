"""OpenPose's JSON, version 1.3: a folder with a file for each image.

A file is called by the image's number, ``000000000042_keypoints.json``, and holds ``people``, each
with ``person_id`` (the identity where people were tracked, else -1) and ``pose_keypoints_2d``
[x, y, score, ...] in the order of the skeleton; 0, 0, 0 for a keypoint that is not finite. Faces,
hands and positions in space are empty lists. An image that was skipped has its file, without
people, so that no frame is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .files import Directory
from .records import Record
from .text_format import flat_keypoints

__all__ = ["OPENPOSE"]

_EMPTY = (
    "face_keypoints_2d",
    "hand_left_keypoints_2d",
    "hand_right_keypoints_2d",
    "pose_keypoints_3d",
    "face_keypoints_3d",
    "hand_left_keypoints_3d",
    "hand_right_keypoints_3d",
)


class _OpenPose:
    file_name = "openpose"
    summary = (
        "OpenPose's JSON 1.3, with person_id, for Pose2Sim and others: a folder with a file for "
        "each image"
    )
    needs = ""

    def files_of(self, image_ids: Iterable[int]) -> Iterator[str]:
        return (f"{image_id:012d}_keypoints.json" for image_id in image_ids)

    @contextmanager
    def writing(self, directory: Directory) -> Iterator[_Writer]:
        directory.make_subfolder(self.file_name)
        with directory.subfolder(self.file_name) as folder:
            yield _Writer(folder)


class _Writer:
    def __init__(self, folder: Directory) -> None:
        self._folder = folder

    def append(self, record: Record) -> None:
        (name,) = OPENPOSE.files_of([record["image_id"]])
        people = [
            {
                "person_id": [person.get("track_id") or -1],
                "pose_keypoints_2d": flat_keypoints(person),
                **{field: [] for field in _EMPTY},
            }
            for person in record.get("people", ())
        ]
        # Not handed to the disk one by one: they are made again from the journal.
        with self._folder.replacing(name, sync=False) as file:
            file.write((json.dumps({"version": 1.3, "people": people}) + "\n").encode())


OPENPOSE = _OpenPose()
