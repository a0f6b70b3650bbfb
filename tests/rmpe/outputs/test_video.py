"""Videos that are written: what cannot be in one."""

import io
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

av = pytest.importorskip("av")

from rmpe.outputs.video import Look, VideoWriter  # noqa: E402

FRAME = np.random.default_rng(0).integers(0, 255, (32, 48, 3), np.uint8)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"suffix": ".gif"},
            ValueError,
            "suffix must be one of .mp4, .m4v, .mov, .mkv, got '.gif'",
        ),
        ({"suffix": None}, ValueError, "suffix must be one of .*, got None"),
        ({"size": 5}, TypeError, r"size must be \(height, width\), got 5"),
        ({"size": (0, 8)}, ValueError, "each side of size must be at least 1, got 0"),
        ({"size": (2**40, 8)}, ValueError, "each side of size must be at most 16384, got"),
        ({"size": (8.0, 8)}, TypeError, "each side of size must be a whole number, got 8.0"),
        ({"unit": 0.04}, ValueError, "unit must be a Fraction.* got 0.04"),
        ({"look": 1}, TypeError, "look must be a Look, got 1"),
        ({"rate": Fraction(-25)}, ValueError, "rate must be a Fraction.* got"),
    ],
)
def test_wrong_videos_are_named(changes, error, message):
    good = {"suffix": ".mp4", "size": (32, 48), "unit": Fraction(1, 25)}
    with pytest.raises(error, match=message):
        VideoWriter(io.BytesIO(), **{**good, **changes})


@pytest.mark.parametrize(
    ("image", "stamp", "error", "message"),
    [
        (None, 1, TypeError, "image must be a ndarray, got None"),
        (FRAME * 1.0, 1, ValueError, r"image must be \(H, W, 3\) uint8, got .* float64"),
        (FRAME[:8], 1, ValueError, r"image must be \(32, 48\), as the video, got \(8, 48\)"),
        (FRAME, 0, ValueError, r"stamp must be later than that of the frame before \(0\)"),
        (FRAME, 2**70, ValueError, r"stamp must be .* within 2\^62, got"),
        (FRAME, 1.5, TypeError, "stamp must be a whole number, got 1.5"),
    ],
)
def test_wrong_frames_are_named_and_the_video_goes_on(image, stamp, error, message):
    file = io.BytesIO()
    writer = VideoWriter(file, ".mkv", (32, 48), Fraction(1, 25))
    writer.write(FRAME[:, ::-1], 0)
    with pytest.raises(error, match=message):
        writer.write(image, stamp)
    writer.write(FRAME, 2)
    writer.finish()
    file.seek(0)
    with av.open(file) as video:
        assert len(list(video.decode(video=0))) == 2


@pytest.mark.parametrize("matrix", [1, 2, 5, 6, 7, 9])
def test_colors_are_those_that_the_file_says(matrix):
    color = np.full((32, 48, 3), (200, 30, 60), np.uint8)
    file = io.BytesIO()
    writer = VideoWriter(file, ".mkv", (32, 48), Fraction(1, 25), look=Look(matrix=matrix))
    writer.write(color, 0)
    writer.finish()
    file.seek(0)
    with av.open(file) as video:
        (frame,) = video.decode(video=0)
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - color).max() <= 4


def test_pixels_of_a_turned_video_are_turned():
    colors = SimpleNamespace(colorspace=0, color_primaries=1, color_trc=13)
    source = SimpleNamespace(sample_aspect_ratio=Fraction(4, 3), codec_context=colors)
    assert Look.of(source) == Look(Fraction(4, 3), 2, 1, 13)
    assert Look.of(source, turned=True).pixel_aspect == Fraction(3, 4)
    source.sample_aspect_ratio = Fraction(0)
    assert Look.of(source, turned=True).pixel_aspect is None
