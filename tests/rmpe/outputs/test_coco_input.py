"""COCO files as results: what is read, that nothing is lost on the way, and what is refused."""

import json

import pytest
from pycocotools.coco import COCO

from rmpe.cli import main
from rmpe.conversion import convert_results
from rmpe.outputs.coco_input import read_coco
from rmpe.outputs.errors import ResultsError
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import error_record, tracked_record
from rmpe.skeletons import COCO_17, CROWDPOSE_14

from ..test_tracking import write
from .material import make_records


@pytest.fixture
def results(tmp_path):
    """A folder with both COCO files: tracked people, an empty image, one that was skipped."""
    records = make_records(4)
    records[3] = tracked_record(records[3], [5, -1, 7])
    records.append(error_record(ImageLabel("photos/gone.jpg", "gone.jpg", 77), "gone"))
    folder = write(tmp_path / "in", records)
    convert_results(folder, tmp_path / "coco", ["coco", "coco-annotations"])
    return tmp_path / "coco"


@pytest.mark.parametrize(
    ("name", "formats", "images"),
    [
        ("coco-results.json", "coco", True),
        ("coco-annotations.json", "coco-annotations", False),
    ],
)
def test_from_coco_to_json_lines_and_back_is_equal(results, tmp_path, name, formats, images):
    listed = ["--images", str(results / "images.json")] if images else []
    lines, back = tmp_path / "lines", tmp_path / "back"
    read = ["convert", str(results / name), *listed, "--to", "jsonl", "--out", str(lines)]
    assert main(read) == 0
    assert main(["convert", str(lines), "--to", formats, "--out", str(back)]) == 0
    assert (back / name).read_bytes() == (results / name).read_bytes()
    if images:
        assert (back / "images.json").read_bytes() == (results / "images.json").read_bytes()


def test_results_of_others_come_back_as_pycocotools_has_them(tmp_path):
    """People of several images in turn, more decimals than ours, ids that no name ends with."""
    flat = [value for k in range(17) for value in (k + 1 / 3, 2 * k, 0.125)]
    items = [
        {"image_id": image_id, "category_id": 1, "keypoints": flat, "score": score}
        for image_id, score in ((9, 0.123456789), (4, 0.5), (9, 0.25))
    ]
    images = [{"id": i, "file_name": f"val/{i}a.jpg", "width": 64, "height": 48} for i in (4, 9, 5)]
    (tmp_path / "r.json").write_text(json.dumps(items))
    (tmp_path / "i.json").write_text(json.dumps({"images": images, "annotations": []}))
    records = read_coco(tmp_path / "r.json", tmp_path / "i.json")
    assert [(r["file"], r["name"], r["image_id"], len(r["people"])) for r in records] == [
        ("val/4a.jpg", "4a.jpg", 4, 1), ("val/9a.jpg", "9a.jpg", 9, 2), ("val/5a.jpg", "5a.jpg", 5, 0),
    ]  # fmt: skip
    # Nobody has a box: it is that of the keypoints.
    assert records[0]["people"][0]["box"] == [1 / 3, 0, 16 + 1 / 3, 32]
    out = tmp_path / "out"
    convert_results(tmp_path / "r.json", out, ["coco"], images=tmp_path / "i.json")

    def loaded(file):
        coco = COCO()
        coco.dataset = {"images": images, "annotations": [], "categories": []}
        coco.createIndex()
        found = coco.loadRes(str(file)).anns.values()
        return sorted(
            (one["image_id"], one["score"], one["bbox"], one["area"], *one["keypoints"])
            for one in found
        )

    assert loaded(out / "coco-results.json") == loaded(tmp_path / "r.json")


def test_annotations_of_others(tmp_path):
    """Crowds and other categories are left out; labeled keypoints are sure."""
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0}
    person["keypoints"] = [5, 6, 2, 7, 8, 1] + 15 * [0, 0, 0]
    crowd, dog = {**person, "id": 2, "iscrowd": 1}, {"id": 3, "image_id": 1, "category_id": 2}
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}],
        "annotations": [crowd, dog, person],
        "categories": [
            {"id": 1, "name": "person", "keypoints": list(COCO_17.keypoints)},
            {"id": 2, "name": "dog"},
        ],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    (entry,) = read_coco(file)
    (one,) = entry["people"]
    assert one["keypoint_scores"] == [1, 1] + 15 * [0]
    assert (one["score"], one["box"]) == (1, [1, 2, 4, 6])
    with pytest.raises(ResultsError, match="a.json: COCO annotations name their images and key"):
        read_coco(file, file)
    person["bbox"] = [1, 2, 3]
    file.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match=r"a.json: bbox of annotations\[2\] .id 1. must be x, y"):
        read_coco(file)


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        ("annotations", {"id": 7}, r"id of annotations\[1\] must be another than those of other"),
        ("annotations", {"bbox": [1, 2, -3, 4]}, r"bbox of annotations\[1\] \(id 8\) must be of a"),
        (
            "annotations",
            {"bbox": [1, 2, 10**400, 4]},
            r"bbox of annotations\[1\] \(id 8\) must be x",
        ),
        (
            "annotations",
            {"bbox": "1 2 3 4"},
            r"bbox of annotations\[1\] \(id 8\) must be x, y, wid",
        ),
        (
            "annotations",
            {"keypoints": 17 * [1, 1, 7]},
            r"keypoints of annotations\[1\] \(id 8\) must be .* a visibility of 0, 1 or 2",
        ),
        (
            "annotations",
            {"keypoints": 17 * [1, 10**400, 2]},
            r"keypoints of annotations\[1\] \(id 8\) must be x, y, visibility of 17 keypoints",
        ),
        ("annotations", {"score": "high"}, r"score of annotations\[1\] \(id 8\) must be a number"),
        (
            "annotations",
            {"track_id": 10**400},
            r"track_id of annotations\[1\] \(id 8\) must be a w",
        ),
        ("images", {"id": 1}, r"id of images\[1\] must be another than that of images\[0\], got 1"),
        ("images", {"id": 10**400}, r"id of images\[1\] must be a whole number from 0 to 9007199"),
        ("images", {"file_name": "1.jpg"}, r"file_name of images\[1\] \(id 2\) must be of another"),
        (
            "images",
            {"file_name": "\ud800.jpg"},
            r"file_name of images\[1\] \(id 2\) must be a path",
        ),
        ("images", {"file": "a\0b"}, r"file of images\[1\] \(id 2\) must be a path, got 'a\\x00b'"),
        ("images", {"width": 10**400}, r"images\[1\] \(id 2\): width must be a whole number from"),
    ],
)
def test_what_is_wrong_with_annotations_is_named(tmp_path, capsys, place, change, message):
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 48} for i in (1, 2)]
    person = {"image_id": 1, "category_id": 1, "keypoints": 17 * [5, 6, 2], "bbox": [1, 2, 3, 4]}
    content = {
        "images": images,
        "annotations": [{**person, "id": 7}, {**person, "id": 8}],
        "categories": [{"id": 1, "name": "person"}],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    assert len(read_coco(file)[0]["people"]) == 2
    content[place][1] |= change
    file.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match=message):
        read_coco(file)
    out = str(tmp_path / "out")
    assert main(["convert", str(file), "--to", "jsonl", "--out", out]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_annotations_without_ids_and_boxes(tmp_path):
    person = {"image_id": 1, "category_id": 1, "keypoints": 17 * [5, 6, 2], "bbox": None}
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}],
        "annotations": [person, {**person, "id": 8}, person],
        "categories": [{"id": 1, "name": "person"}],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    assert [one["box"] for one in read_coco(file)[0]["people"]] == 3 * [[5, 6, 5, 6]]


def test_the_skeleton_is_named_or_the_only_one_with_as_many_keypoints(tmp_path):
    file, images = tmp_path / "r.json", tmp_path / "i.json"
    image = {"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}
    images.write_text(json.dumps({"images": [image]}))

    def write_people(count):
        item = {"image_id": 1, "category_id": 1, "keypoints": count * [1, 1, 1], "score": 1}
        file.write_text(json.dumps([item]))

    write_people(17)
    assert read_coco(file, images)[0]["skeleton"] == "coco_17"
    write_people(14)
    with pytest.raises(ResultsError, match="14 keypoints are aic_14 or crowdpose_14: choose --sou"):
        read_coco(file, images)
    assert read_coco(file, images, CROWDPOSE_14)[0]["skeleton"] == "crowdpose_14"
    with pytest.raises(ResultsError, match="x, y, score of the 17 keypoints of coco_17, 51 finite"):
        read_coco(file, images, COCO_17)
    write_people(3)
    with pytest.raises(ResultsError, match="3 keypoints are those of no skeleton that is known"):
        read_coco(file, images)
    file.write_text("[]")
    assert read_coco(file, images)[0]["people"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"image_id": 2},
            r"image_id of results\[0\] must be the id of one of the images in .*i.js",
        ),
        ({"score": None}, r"score of results\[0\] must be a number, got None"),
        (
            {"keypoints": 17 * [float("nan"), 1, 1]},
            "keypoints of results.0. must be x, y, score of",
        ),
        ({"track_id": 0}, r"track_id of results\[0\] must be a whole number from 1"),
        ({"bbox": [1, 2, 3, float("inf")]}, r"bbox of results\[0\] must be x, y, width, height"),
    ],
)
def test_what_is_wrong_with_a_person_is_named(tmp_path, change, message):
    file, images = tmp_path / "r.json", tmp_path / "i.json"
    image = {"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}
    images.write_text(json.dumps({"images": [image]}))
    item = {"image_id": 1, "category_id": 1, "keypoints": 17 * [1, 1, 1], "score": 1}
    file.write_text(json.dumps([{**item, **change}]))
    with pytest.raises(ResultsError, match=message):
        read_coco(file, images)


def test_what_is_wrong_with_images_is_named(tmp_path):
    file, images = tmp_path / "r.json", tmp_path / "i.json"
    file.write_text("[]")
    with pytest.raises(ResultsError, match="neither names nor sizes of images; name a file that"):
        read_coco(file)
    image = {"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}
    for content, message in (
        ([], "--images must be a file with images, .* got .*i.json$"),
        ({}, "--images must be a file with images, .* got .*i.json$"),
        ({"images": [{**image, "width": 0}]}, "images.0. .id 1.: width must be a whole number fr"),
        ({"images": [image, {**image, "id": 2}]}, "must be of another file than those before"),
        ({"images": [{**image, "id": "one"}]}, r"id of images\[0\] must be a whole number"),
    ):
        images.write_text(json.dumps(content))
        with pytest.raises(ResultsError, match=message):
            read_coco(file, images)
    (tmp_path / "r.csv").write_text("x,y")
    for other, reason in ((tmp_path / "r.csv", "is not a JSON file"), (tmp_path, "directory")):
        with pytest.raises(ResultsError, match=f"--images must be a file with images, .*{reason}"):
            read_coco(file, other)
    file.write_text("{}")
    with pytest.raises(
        ResultsError, match=r"r.json: results are read from .*, got a file of anoth"
    ):
        read_coco(file)


def test_a_folder_names_its_images_itself(results, tmp_path, capsys):
    folder = str(write(tmp_path / "lines", make_records(1)))
    arguments = ["convert", folder, "--to", "coco", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--images", str(results / "images.json")]) == 2
    assert "--images and --source-skeleton are for a file of COCO" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["0", "false", [0], 2])
def test_a_flag_that_is_none_is_refused(results, flag):
    path = results / "coco-annotations.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["iscrowd"] = flag
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match=r"iscrowd of annotations\[0\] .* must be 0 or 1"):
        read_coco(path)
