"""What each format of result files keeps of what is known: the table of docs/results.md."""

import io
import tempfile
from pathlib import Path

import pytest

from rmpe.conversion import convert_results
from rmpe.outputs import RESULT_FORMATS
from rmpe.outputs.errors import ResultsError
from rmpe.outputs.jsonl import JSON_LINES
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, parse_record
from rmpe.skeletons import COCO_17

from .material import text_of, written


def person(x, **more):
    return {
        "score": 0.123457,
        "keypoints": [[x + number, 200.375 + number] for number in range(17)],
        "keypoint_scores": [0.876543] * 17,
        "box": [11.5, 22.25, 333.5, 444.75],
        "box_score": 0.765432,
        "track_id": 771,
        **more,
    }


# Everything that a record can tell, each with a value that stands nowhere else.
RECORDS = (
    {
        "file": "videos/walk.mp4/walk_001313.jpg", "name": "walk_name.png", "image_id": 4242,
        "time": 7.28125, "width": 1921, "height": 1079, "skeleton": COCO_17.name,
        "derived": ["nose"],
        "people": [person(100.125, filled=True), person(3100.125, **{"class": "zebra"})],
    },
    {
        "file": "empty.png", "name": "empty_name.png", "image_id": 5151, "width": 1921,
        "height": 1079, "skeleton": COCO_17.name, "people": [],
    },
    error_record(ImageLabel("gone.png", "gone_name.png", 6161), "why it was skipped"),
)  # fmt: skip
# What is known, and what of it, of which one suffices, must stand in a file.
FACTS = {
    "number of the image": ["4242"],
    "name of the image": ["walk_name.png"],
    "path of the image": ["videos/walk.mp4/walk_001313.jpg"],
    "width and height": ["1921"],
    "video of a frame, or camera, or address": ["videos/walk.mp4"],
    "number of a frame in it": ["1313"],
    "time of a frame": ["7.28125"],
    "images without people": ["5151", "empty_name.png"],
    "images that were skipped": ["6161", "gone_name.png"],
    "why these were skipped": ["why it was skipped"],
    "which keypoints there are": [COCO_17.name, COCO_17.keypoints[9]],
    "keypoints": ["100.125"],
    "confidence of each keypoint": ["0.876543"],
    "score of each person": ["0.123457"],
    "box": ["11.5, 22.25"],
    "score of the box": ["0.765432"],
    "identity, where tracked": ["771"],
    "boxes of other classes than people": ["3100.125"],
    "keypoints that were computed, people filled in": ["filled"],
}


def files_of(name, folder):
    """Everything that a format writes of these records, the names of its files included."""
    path = written(RESULT_FORMATS[name], folder, *RECORDS)
    if name == "parquet":
        import pandas

        text = io.StringIO()
        pandas.read_parquet(path).to_csv(text)
        return path, text.getvalue()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return path, "\n".join(file.name + file.read_text() for file in files)


def is_read(name, path, folder):
    """Whether `rmpe convert` takes what a format wrote."""
    listed = {"images": written(RESULT_FORMATS["coco-annotations"], folder, *RECORDS)}
    source = folder if name == "jsonl" else path
    try:
        convert_results(source, folder / "again", ["jsonl"], **(listed if name == "coco" else {}))
    except ResultsError:
        return False
    return True


def kept_table():
    """Rows of facts, with a word for each format."""
    rows = {fact: [] for fact in (*FACTS, "`rmpe convert` reads it")}
    with tempfile.TemporaryDirectory() as temporary:
        for name in RESULT_FORMATS:
            place = Path(temporary) / name
            place.mkdir()
            path, text = files_of(name, place)
            for fact, values in FACTS.items():
                rows[fact].append(any(value in text for value in values))
            rows["`rmpe convert` reads it"].append(is_read(name, path, place))
    return rows


@pytest.fixture(scope="module")
def kept():
    pytest.importorskip("pyarrow")
    return {fact: dict(zip(RESULT_FORMATS, row, strict=True)) for fact, row in kept_table().items()}


def test_json_lines_keep_everything(kept):
    lines = [parse_record(line.encode()) for line in text_of(JSON_LINES, *RECORDS).splitlines()]
    assert lines == list(RECORDS)
    assert all(row["jsonl"] for row in kept.values())


def test_every_format_keeps_where_keypoints_are(kept):
    assert all(kept["keypoints"].values())
    assert all(kept["identity, where tracked"].values())


def test_what_each_other_format_is_known_to_lose(kept):
    """Facts that the formats have no place for, by their definitions."""
    for fact, formats in {
        "confidence of each keypoint": {"coco-annotations"},
        "score of each person": {"alphapose", "openpose", "csv", "parquet"},
        "boxes of other classes than people": {"coco", "alphapose", "openpose"},
        "width and height": {"coco", "alphapose", "openpose", "csv", "parquet"},
        "images without people": {"coco", "alphapose", "csv", "parquet"},
    }.items():
        assert {name for name, there in kept[fact].items() if not there} == formats, fact
