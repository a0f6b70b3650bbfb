"""Names and numbers of images."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.outputs.files import partial_name
from rmpe.outputs.labels import (
    ImageLabel,
    drawing_name,
    drawing_names,
    identifier,
    is_path,
    is_plain_name,
    name_images,
)


def labels(*files, known=()):
    return [(label.name, label.image_id) for label in name_images(files, known)]


def test_numbers_come_from_the_names_as_in_coco():
    assert labels("000000493652.jpg", "COCO_val2014_000000000042.jpg", "v1/IMG_7.png") == [
        ("000000493652.jpg", 493652),
        ("COCO_val2014_000000000042.jpg", 42),
        ("IMG_7.png", 7),
    ]


def test_files_without_a_number_get_the_lowest_free_ones():
    assert [number for _, number in labels("me.jpg", "1.jpg", "you.jpg", "a/01.jpg")] == [
        2, 1, 3, 4,
    ]  # fmt: skip


def test_numbers_that_json_readers_would_round_are_not_taken():
    assert labels("9007199254740993.jpg", "9" * 200 + ".jpg", "9007199254740991.jpg") == [
        ("9007199254740993.jpg", 1),
        ("9" * 200 + ".jpg", 2),
        ("9007199254740991.jpg", 2**53 - 1),
    ]


def test_equal_names_are_told_apart_by_their_folders():
    files = ["a/x.jpg", "b/x.jpg", "c/X.JPG", "b_x.jpg", "d/b/x.jpg"]
    assert [name for name, _ in labels(*files)] == [
        "x.jpg", "b_x.jpg", "c_X.JPG", "b_x-2.jpg", "d_b_x.jpg",
    ]  # fmt: skip


def test_names_of_drawings_do_not_collide_either():
    files = ["x.tiff.jpg", "x.tiff", "x.TIFF"]
    drawings = [drawing_name(name).casefold() for name, _ in labels(*files)]
    assert len(set(drawings)) == 3


@pytest.mark.parametrize("ending", [".jpg", ".PNG", ".tiff", "." + 50 * "b"])
def test_longest_names_keep_their_drawings(ending):
    files = [f"{folder}/{'a' * (254 - len(ending))}{x}{ending}" for folder in "pq" for x in "xy"]
    found = labels(*files)
    assert found[0][0] == Path(files[0]).name
    drawings = {drawing_name(name) for name, _ in found}
    assert len(drawings) == 4
    for name in (*drawings, *(name for name, _ in found)):
        assert len(partial_name(drawing_name(name))) <= 255
        assert len(name) <= 255


def test_names_are_cut_between_characters():
    name = drawing_name("é" * 125 + ".png")
    assert name == "é" * 121 + ".png"


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["..", "a", "B", ".", "x-2", "/", "é" * 100]), max_size=4),
            st.sampled_from(
                ["x.jpg", "X.jpg", "x-2.jpg", "x.bmp", "7.png", "é 1.jpg", "..jpg"]
                + ["é" * 120 + ending for ending in ("x.tiff", "y.tiff", "-2.png", "-3.png", ".c")]
            ),
        ),
        max_size=12,
    )
)
def test_labels_are_unique_and_stay_inside(tmp_path_factory, parts):
    identify = identifier()
    paths = [Path(*folders, name) for folders, name in parts]
    files = list({identify(path): path for path in reversed(paths)}.values())
    found = name_images(files)
    assert [label.file for label in found] == [file.as_posix() for file in files]
    assert len({drawing_name(label.name).casefold() for label in found}) == len(files)
    assert len({label.image_id for label in found}) == len(files)
    for label in found:
        assert Path(label.name).name == label.name
        assert label.name not in ("..", ".")
        assert len(os.fsencode(label.name)) <= 255
        assert len(os.fsencode(partial_name(drawing_name(label.name)))) <= 255


def test_earlier_labels_stay():
    earlier = name_images(["b/x.jpg", "5.jpg"])
    assert earlier == [ImageLabel("b/x.jpg", "x.jpg", 1), ImageLabel("5.jpg", "5.jpg", 5)]
    assert labels("a/x.jpg", "b/x.jpg", "c/5.jpg", known=earlier) == [
        ("a_x.jpg", 2),
        ("x.jpg", 1),
        ("c_5.jpg", 3),
    ]


def test_earlier_labels_stay_however_their_paths_are_spelled(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "link").symlink_to("photos")
    monkeypatch.chdir(tmp_path)
    earlier = name_images(["photos/x.jpg"])
    spellings = ["./photos/x.jpg", "photos//x.jpg", "photos/../photos/x.jpg", "link/x.jpg"]
    for spelling in [*spellings, str(tmp_path / "photos/x.jpg")]:
        assert name_images([spelling], earlier) == earlier
    monkeypatch.chdir("photos")
    assert name_images(["x.jpg"], earlier, directory=tmp_path) == earlier
    assert name_images(["photos/x.jpg"], earlier, directory=tmp_path) != earlier


def test_spellings_of_one_path_share_a_label():
    assert labels("a/x.jpg", "a/../a/x.jpg") == [("x.jpg", 1), ("x.jpg", 1)]


def test_links_to_files_are_files_of_their_own(tmp_path):
    (tmp_path / "link.jpg").symlink_to("x.jpg")
    identify = identifier(tmp_path)
    assert identify("link.jpg") != identify("x.jpg")


def test_drawings_of_wide_images_have_names_of_their_own():
    assert drawing_name("x.jpg", wide=True) == "x.jpg.png"
    assert drawing_name("x.PNG", wide=True) == "x.PNG"
    names = [name for name, _ in labels("x.jpg", "x.jpg.png", "x.tiff", "x.tiff.png")]
    drawings = [drawing_names(name) for name in names]
    assert len(set.union(*drawings)) == sum(map(len, drawings))


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "/a", "a\0b", "a" * 256, "\ud800", None, 7, ["a"], b"a"],
)
def test_names_that_leave_the_folder_or_are_none(name):
    assert not is_plain_name(name)


@pytest.mark.parametrize("name", ["a.jpg", "...", "a b", "é" * 127, "\x1b[2J", "\udcff", "-rf"])
def test_plain_names(name):
    assert is_plain_name(name)


def test_paths_are_text_that_the_system_takes():
    assert is_path("../a/b")
    assert not any(map(is_path, ["", "a\0", "\ud800", None, 3]))
