"""Reading one photograph."""

import os

import cv2
import numpy as np
import pytest
from PIL import Image

from rmpe.inputs.find import find_images
from rmpe.inputs.images import ImageError, read_image
from rmpe.inputs.prefetch import read_images


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
