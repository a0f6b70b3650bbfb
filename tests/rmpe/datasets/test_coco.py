"""COCO annotations: what is read, and which error names what cannot be."""

import gzip
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.skeletons import COCO_17, MPII_16

from ..coco_annotations import annotations, person, write


def load(content, folder):
    return load_dataset(write(content, folder), folder)


def refusal(content, folder):
    """The message about annotations that are refused, without their folder."""
    with pytest.raises(DatasetError) as caught:
        load(content, folder)
    return str(caught.value).replace(f"{folder}{os.sep}", "")


def test_the_images_that_are_there(coco_mini):
    assert len(coco_mini) == len(coco_mini.image_ids) == len(coco_mini.paths) == 36
    assert coco_mini.missing == 44
    assert coco_mini.labeled.sum() == 86
    assert all(path.is_file() for path in coco_mini.paths)
    boxes = coco_mini.boxes[coco_mini.labeled]
    assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_everything_of_a_person(tmp_path):
    keypoints = np.arange(51.0)
    keypoints[2::3] = [0, 1, 2] * 5 + [1, 2]
    one = person(id="p", bbox=[10, 20, 30.5, 40], area=7.5, keypoints=keypoints.tolist())
    crowd = person(id=2, iscrowd=True, num_keypoints=0, keypoints=[0, 0, 0] * 17)
    image = {"id": 1, "file_name": "1.png", "height": 480, "width": 640.0}
    dataset = load(annotations(one, crowd, images=[image]), tmp_path)
    assert dataset.skeleton == COCO_17
    assert dataset.image_sizes.tolist() == [[480, 640]]
    assert dataset.person_ids == ("p", 2)
    assert dataset.boxes[0].tolist() == [10, 20, 40.5, 60]
    assert dataset.areas.tolist() == [7.5, 81]
    assert dataset.crowd.tolist() == [False, True]
    assert dataset.keypoints[0, 1].tolist() == [3, 4]
    assert dataset.visibility[0].tolist() == [0, 1, 2] * 5 + [1, 2]


def test_people_are_sorted_by_image_and_else_in_the_order_of_the_file(tmp_path):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (9, 3, 4)]
    people = [person(id=i, image_id=image) for i, image in enumerate((3, 9, 3, 9))]
    dataset = load(annotations(*people, images=images), tmp_path)
    assert dataset.image_ids == (9, 3, 4)
    assert dataset.person_ids == (1, 3, 0, 2)
    assert dataset.image_index.tolist() == [0, 0, 1, 1]


def test_people_of_images_that_are_not_there_are_left_out(tmp_path):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (1, 2)]
    people = [person(id=i, image_id=i) for i in (1, 2)]
    file = write(annotations(*people, images=images), tmp_path)
    (tmp_path / "1.png").unlink()
    dataset = load_dataset(file, tmp_path)
    assert (dataset.image_ids, dataset.person_ids, dataset.missing) == ((2,), (2,), 1)
    assert load_dataset(file, None).image_ids == (1, 2)


def test_keypoints_are_counted_whatever_num_keypoints_says(tmp_path):
    people = [person(id=1, num_keypoints=0), person(id=2, num_keypoints=None)]
    people.append(person(id=3, num_keypoints=17, keypoints=[3, 3, 0] * 17))
    assert load(annotations(*people), tmp_path).labeled.tolist() == [True, True, False]


@pytest.mark.parametrize("ids", [(0, 1), (-1, 2**80), ("a", "b"), (1, "1"), (3.0, 4.0)])
def test_ids_are_numbers_of_any_size_and_text(tmp_path, ids):
    images = [{"id": i, "file_name": f"{n}.png"} for n, i in enumerate(ids)]
    people = [person(id=i, image_id=i, category_id=ids[0]) for i in ids]
    categories = [{"id": ids[0], "name": "person"}, {"id": ids[1], "name": "dog"}]
    dataset = load(annotations(*people, images=images, categories=categories), tmp_path)
    assert dataset.image_ids == dataset.person_ids == ids
    assert dataset.image_index.tolist() == [0, 1]


def test_ids_of_people_may_begin_anew_in_each_image(tmp_path):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (1, 2)]
    people = [person(id=0, image_id=i) for i in (1, 2)]
    assert load(annotations(*people, images=images), tmp_path).person_ids == (0, 0)


@pytest.mark.parametrize(
    "categories, skeleton",
    [
        ([{"id": 1, "name": "Person"}], COCO_17),
        ([{"id": 3, "name": "dog"}, {"id": 1, "name": "person", "keypoints": []}], COCO_17),
        ([{"id": 1, "name": "human", "keypoints": list(COCO_17.keypoints)}, {"id": 2}], COCO_17),
        ([{"id": 1, "keypoints": [k.upper().replace("_", " ") for k in COCO_17.keypoints]}], COCO_17),
        ([{"id": 1, "name": "person", "keypoints": list(MPII_16.keypoints)}], MPII_16),
    ],
)  # fmt: skip
def test_category_of_people(tmp_path, categories, skeleton):
    one = person(keypoints=[3, 3, 2] * len(skeleton))
    dataset = load(annotations(one, categories=categories), tmp_path)
    assert dataset.skeleton == skeleton
    assert len(dataset.person_ids) == 1


def test_other_categories_are_not_looked_at(tmp_path):
    categories = [{"id": 0, "name": "person"}, {"id": 2, "name": "dog"}]
    dog = {"category_id": 2, "bbox": None}
    content = annotations(person(category_id=0), dog, categories=categories)
    assert load(content, tmp_path).person_ids == (5,)


def test_no_annotations_at_all(tmp_path):
    dataset = load(annotations(), tmp_path)
    assert len(dataset) == 1
    assert dataset.keypoints.shape == (0, 17, 2)


# ---- Files and folders


def test_folders_in_file_names(tmp_path):
    images = [{"id": 1, "file_name": "a/1.png"}, {"id": 2, "file_name": "b/./1.png"}]
    dataset = load(annotations(images=images), tmp_path)
    assert dataset.paths == (tmp_path / "a" / "1.png", tmp_path / "b" / "1.png")


def test_name_alone_where_the_folder_is_one_of_the_names(tmp_path):
    file = write(annotations(images=[{"id": 1, "file_name": "val2017/1.png"}]), tmp_path)
    assert load_dataset(file, tmp_path / "val2017").paths == (tmp_path / "val2017" / "1.png",)


def test_name_alone_only_where_no_image_has_its_full_name(tmp_path):
    images = [{"id": 1, "file_name": "a/1.png"}, {"id": 2, "file_name": "b/2.png"}]
    file = write(annotations(images=images), tmp_path)
    (tmp_path / "b" / "2.png").rename(tmp_path / "2.png")
    assert load_dataset(file, tmp_path).image_ids == (1,)


def test_one_file_is_never_two_images(tmp_path):
    images = [{"id": 1, "file_name": "a/1.png"}, {"id": "x", "file_name": "b/1.png"}]
    file = write(annotations(images=images), tmp_path)
    message = (
        r"file_name of images\[1\] \(id 'x'\) must be of another file than that of images\[0\] "
        r"\(id 1\), got 'b/1.png'; list it once, or name the folder that holds their folders"
    )
    with pytest.raises(DatasetError, match=message):
        load_dataset(file, tmp_path / "a")
    images = [{"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "./1.png"}]
    assert "of another file than that of images[0]" in refusal(annotations(images=images), tmp_path)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_one_file_is_never_two_images_through_a_link(tmp_path, link):
    images = [{"id": i, "file_name": f"{i}.png"} for i in (1, 2, 3)]
    file = write(annotations(images=images), tmp_path)
    assert len(load_dataset(file, tmp_path)) == 3
    (tmp_path / "3.png").unlink()
    getattr(tmp_path / "3.png", link)(tmp_path / "1.png")
    message = r"of images\[2\] \(id 3\) must be of another file than that of images\[0\] \(id 1\)"
    with pytest.raises(DatasetError, match=message):
        load_dataset(file, tmp_path)
    (tmp_path / "1.png").rename(tmp_path / "0.png")
    (tmp_path / "3.png").unlink()
    getattr(tmp_path / "3.png", link)(tmp_path / "0.png")
    assert load_dataset(file, tmp_path).image_ids == (2, 3)


@pytest.mark.parametrize("name", ["../1.png", "a/../../1.png", "/etc/passwd", "", ".", "a\0b", 1])
def test_names_that_leave_the_folder(tmp_path, name):
    content = annotations(images=[{"id": 7, "file_name": name}])
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(content))
    message = r"file_name of images\[0\] \(id 7\) must be a path within the folder of images, got "
    with pytest.raises(DatasetError, match=message + re.escape(repr(name))):
        load_dataset(file, tmp_path)


@pytest.mark.parametrize(
    "name, reason", [("n" * 300, "File name too long"), ("\ud800", ".*surrogates not allowed")]
)
def test_names_that_no_file_can_have(tmp_path, name, reason):
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(annotations(images=[{"id": 1, "file_name": name}])))
    message = r"file_name of images\[0\] \(id 1\) must be of a file that can be read, got '.*; "
    with pytest.raises(DatasetError, match=message + reason):
        load_dataset(file, tmp_path)


def test_no_images_where_they_should_be(tmp_path):
    file = write(annotations(), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="none of the 1 images of .* is in .*/empty; the first"):
        load_dataset(file, tmp_path / "empty")
    with pytest.raises(DatasetError, match="must be in a folder, got .*/nowhere"):
        load_dataset(file, tmp_path / "nowhere")


# ---- Bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_encodings(tmp_path, encoding, pack):
    content = annotations(person()) | {"info": "größe"}
    file = write(content, tmp_path)
    file.write_bytes(pack(json.dumps(content, ensure_ascii=False).encode(encoding)))
    assert len(load_dataset(file, tmp_path).person_ids) == 1


def test_encoding_is_not_that_of_the_locale(tmp_path):
    file = write(annotations(), tmp_path)
    file.write_text('{"info": "größe",' + file.read_text()[1:], encoding="utf-8")
    code = "import sys; from rmpe.datasets import load_dataset as f; f(sys.argv[1], sys.argv[2])"
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", code, file, tmp_path], check=True, env=os.environ | posix)


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "cannot be read: No such file or directory"),
        (b"no json", "is not a JSON file"),
        (b"\xff\xff", "is not a JSON file"),
        (b"[" * 200_000, "is not a JSON file: maximum recursion depth"),
        (b'{"id": ' + b"9" * 5000 + b"}", "is not a JSON file: Exceeds the limit"),
        (gzip.compress(b"{}")[:-3], "cannot be read: Compressed file ended"),
        (b"\x1f\x8bnot gzip", "cannot be read: Unknown compression"),
        (b"[]", "must hold images, annotations, categories, as COCO annotations do, got []"),
        (b'{"images": [], "annotations": []}', "as COCO annotations do, got 'images', 'annotations'"),
        (b'{"images": [], "annotations": [], "categories": {}}', "categories must be a list, got {}"),
        (b'{"images": [3], "annotations": [], "categories": []}', "images[0] must be an object"),
    ],
)  # fmt: skip
def test_what_is_no_annotation_file(tmp_path, content, message):
    file = tmp_path / "annotations.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_dataset(file, tmp_path)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_unknown_format(tmp_path):
    with pytest.raises(ValueError, match="format must be one of coco.*, got 'voc'"):
        load_dataset(tmp_path / "a", tmp_path, format="voc")


# ---- Values. Every message names the file, the entry with its id, the field, the rule, and what came


NAN, INF = float("nan"), float("inf")
HUGE = 10**400
FOUR = "x, y, width, height in pixels, 4 finite numbers"
MANY = "x, y, visibility of 17 keypoints, 51 finite numbers"
POINTS = [3, 3, 2] * 17


@pytest.mark.parametrize(
    "field, value, rule",
    [
        ("bbox", [0, 0, 9], FOUR),
        ("bbox", [0, 0, None, None], FOUR),
        ("bbox", [0, 0, [5], 5], FOUR),
        ("bbox", ["0", "0", "9", "9"], FOUR),
        ("bbox", {"x": 0}, FOUR),
        ("bbox", "0 0 9 9", FOUR),
        ("bbox", [0, 0, 9, NAN], FOUR),
        ("bbox", [0, 0, 9, HUGE], FOUR),
        ("bbox", [0, 0, 9, True], FOUR),
        ("bbox", [0, 0, 9, -1], "of a width and height from 0"),
        ("area", "81", "square pixels, from 0"),
        ("area", NAN, "square pixels, from 0"),
        ("area", INF, "square pixels, from 0"),
        ("area", -1, "square pixels, from 0"),
        ("iscrowd", "0", "0 or 1"),
        ("iscrowd", 2, "0 or 1"),
        ("iscrowd", 0.5, "0 or 1"),
        ("iscrowd", [0], "0 or 1"),
        ("keypoints", 5, MANY),
        ("keypoints", POINTS[:-1], MANY),
        ("keypoints", [[3, 3, 2]] * 17, MANY),
        ("keypoints", [None] * 51, MANY),
        ("keypoints", [NAN, *POINTS[1:]], MANY),
        ("keypoints", [HUGE, *POINTS[1:]], MANY),
        ("keypoints", [*POINTS[:-1], 3], f"{MANY}, with a visibility of 0, 1 or 2"),
        ("keypoints", [*POINTS[:-1], 0.5], f"{MANY}, with a visibility of 0, 1 or 2"),
        ("image_id", 2, "the id of one of the images"),
        ("image_id", "1", "the id of one of the images"),
        ("image_id", [1], "a whole number or text"),
        ("image_id", True, "a whole number or text"),
        ("image_id", 1.5, "a whole number or text"),
        ("category_id", 7, "the id of one of the categories"),
        ("category_id", {}, "a whole number or text"),
    ],
)
def test_values_of_people(tmp_path, field, value, rule):
    content = annotations(person(id="good"), person(id="bad", **{field: value}))
    message = f"annotations.json: {field} of annotations[1] (id 'bad') must be {rule}, got "
    assert refusal(content, tmp_path).startswith(message)


@pytest.mark.parametrize("value", [1.5, 2.0**53, NAN, True, [5], {"a": 5}])
def test_ids_of_people(tmp_path, value):
    content = annotations(person(id="good"), person(id=value))
    message = "annotations.json: id of annotations[1] must be a whole number or text, got "
    assert refusal(content, tmp_path).startswith(message)


@pytest.mark.parametrize("field", ["image_id", "category_id", "bbox", "area", "iscrowd", "keypoints"])  # fmt: skip
def test_people_that_lack_a_field(tmp_path, field):
    content = annotations(person(id=1), person(id=2, **{field: None}))
    message = f"annotations.json: {field} of annotations[1] (id 2) is missing; it must be "
    assert refusal(content, tmp_path).startswith(message)


def test_place_in_the_file_is_named_among_other_categories(tmp_path):
    categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
    content = annotations(
        {"category_id": 2}, person(), person(id=6, area=None), categories=categories
    )
    assert "area of annotations[2] (id 6) is missing" in refusal(content, tmp_path)


def test_number_and_text_are_not_the_same_id(tmp_path):
    assert refusal(annotations(person(image_id="1")), tmp_path).endswith("a number and text differ")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"id": None}, "id of images[1] must be a whole number or text, got None"),
        ({"id": 1}, "id of images[1] must be another than that of images[0], got 1; remove one"),
        ({"id": 1.0}, "id of images[1] must be another than that of images[0], got 1.0"),
        ({"height": "480"}, "height of images[1] (id 2) must be a whole number of pixels, from 1"),
        ({"width": 0, "height": 5}, "width of images[1] (id 2) must be a whole number of pixels"),
        ({"width": 5, "height": 5.5}, "height of images[1] (id 2) must be a whole number of"),
        ({"width": 5}, "height of images[1] (id 2) is missing"),
    ],
)
def test_values_of_images(tmp_path, changes, message):
    images = [{"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "2.png"} | changes]
    assert f"annotations.json: {message}" in refusal(annotations(images=images), tmp_path)


@pytest.mark.parametrize(
    "categories, message",
    [
        ([{"name": "person"}], "id of categories[0] is missing"),
        ([{"id": 1, "name": "person"}] * 2, "id of categories[1] must be another than that of"),
        ([{"id": 1, "name": 5}], "name of categories[0] (id 1) must be text, got 5"),
        ([{"id": 1}], "must have one that is named 'person', or one with a list of keypoints, got 0"),
        ([{"id": 1, "name": "dog"}], "got 0 among ['dog']"),
        ([{"id": i, "name": "person"} for i in (1, 2)], "got 2 among ['person', 'person']"),
        ([{"id": 1, "name": "person", "keypoints": "nose"}], "keypoints of categories[0] (id 1) must be a list of names"),
        ([{"id": 1, "name": "person", "keypoints": ["nose"]}], "keypoints of categories[0] (id 1) must be those of coco_17 or"),
        ([{"id": 1, "name": "person", "keypoints": [*COCO_17.keypoints][::-1]}], "in their order, got ['right_ankle'"),
    ],
)  # fmt: skip
def test_values_of_categories(tmp_path, categories, message):
    assert message in refusal(annotations(person(), categories=categories), tmp_path)


def test_same_person_twice(tmp_path):
    message = "id of annotations[1] must be another than those of other people in its image, got 5"
    assert message in refusal(annotations(person(), person()), tmp_path)


def test_messages_are_short_and_hold_no_control_characters(tmp_path):
    text = refusal(annotations(person(bbox="\x1b[31m" + "x" * 10_000)), tmp_path)
    assert "\x1b" not in text
    assert len(text) < 300
