"""Finding photographs."""

import os
from pathlib import Path

import pytest

from rmpe.inputs import find
from rmpe.inputs.find import find_images, with_lists
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


@pytest.fixture
def footage(tree):
    """A folder with videos alone, and one with a photograph, too."""
    for name in ("v/b10.mp4", "v/b2.mp4", "v/c.MOV", "v/.hidden.mp4", "w/d.m4v", "w/e.jpg"):
        path = tree / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tree / "v" / "folder.mp4").mkdir()
    return tree


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("v/*.mp4", ["v/b2.mp4", "v/b10.mp4"]),
        ("v/*.[mM][Pp]4", ["v/b2.mp4", "v/b10.mp4"]),
        ("v/*.M*V", ["v/c.MOV"]),
        ("**/*.m4v", ["w/d.m4v"]),
        ("w/*", ["w/e.jpg"]),
        ("w/*.???", ["w/e.jpg"]),
    ],
)
def test_patterns_that_end_as_videos_do_give_videos(footage, pattern, expected):
    assert names(find_images([pattern])) == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "v",
            "v: this folder holds no image; for the 3 videos there, give a pattern that ends in "
            ".MOV, .mp4",
        ),
        (
            "v/*",
            "v/*: no image matches this pattern; for the 3 videos there, give a pattern that ends "
            "in .MOV, .mp4",
        ),
        (
            "w/d*",
            "w/d*: no image matches this pattern; for the video there, give a pattern that ends in "
            ".m4v",
        ),
        ("texts/*.mp4", "texts/*.mp4: no video matches this pattern"),
        ("*.mp4", "*.mp4: no video matches this pattern"),
    ],
)
def test_videos_that_are_not_taken_are_told(footage, entry, message):
    with pytest.raises(ImageError) as caught:
        find_images([entry])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("entries", "lines"),
    [
        (
            ["w"],
            ["w: 1 video left out, as folders stand for photographs: name it, or give a pattern "
             "that ends in .m4v"],
        ),
        (
            ["w/*"],
            ["w/*: 1 video left out, as patterns stand for photographs: name it, or give a pattern "
             "that ends in .m4v"],
        ),
        (["w", "w/d.m4v"], []),
        (["w/*.m4v", "w"], []),
        (["w/e.jpg"], []),
        (["p", "p/*"], []),
    ],
)  # fmt: skip
def test_videos_beside_photographs_are_told(footage, entries, lines):
    """They are no error, and those that are named elsewhere are not left out."""
    told = []
    find_images(entries, note=told.append)
    assert told == lines


def test_videos_in_the_folders_of_a_folder_are_told(footage):
    told = []
    found = names(find_images(["."], recursive=True, note=told.append))
    assert "w/e.jpg" in found
    assert told == [
        ".: 4 videos left out, as folders stand for photographs: name them, or give a pattern that "
        "ends in .MOV, .m4v, .mp4"
    ]


def test_existing_file_is_taken_though_its_name_looks_like_a_pattern(tree):
    assert names(find_images(["p[1].jpg", "p/notes.txt"])) == ["p[1].jpg", "p/notes.txt"]


def test_duplicates_are_listed_once_in_the_order_given(tree):
    found = names(find_images(["p/img10.jpg", "p", tree / "p" / "img2.JPG"]))
    assert found == ["p/img10.jpg", "p/img1.png", "p/img2.JPG"]


def test_lists_name_inputs_line_by_line(tmp_path, monkeypatch):
    (tmp_path / "list.txt").write_bytes(b"b c.jpg\r\n\n\xe9.jpg\n*.png")
    listed = ["b c.jpg", os.fsdecode(b"\xe9.jpg"), "*.png"]
    assert with_lists(["a.jpg", f"@{tmp_path}/list.txt", "z"]) == ["a.jpg", *listed, "z"]
    monkeypatch.setattr("sys.stdin", open(tmp_path / "list.txt"))
    assert with_lists(["@-"]) == listed
    # As programs of Windows write them.
    (tmp_path / "marked").write_bytes("a.jpg\r\nä.jpg\r\n".encode("utf-8-sig"))
    assert with_lists([f"@{tmp_path}/marked"]) == ["a.jpg", "ä.jpg"]
    (tmp_path / "wide").write_bytes("a.jpg\r\n".encode("utf-16"))
    (tmp_path / "none").write_bytes(b"\n\n")
    for entry, message in (
        (f"@{tmp_path}/wide", "this list cannot be read: it must be in UTF-8, .* and is in UTF-16"),
        (f"@{tmp_path}/none", "none: this list names no input"),
        (f"@{tmp_path}/gone", "gone: this list cannot be read: No such file"),
        (f"@{tmp_path}", "this list cannot be read: Is a directory"),
        ("@\0", "this list cannot be read: embedded null"),
        ("@/dev/zero", "this list cannot be read: it must have at most 256 MiB"),
    ):
        with pytest.raises(ImageError, match=message):
            with_lists([entry])


def test_a_list_on_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ImageError, match="^@-: there is no standard input$"):
        with_lists(["@-"])


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


def test_an_empty_name_is_told_as_such():
    with pytest.raises(ImageError, match="^'': no such file or folder$"):
        find_images([""])


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


def touch(*files):
    for file in map(Path, files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.mark.parametrize(
    "suffix",
    ".jpg .JPEG .jfif .mpo .png .webp .tif .tiff .bmp .gif .pbm .pgm .ppm .jp2 .j2k .avif".split(),
)
def test_suffixes_of_photographs(tree, suffix):
    touch(f"one/photo{suffix}")
    assert names(find_images(["one"])) == [f"one/photo{suffix}"]


@pytest.fixture(params=[False, True])
def heif(request, monkeypatch):
    """Without pillow-heif, and with it."""
    monkeypatch.setattr(find, "find_spec", lambda name: request.param or None)
    return request.param


@pytest.mark.parametrize("entry", ["phone", "phone/*", "**/*"])
def test_photographs_of_types_that_are_not_read_are_reported(tree, heif, entry):
    touch("phone/a.jpg", "phone/IMG_1.HEIC", "phone/IMG_2.heic", "phone/c.txt", "phone/.d.heic")
    problems = []
    found = find_images([entry], report=problems.append)
    assert Path("phone/a.jpg") in found
    if heif:
        assert names(found)[-2:] == ["phone/IMG_1.HEIC", "phone/IMG_2.heic"]
        assert problems == []
    else:
        assert problems == [
            f"{entry}: 2 files of a type that is not read (.heic); "
            "HEIF is read after: pip install pillow-heif"
        ]
        with pytest.raises(ImageError, match="2 files of a type that is not read"):
            find_images([entry])


def test_raw_photographs_are_reported(tree):
    touch("camera/a.jpg", "camera/a.CR2", "camera/sub/b.nef", "camera/sub/b.dng")
    problems = []
    find_images(["camera"], report=problems.append)
    find_images(["camera"], report=problems.append, recursive=True)
    assert problems == [
        "camera: 1 file of a type that is not read (.cr2)",
        "camera: 3 files of types that are not read (.cr2, .dng, .nef)",
    ]


def test_a_folder_of_nothing_else_holds_no_image(tree):
    touch("raw/a.raf")
    with pytest.raises(ImageError) as caught:
        find_images(["raw"])
    assert str(caught.value) == "raw: 1 file of a type that is not read (.raf)"


@pytest.fixture
def closed(tree, monkeypatch):
    """A folder that may not be listed; root may list all, so that the calls themselves refuse."""
    touch("in/a.jpg", "in/closed/b.jpg", "in/open/c.jpg")
    scandir = os.scandir

    def refuse(path=".", *rest):
        if Path(os.fsdecode(path)).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path, *rest)

    monkeypatch.setattr(os, "scandir", refuse)


CLOSED = "in/closed: this folder cannot be listed: Permission denied"


@pytest.mark.parametrize("entry", ["in", "in/**/*.jpg", "**/*.jpg", "in/*/*.jpg", "i?/**"])
def test_folders_that_may_not_be_listed_are_reported(closed, entry):
    problems = []
    found = find_images([entry], recursive=True, report=problems.append)
    assert Path("in/open/c.jpg") in found
    assert [problem.replace("closed/:", "closed:") for problem in problems] == [CLOSED]
    with pytest.raises(ImageError, match="cannot be listed"):
        find_images([entry], recursive=True)


def test_folders_that_need_not_be_listed_are_not_reported(closed):
    assert names(find_images(["in"])) == ["in/a.jpg"]
    assert names(find_images(["in/*.jpg"])) == ["in/a.jpg"]
    assert names(find_images(["in/closed/b.jpg"])) == ["in/closed/b.jpg"]


def test_a_folder_that_may_not_be_listed_is_not_said_to_be_empty(closed):
    with pytest.raises(ImageError) as caught:
        find_images(["in/closed"])
    assert str(caught.value) == CLOSED


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("x" * 300, "cannot be reached: File name too long"),
        ("folder/" * 1000, "cannot be reached: File name too long"),
        ("p/notes.txt/a.jpg", "no such file or folder"),
        ("loop.jpg", "cannot be reached: Too many levels of symbolic links"),
        ("a\0b", "cannot be the name of a file: embedded null byte"),
        ("\x1b]0;owned\x07\nrmpe infer: error: forged", "no such file or folder"),
        ("\n*", "no image matches this pattern"),
        ("", "no such file or folder"),
        ("a\0/*", "cannot be a pattern of names of files: embedded null byte"),
        ("*/" * 3000 + "*", "cannot be a pattern of names of files: maximum recursion depth"),
        ("\ud800", "cannot be the name of a file: "),
    ],
)
def test_names_that_lead_nowhere(tree, entry, problem):
    Path("loop.jpg").symlink_to("loop.jpg")
    with pytest.raises(ImageError) as caught:
        find_images([entry])
    assert f": {problem}" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "\x1b" not in str(caught.value)


def test_long_patterns_are_patterns(tree):
    pattern = "p/img" + "[0-9]" * 60 + "*.jpg"
    with pytest.raises(ImageError, match="no image matches this pattern"):
        find_images([pattern])


def test_names_of_folders_in_problems_are_printable(tree):
    touch("bad\nname/a.cr2", "bad\nname/b.jpg")
    with pytest.raises(ImageError, match=r"^bad\\nname: 1 file"):
        find_images(["bad\nname"])


def test_numbers_of_many_digits_are_sorted(tree):
    long = "9" * 200
    touch(f"many/{long}.jpg", f"many/1{long}.jpg", "many/2.jpg")
    assert names(find_images(["many"])) == ["many/2.jpg", f"many/{long}.jpg", f"many/1{long}.jpg"]


@pytest.mark.parametrize("inputs", [None, 7, 1.5, object(), "a.jpg", b"a.jpg", Path("a.jpg")])
def test_what_is_no_list_of_paths_is_named(inputs):
    with pytest.raises(TypeError, match="inputs must be a list of paths, got"):
        find_images(inputs)
