"""Finding photographs."""

import os
from pathlib import Path

import pytest

from rmpe.inputs.find import find_images
from rmpe.inputs.images import ImageError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder of images to search, made the working directory."""
    monkeypatch.chdir(tmp_path)
    names = ["p/img10.jpg", "p/img2.JPG", "p/img1.png", "p/notes.txt", "p/.hidden.jpg"]
    for name in [*names, "p/q/deep.jpg", "p/.trash/old.jpg", "texts/a.txt", "p[1].jpg"]:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(paths):
    return [path.as_posix() for path in paths]


def test_folder_is_sorted_naturally(tree):
    assert names(find_images(["p"])) == ["p/img1.png", "p/img2.JPG", "p/img10.jpg"]


def test_recursive(tree):
    found = names(find_images(["p"], recursive=True))
    assert found == ["p/img1.png", "p/img2.JPG", "p/img10.jpg", "p/q/deep.jpg"]


def test_patterns(tree):
    assert names(find_images(["p/*"])) == ["p/img1.png", "p/img2.JPG", "p/img10.jpg"]
    assert names(find_images(["**/*.jpg"])) == ["p/img10.jpg", "p/q/deep.jpg", "p[1].jpg"]


def test_existing_file_is_taken_though_its_name_looks_like_a_pattern(tree):
    assert names(find_images(["p[1].jpg", "p/notes.txt"])) == ["p[1].jpg", "p/notes.txt"]


def test_duplicates_are_listed_once_in_the_order_given(tree):
    found = names(find_images(["p/img10.jpg", "p", tree / "p" / "img2.JPG"]))
    assert found == ["p/img10.jpg", "p/img1.png", "p/img2.JPG"]


def test_every_bad_input_is_named(tree):
    with pytest.raises(ImageError) as caught:
        find_images(["gone.jpg", "p", "texts", "*.webp"])
    assert str(caught.value).splitlines() == [
        "gone.jpg: no such file or folder",
        "texts: this folder holds no image",
        "*.webp: no image matches this pattern",
    ]


def test_bad_inputs_are_reported_where_others_are_good(tree):
    problems = []
    found = find_images(["gone.jpg", "p/img1.png", "texts"], report=problems.append)
    assert names(found) == ["p/img1.png"]
    assert problems == ["gone.jpg: no such file or folder", "texts: this folder holds no image"]


def test_no_good_input_at_all_is_an_error(tree):
    problems = []
    with pytest.raises(ImageError, match="gone.jpg: no such file or folder\ntexts: "):
        find_images(["gone.jpg", "texts"], report=problems.append)
    assert problems == []


def test_links_and_pipes_are_listed_and_folders_are_not(tree):
    Path("p/away.jpg").symlink_to("gone.jpg")
    os.mkfifo("p/pipe.png")
    Path("p/folder.jpg").mkdir()
    Path("p/linked.jpg").symlink_to("q")
    expected = ["p/away.jpg", "p/img1.png", "p/img2.JPG", "p/img10.jpg", "p/pipe.png"]
    assert names(find_images(["p"])) == expected
    assert names(find_images(["p/*"])) == expected


def test_folder_with_images_further_down_says_so(tree):
    (tree / "top" / "sub").mkdir(parents=True)
    (tree / "top" / "sub" / "a.jpg").touch()
    with pytest.raises(ImageError, match="folders below it do: use --recursive"):
        find_images(["top"])


def test_no_input_at_all():
    with pytest.raises(ImageError, match="no input"):
        find_images([])
