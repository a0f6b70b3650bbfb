"""Frames of any source: in order, read ahead a little, left out where they cannot be read."""

import numpy as np
import pytest
import torch

from rmpe.inputs.clip import Excerpt
from rmpe.inputs.frames import read_frames
from rmpe.inputs.images import ImageError

from .encode import encode


def save_image(path, color):
    path.write_bytes(encode(np.full((4, 6, 3), color, np.uint8), "PNG"))


@pytest.fixture
def folder(tmp_path):
    for number in (10, 2, 7):
        save_image(tmp_path / f"{number}.png", number)
    return tmp_path


def grays(frames):
    return [(frame.index, int(np.asarray(frame.image)[0, 0, 0])) for frame in frames]


def test_excerpts_of_photographs_are_refused(folder):
    for source in (folder, []):
        with pytest.raises(ValueError, match="excerpt must be left out: it is for video files"):
            read_frames(source, excerpt=Excerpt(stride=2))


def test_a_folder_in_natural_order(folder):
    frames = list(read_frames(folder))
    assert grays(frames) == [(0, 2), (1, 7), (2, 10)]
    assert [frame.name for frame in frames] == [str(folder / f"{n}.png") for n in (2, 7, 10)]


@pytest.mark.parametrize("as_list", [False, True])
def test_a_file_that_is_broken_is_an_error_or_left_out(folder, as_list):
    (folder / "7.png").write_bytes(b"broken")
    source = [folder / f"{n}.png" for n in (2, 7, 10)] if as_list else folder
    frames = read_frames(source)
    assert next(frames).index == 0
    with pytest.raises(ImageError, match="7.png: not an image"):
        next(frames)
    said = []
    assert grays(read_frames(source, report=said.append)) == [(0, 2), (2, 10)]
    assert len(said) == 1
    assert "7.png: not an image" in said[0]


@pytest.mark.parametrize("make", [np.array, torch.tensor, list, iter])
def test_arrays_one_after_the_other(make):
    images = [np.full((4, 6, 3), gray, np.uint8) for gray in range(3)]
    source = make(images) if make in (list, iter) else make(np.array(images))
    assert grays(read_frames(source)) == [(0, 0), (1, 1), (2, 2)]


def test_one_array():
    assert grays(read_frames(np.full((4, 6, 3), 9, np.uint8))) == [(0, 9)]


def test_bgr_is_turned_and_files_are_not(folder):
    bgr = np.zeros((4, 6, 3), np.uint8)
    bgr[..., 0] = 200
    for image in (bgr, torch.from_numpy(bgr)):
        (frame,) = read_frames([image], channels="bgr")
        assert np.asarray(frame.image)[0, 0].tolist() == [0, 0, 200]
    save_image(folder / "2.png", (200, 0, 0))
    (frame,) = read_frames([folder / "2.png"], channels="bgr")
    assert frame.image[0, 0].tolist() == [200, 0, 0]


def test_only_what_is_asked_for_is_taken():
    taken = []

    def camera():
        for number in range(100):
            taken.append(number)
            yield np.zeros((4, 6, 3), np.uint8)

    frames = read_frames(camera())
    next(frames)
    next(frames)
    assert taken == [0, 1]


def test_sources_that_are_none(tmp_path):
    with pytest.raises(TypeError, match="source must be a path or give one image .* got float"):
        read_frames(7.5)
    with pytest.raises(ValueError, match="channels must be one of rgb, bgr, got 'gbr'"):
        read_frames([], channels="gbr")
    with pytest.raises(ImageError, match="no such file"):
        read_frames(tmp_path / "gone")
