"""Photographs that are decoded once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpe.inputs.images import read_image
from rmpe.training import photographs
from rmpe.training.photographs import cache_photographs


@pytest.fixture
def paths(tmp_path):
    random = np.random.default_rng(0)
    found = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for path, size in zip(found, ((20, 30), (41, 17), (60, 90)), strict=True):
        cv2.imwrite(str(path), random.integers(0, 256, (*size, 3), dtype=np.uint8))
    return found


def test_pixels_are_those_of_the_files(paths, tmp_path):
    done = []
    found = cache_photographs(paths, tmp_path / "cache", longest_side=90, progress=done.append)
    for image, path in zip(found.images, paths, strict=True):
        assert np.array_equal(image.numpy(), read_image(path))
    assert done == [1, 1, 1] and found.scales.tolist() == [1, 1, 1] and not found.problems


def test_a_second_call_decodes_nothing(paths, tmp_path, monkeypatch):
    first = cache_photographs(paths, tmp_path / "cache", longest_side=90)
    monkeypatch.setattr(photographs, "read_image", None)
    second = cache_photographs(paths, tmp_path / "cache", longest_side=90)
    assert all(a.equal(b) for a, b in zip(first.images, second.images, strict=True))


def test_a_changed_photograph_is_decoded_anew(paths, tmp_path):
    cache_photographs(paths, tmp_path / "cache", longest_side=90)
    cv2.imwrite(str(paths[0]), np.full((10, 10, 3), 7, np.uint8))
    found = cache_photographs(paths, tmp_path / "cache", longest_side=90)
    assert found.images[0].shape == (10, 10, 3) and (found.images[0] == 7).all()


def test_large_photographs_are_reduced(paths, tmp_path):
    found = cache_photographs(paths, tmp_path / "cache", longest_side=45)
    assert [tuple(image.shape) for image in found.images] == [(20, 30, 3), (41, 17, 3), (30, 45, 3)]
    assert found.scales.tolist() == [1, 1, 0.5]
    wanted = cv2.resize(read_image(paths[2]), (45, 30), interpolation=cv2.INTER_AREA)
    assert np.array_equal(found.images[2].numpy(), wanted)


def test_what_cannot_be_read_is_named_and_empty(paths, tmp_path):
    paths[1].write_bytes(b"no picture")
    found = cache_photographs([*paths, tmp_path / "none.png"], tmp_path / "cache", longest_side=90)
    assert [len(image) for image in found.images] == [20, 0, 60, 0]
    assert len(found.problems) == 2 and "b.png" in found.problems[0]
    assert "none.png: no such file" in found.problems[1]


def test_an_interrupted_call_leaves_nothing_to_be_taken_for_whole(paths, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache_photographs(paths, tmp_path / "cache", longest_side=90, progress=interrupt)
    assert list((tmp_path / "cache").iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from rmpe.training.photographs import cache_photographs
folder = Path(sys.argv[1])
cache_photographs(
    sorted(folder.glob("*.png")), folder / "cache", longest_side=90,
    progress=lambda _: os.kill(os.getpid(), int(sys.argv[2])),
)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_process_left_is_removed_by_the_next_one(paths, tmp_path, number):
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(int(number))]
    assert subprocess.run(command, check=False).returncode == -number
    (left,) = cache.iterdir()
    assert left.name.startswith(".")
    # Another process, at work on this very moment, keeps its own.
    with photographs._new_partial(cache) as other:
        cache_photographs(paths, cache, longest_side=90)
        assert not left.exists() and os.path.exists(other.name)
    assert {path.suffix for path in cache.iterdir()} == {".json", ".pixels", ".partial"}


def one_file(cache, suffix):
    (found,) = cache.glob(f"*{suffix}")
    return found


@pytest.mark.parametrize(
    "damage",
    [
        lambda cache: one_file(cache, ".json").write_text("[]"),
        lambda cache: one_file(cache, ".json").write_bytes(b"[" * 100_000),
        lambda cache: one_file(cache, ".json").write_text('{"sizes": 1}'),
        lambda cache: one_file(cache, ".json").write_text(
            '{"sizes": [[-20, 30], [41, 17], [60, 90]], "scales": [1.0, 1.0, 1.0], "problems": []}'
        ),
        lambda cache: one_file(cache, ".json").write_text(
            '{"sizes": [[20, 30]], "scales": [1.0], "problems": []}'
        ),
        lambda cache: one_file(cache, ".pixels").write_bytes(b"half"),
        lambda cache: one_file(cache, ".pixels").unlink(),
    ],
)
def test_a_damaged_cache_is_made_anew(paths, tmp_path, damage):
    cache = tmp_path / "cache"
    cache_photographs(paths, cache, longest_side=90)
    damage(cache)
    found = cache_photographs(paths, cache, longest_side=90)
    for image, path in zip(found.images, paths, strict=True):
        assert np.array_equal(image.numpy(), read_image(path))
    assert len(list(cache.iterdir())) == 2


def test_file_names_that_are_no_text(paths, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    paths[0].rename(odd)
    found = cache_photographs([odd, *paths[1:]], tmp_path / "cache", longest_side=90)
    assert [image.shape[:2] for image in found.images] == [(20, 30), (41, 17), (60, 90)]
