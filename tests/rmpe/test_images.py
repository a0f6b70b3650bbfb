"""Finding and reading photographs."""

import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rmpe import images
from rmpe.images import ImageError, find_images, read_batches, read_image, read_images


@pytest.fixture
def pixels():
    """A picture whose corners all differ: smooth, so that JPEG keeps it."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([4 * x, 6 * y, 255 - 2 * x - 3 * y], -1).astype(np.uint8)


def save(pixels, path, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm"])
def test_lossless_formats_give_the_pixels(tmp_path, pixels, suffix):
    image = read_image(save(pixels, tmp_path / f"image{suffix}"))
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.flags.writeable
    np.testing.assert_array_equal(image, pixels)


def test_jpeg_equals_opencv_bit_for_bit(data_dir):
    for path in find_images([data_dir / "coco-mini" / "images"])[:8]:
        expected = cv2.imread(str(path), cv2.IMREAD_COLOR)[:, :, ::-1]
        np.testing.assert_array_equal(read_image(path), expected)


def test_contents_decide_not_the_name(tmp_path, pixels):
    save(pixels, tmp_path / "image.png").rename(tmp_path / "image.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "image.jpg"), pixels)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda a: np.rot90(a)),
    ],
)
def test_exif_orientation_is_applied(tmp_path, pixels, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for suffix in (".jpg", ".png"):
        plain = read_image(save(pixels, tmp_path / f"plain{suffix}"))
        path = save(pixels, tmp_path / f"turned{suffix}", exif=exif)
        np.testing.assert_array_equal(read_image(path), upright(plain))


def test_damaged_exif_leaves_the_pixels_as_stored(tmp_path, pixels):
    plain = read_image(save(pixels, tmp_path / "plain.jpg"))
    path = save(pixels, tmp_path / "image.jpg", exif=b"Exif\x00\x00XX*\x00\xff\xff\xff\xff junk")
    np.testing.assert_array_equal(read_image(path), plain)


def test_grey_becomes_rgb(tmp_path, pixels):
    image = read_image(save(pixels[:, :, 0], tmp_path / "grey.png"))
    np.testing.assert_array_equal(image, np.repeat(pixels[:, :, :1], 3, axis=2))


def test_palette_becomes_rgb(tmp_path):
    picture = Image.new("P", (3, 2), 1)
    picture.putpalette([0, 0, 0, 10, 200, 30])
    picture.save(tmp_path / "palette.png")
    np.testing.assert_array_equal(
        read_image(tmp_path / "palette.png"), np.full((2, 3, 3), (10, 200, 30))
    )


def test_bilevel_becomes_black_and_white(tmp_path):
    Image.new("1", (3, 2), 1).save(tmp_path / "fax.tiff")
    np.testing.assert_array_equal(read_image(tmp_path / "fax.tiff"), np.full((2, 3, 3), 255))


def test_transparency_is_composited_over_white(tmp_path):
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    image = read_image(save(rgba, tmp_path / "alpha.png"))
    np.testing.assert_array_equal(image, [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]])


def test_transparent_palette_entry_is_white(tmp_path):
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([9, 9, 9, 10, 200, 30])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "image.gif", transparency=0)
    np.testing.assert_array_equal(
        read_image(tmp_path / "image.gif"), [[[255, 255, 255], [10, 200, 30]]]
    )


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, shape, suffix):
    values = np.linspace(0, 65535, num=int(np.prod(shape))).astype(np.uint16).reshape(shape)
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), values)
    expected = values >> 8
    expected = expected[:, :, ::-1] if expected.ndim == 3 else expected[:, :, None].repeat(3, 2)
    np.testing.assert_array_equal(read_image(path), expected)


def test_cmyk_is_converted(tmp_path):
    Image.new("CMYK", (3, 2), (0, 255, 255, 0)).save(tmp_path / "print.tiff")
    np.testing.assert_array_equal(
        read_image(tmp_path / "print.tiff"), np.full((2, 3, 3), (255, 0, 0))
    )


def test_one_pixel(tmp_path):
    image = read_image(save(np.full((1, 1, 3), 7, np.uint8), tmp_path / "dot.png"))
    np.testing.assert_array_equal(image, [[[7, 7, 7]]])


def test_animation_gives_its_first_picture(tmp_path):
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "image.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(
        read_image(tmp_path / "image.gif"), np.full((3, 4, 3), (255, 0, 0))
    )


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.97])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_truncated_jpeg_is_an_error(tmp_path, kept, options):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    path = save(noise, tmp_path / "cut.jpg", **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(ImageError, match="cut.jpg: cannot be read: .*truncated"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tiff", ".bmp", ".webp", ".ppm"])
def test_truncated_files_of_other_formats_are_errors(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    path = save(noise, tmp_path / f"cut{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(ImageError, match=f"cut{suffix}: "):
        read_image(path)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::RuntimeWarning:PIL")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".tiff", ".bmp", ".webp"])
def test_damaged_files_give_an_image_or_an_image_error(tmp_path, suffix):
    random = np.random.default_rng(0)
    whole = save(random.integers(0, 256, (24, 24, 3), np.uint8), tmp_path / f"a{suffix}")
    contents = np.frombuffer(whole.read_bytes(), np.uint8)
    for _ in range(150):
        damaged = contents.copy()
        damaged[random.integers(0, len(damaged), 6)] = random.integers(0, 256, 6)
        whole.write_bytes(damaged.tobytes())
        try:
            image = read_image(whole)
        except ImageError as error:
            assert str(whole) in str(error)
        else:
            assert image.shape[2] == 3


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match="gone.jpg: no such file"):
        read_image(tmp_path / "gone.jpg")


def test_folder_is_not_an_image(tmp_path):
    with pytest.raises(ImageError, match="is a folder, not an image"):
        read_image(tmp_path)


def test_link_that_leads_nowhere(tmp_path):
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    with pytest.raises(ImageError, match="link.jpg: no such file: a link to gone.jpg"):
        read_image(tmp_path / "link.jpg")


def test_link_in_a_circle(tmp_path):
    (tmp_path / "link.jpg").symlink_to("link.jpg")
    with pytest.raises(ImageError, match="link.jpg: cannot be read: Too many levels"):
        read_image(tmp_path / "link.jpg")


def test_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="pipe.jpg: is not a file but a pipe"):
        read_image(tmp_path / "pipe.jpg")
    ((_, outcome),) = read_images([tmp_path / "pipe.jpg"])
    assert isinstance(outcome, ImageError)


def test_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match="empty.jpg: the file is empty"):
        read_image(tmp_path / "empty.jpg")


@pytest.mark.parametrize("contents", [b"Dear diary,\n" * 50, b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_other_file_with_the_name_of_an_image(tmp_path, contents):
    (tmp_path / "notes.jpg").write_bytes(contents)
    with pytest.raises(ImageError, match=r"notes.jpg: not an image, or not of a known type \(JPEG"):
        read_image(tmp_path / "notes.jpg")


def test_floating_point_pixels_are_refused(tmp_path):
    save(np.full((2, 3), 0.5, np.float32), tmp_path / "depth.tiff")
    with pytest.raises(ImageError, match="save it with 8 or 16 bits"):
        read_image(tmp_path / "depth.tiff")


def test_decompression_bomb(tmp_path, monkeypatch):
    path = save(np.zeros((30, 30), np.uint8), tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(ImageError, match="bomb.png: too large: .*900 pixels"):
        read_image(path)


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


def test_reading_ahead_keeps_the_order_and_hands_out_errors(tmp_path):
    paths = []
    for index in range(20):
        path = tmp_path / f"{index}.png"
        if index % 7 == 3:
            path.write_text("not an image")
        else:
            save(np.full((2, 2, 3), index, np.uint8), path)
        paths.append(path)
    read = list(read_images(paths, workers=4, look_ahead=3))
    assert [path for path, _ in read] == paths
    for index, (_, image) in enumerate(read):
        if index % 7 == 3:
            assert isinstance(image, ImageError)
        else:
            assert image[0, 0, 0] == index


def test_reading_ahead_is_bounded(monkeypatch):
    started = []
    monkeypatch.setattr(images, "read_image", lambda path: started.append(path))
    reader = read_images((Path(str(i)) for i in range(100)), workers=2, look_ahead=5)
    for handed_out in range(1, 10):
        next(reader)
        assert len(started) <= handed_out + 5
    reader.close()
    assert len(started) <= 15


@pytest.fixture
def started(monkeypatch):
    """The files whose decoding was begun."""
    begun = []

    def read(path):
        begun.append(path)
        return read_image(path)

    monkeypatch.setattr(images, "read_image", read)
    return begun


@pytest.mark.parametrize(("limit", "ahead"), [(1, 1), (599, 1), (600, 2), (1000, 3), (9999, 5)])
def test_reading_ahead_is_bounded_in_bytes(tmp_path, started, limit, ahead):
    black = np.zeros((10, 10, 3), np.uint8)
    paths = [save(black, tmp_path / f"{i}.png") for i in range(12)]
    reader = read_images(paths, workers=2, look_ahead=5, look_ahead_bytes=limit)
    for handed_out in range(1, 13):
        next(reader)
        assert len(started) <= min(handed_out + ahead, 12)
    assert started == paths


def test_small_images_are_read_ahead_up_to_a_large_one(tmp_path, started):
    sizes = [1, 1, 1, 10, 1, 1]
    paths = [
        save(np.zeros((size, 10, 3), np.uint8), tmp_path / f"{index}.png")
        for index, size in enumerate(sizes)
    ]
    reader = read_images(paths, workers=1, look_ahead=9, look_ahead_bytes=120)
    heights = []
    for _, image in reader:
        heights.append(len(image))
        if len(heights) < 3:
            assert len(started) <= 3
    assert heights == sizes


@pytest.mark.parametrize(
    ("batch_size", "batch_bytes", "batches"),
    [(4, 10**6, [4, 3]), (7, 10**6, [7]), (4, 600, [2, 2, 2, 1]), (4, 700, [3, 3, 1]),
     (4, 1, [1] * 7)],
)  # fmt: skip
def test_batches_are_bounded_in_number_and_bytes(tmp_path, batch_size, batch_bytes, batches):
    black = np.zeros((10, 10, 3), np.uint8)
    paths = [save(black, tmp_path / f"{i}.png") for i in range(7)]
    found = list(read_batches(paths, batch_size=batch_size, batch_bytes=batch_bytes))
    assert [len(batch) for batch in found] == batches
    assert [path for batch in found for path, _ in batch] == paths


def test_batches_hold_errors_too(tmp_path):
    ((first, second),) = read_batches([tmp_path / "a.png", tmp_path / "b.png"], batch_size=3)
    assert isinstance(first[1], ImageError)
    assert isinstance(second[1], ImageError)


def test_abandoned_reader_leaves_no_thread(tmp_path, pixels):
    paths = [save(pixels, tmp_path / f"{i}.png") for i in range(9)]
    reader = read_images(paths, workers=2, look_ahead=4)
    next(reader)
    reader.close()
    for thread in threading.enumerate():
        if thread.name.startswith("rmpe-read"):
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.mark.parametrize("name", ["workers", "look_ahead", "look_ahead_bytes"])
def test_reader_arguments(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        read_images([], **{name: 0})


@pytest.mark.parametrize("name", ["batch_size", "workers", "batch_bytes"])
def test_batch_reader_arguments(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        read_batches([], **{"batch_size": 1, name: 0})
