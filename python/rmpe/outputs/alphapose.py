"""Results in AlphaPose's default layout.

A list with an item for each person: ``image_id`` (the image's name), ``category_id`` 1,
``keypoints`` [x, y, score, ...], ``score`` (mean keypoint score + box score + 1.25 times the
greatest keypoint score), ``box`` [x, y, width, height], ``idx`` (the person's identity where people
were tracked, else the index in the image). What is not finite is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from .records import Record, is_person
from .text_format import flat_keypoints, json_list


def _people(record: Record) -> Iterator[Record]:
    for index, person in enumerate(record.get("people", ())):
        if not is_person(person):
            continue
        keypoints = flat_keypoints(person)
        scores = keypoints[2::3]
        x1, y1, x2, y2 = (value or 0.0 for value in person["box"])
        score = sum(scores) / len(scores) + (person["box_score"] or 0.0) + 1.25 * max(scores)
        yield {
            "image_id": record["name"],
            "category_id": 1,
            "keypoints": keypoints,
            "score": round(score, 6),
            "box": [x1, y1, round(x2 - x1, 3), round(y2 - y1, 3)],
            "idx": person.get("track_id") or index,
        }


ALPHAPOSE = json_list(
    "alphapose-results.json",
    _people,
    summary="AlphaPose's layout: a list of people, so an image without any does not appear",
)
