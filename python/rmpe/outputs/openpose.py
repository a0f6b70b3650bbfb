"""OpenPose's JSON, version 1.3: a folder with a file for each image.

A file is called by the image's number, ``000000000042_keypoints.json``, and holds ``people``, each
with ``person_id`` (the identity where people were tracked, else -1) and ``pose_keypoints_2d``
[x, y, score, ...] in the order of the skeleton; 0, 0, 0 for a keypoint that is not finite. Faces,
hands and positions in space are empty lists. Of the skeleton ``wholebody_133``, the body is
``body_25``, and faces and hands are there: OpenPose numbers them in the same way, but for the two
pupils that a face ends with, which are the right and the left eye of the body. An image that was
skipped has its file, without people, so that no frame is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ..skeleton_conversion import Conversion
from ..skeletons import BODY_25, WHOLEBODY_133
from ..skeletons.wholebody import FACE, LEFT_HAND, RIGHT_HAND
from .files import Directory
from .records import Record, is_person
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
_BODY = Conversion.between(WHOLEBODY_133, BODY_25)
_RIGHT_EYE, _LEFT_EYE = slice(2, 3), slice(1, 2)


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
        parts = _wholebody if record.get("skeleton") == WHOLEBODY_133.name else _body
        people = [
            {
                "person_id": [person.get("track_id") or -1],
                **{field: [] for field in _EMPTY},
                **parts(person),
            }
            for person in filter(is_person, record.get("people", ()))
        ]
        # Not handed to the disk one by one: they are made again from the journal.
        with self._folder.replacing(name, sync=False) as file:
            file.write((json.dumps({"version": 1.3, "people": people}) + "\n").encode())


def _body(person: Record) -> dict[str, list[float]]:
    return {"pose_keypoints_2d": flat_keypoints(person)}


def _wholebody(person: Record) -> dict[str, list[float]]:
    keypoints, scores = _BODY.person(person["keypoints"], person["keypoint_scores"])
    pupils = flat_keypoints(person, _RIGHT_EYE) + flat_keypoints(person, _LEFT_EYE)
    return {
        "pose_keypoints_2d": flat_keypoints({"keypoints": keypoints, "keypoint_scores": scores}),
        "face_keypoints_2d": flat_keypoints(person, FACE) + pupils,
        "hand_left_keypoints_2d": flat_keypoints(person, LEFT_HAND),
        "hand_right_keypoints_2d": flat_keypoints(person, RIGHT_HAND),
    }


OPENPOSE = _OpenPose()
