"""Reading photographs ahead, one by one and in batches."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rmpe.inputs import prefetch
from rmpe.inputs.images import ImageError, ReadingCost, read_image
from rmpe.inputs.prefetch import read_batches, read_images


def save(pixels, path, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


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
    monkeypatch.setattr(prefetch, "read_image", lambda path: started.append(path))
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

    monkeypatch.setattr(prefetch, "read_image", read)
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


@pytest.fixture
def decoding(monkeypatch):
    """Files being decoded: [now, at the most]; each takes its time."""
    at_once = [0, 0]
    lock = threading.Lock()

    def read(path):
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.02)
        with lock:
            at_once[0] -= 1
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(prefetch, "read_image", read)
    return at_once


@pytest.mark.parametrize(("peak", "most"), [(10, 4), (40, 2), (50, 2), (51, 1), (1000, 1)])
def test_decoders_share_as_much_memory_as_there_is_for_what_they_decode(
    monkeypatch, decoding, peak, most
):
    monkeypatch.setattr(prefetch, "reading_cost", lambda path: ReadingCost(1, peak))
    paths = [Path(str(number)) for number in range(12)]
    read = list(read_images(paths, workers=4, look_ahead=8, look_ahead_bytes=100))
    assert [path for path, _ in read] == paths
    assert decoding[1] == most


def test_a_large_image_is_decoded_alone_and_in_its_turn(monkeypatch, decoding, started):
    monkeypatch.setattr(
        prefetch, "reading_cost", lambda path: ReadingCost(1, 999 if path.name == "5" else 1)
    )
    alone = []

    def read(path):
        started.append(path)
        time.sleep(0.01)
        if path.name == "5":
            alone.append(decoding[0] == 0 and len(started))
            time.sleep(0.05)
            alone.append(len(started))
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(prefetch, "read_image", read)
    paths = [Path(str(number)) for number in range(12)]
    assert len(list(read_images(paths, workers=4, look_ahead=12, look_ahead_bytes=100))) == 12
    assert alone == [6, 6]
