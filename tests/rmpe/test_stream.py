"""Streams of frames: results in order, identities, and no memory of what is over."""

import gc
import re
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rmpe.inputs.raw import RawVideo
from rmpe.pipeline import PoseEstimator
from rmpe.stream import stream
from rmpe.trackers.parameters import TrackingParameters
from rmpe.trackers.tracker import track

from .fakes import PixelEstimator

RED = np.full((24, 32, 3), (255, 0, 0), np.uint8)


def images(*counts):
    """Frames in which the estimator finds so many people."""
    return (np.full((24, 32, 3), count, np.uint8) for count in counts)


def test_results_frame_by_frame():
    estimator = PixelEstimator()
    results = list(stream(estimator, images(2, 0, 3)))
    assert [len(result) for result in results] == [2, 0, 3]
    assert [result.frame.index for result in results] == [0, 1, 2]
    assert [result.frame.image[0, 0, 0] for result in results] == [2, 0, 3]
    assert estimator.batches == [1, 1, 1]
    assert results[0].plot().shape == (24, 32, 3)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 9])
def test_batches_change_nothing(batch_size):
    estimator = PixelEstimator()
    found = stream(estimator, images(2, 0, 3, 1), batch_size=batch_size)
    expected = stream(PixelEstimator(), images(2, 0, 3, 1))
    for one, other in zip(found, expected, strict=True):
        assert one.keypoints.xy.tolist() == other.keypoints.xy.tolist()
        assert one.frame.index == other.frame.index
    assert max(estimator.batches) == min(batch_size, 4)


def test_identities_are_those_of_the_tracker():
    expected, state = [], None
    for image in images(2, 3, 0, 3):
        state, people = track(state, PixelEstimator()([image]))
        expected.append(people.track_ids.tolist())
    for batch_size in (1, 3):
        results = stream(
            PixelEstimator(), images(2, 3, 0, 3),
            tracking=TrackingParameters(), batch_size=batch_size,
        )  # fmt: skip
        assert [result.track_ids.tolist() for result in results] == expected


def test_a_frame_that_was_left_out_is_time_that_passes(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        "rmpe.trackers.frames.track",
        lambda state, people, parameters, elapsed: told.append(elapsed) or (state, people),
    )
    for number in range(5):
        path = tmp_path / f"{number}.ppm"
        path.write_bytes(b"P6 2 1 255 " + bytes(6) if number not in (1, 2) else b"broken")
    options = {"tracking": TrackingParameters(), "report": lambda line: None}
    assert len(list(stream(PixelEstimator(), tmp_path, **options))) == 3
    assert told == [1.0, 3.0, 1.0]


def test_an_error_of_the_networks_is_raised_at_its_frame():
    results = stream(PixelEstimator(), [*images(1), RED])
    assert len(next(results)) == 1
    with pytest.raises(RuntimeError, match="red is not my color"):
        next(results)


def test_frames_are_taken_when_results_are_asked_for_and_not_kept():
    kept = []

    def camera():
        for image in images(*([1] * 10)):
            kept.append(weakref.ref(image))
            yield image
            del image

    results = stream(PixelEstimator(), camera())
    for number in range(1, 6):
        next(results)
        assert len(kept) == number
    gc.collect()
    assert sum(one() is not None for one in kept) <= 1


def test_memory_does_not_grow():
    def resident():
        gc.collect()
        status = Path("/proc/self/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s*(\d+)", status)[1])

    frames = (np.full((480, 640, 3), number % 4, np.uint8) for number in range(2000))
    results = stream(PixelEstimator(), frames, tracking=TrackingParameters())
    for _ in range(500):
        next(results)
    before = resident()
    assert sum(1 for _ in results) == 1500  # 1.4 GB of frames.
    assert resident() - before < 20 << 20


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": "2"}, TypeError, "batch_size must be a whole number, got '2'"),
        ({"batch_size": 1.5}, TypeError, "batch_size must be a whole number, got 1.5"),
        ({"excerpt": 5}, TypeError, "excerpt must be an Excerpt, got 5"),
        ({"detect_every": 0}, ValueError, "detect_every must be at least 1, got 0"),
        (
            {"detect_every": 2, "batch_size": 2},
            ValueError,
            "batch_size must be 1 where detect_every is above 1, got 2",
        ),
        ({"connection": {}}, TypeError, "connection must be a Connection, got {}"),
        ({"raw": "2x2"}, TypeError, "raw must be a RawVideo, got '2x2'"),
        ({"tracking": True}, TypeError, "tracking must be a TrackingParameters, got True"),
    ],
)
def test_options_that_are_none(options, error, message):
    with pytest.raises(error, match=message):
        stream(PixelEstimator(), [], **options)


class FollowingPixels(PixelEstimator):
    """Finds nobody new while it follows."""

    def follow(self, image, before):
        return replace(before, scores=before.scores / 2)


def test_detection_in_some_frames():
    source = list(images(2, 0, 3, 1, 1, 3, 0))
    results = list(stream(FollowingPixels(), source, detect_every=3))
    assert [len(result) for result in results] == [2, 2, 2, 1, 1, 1, 0]
    assert [float(result.people.scores[0]) for result in results[:6]] == pytest.approx(
        [0.7, 0.35, 0.175] * 2
    )
    assert [len(one) for one in stream(FollowingPixels(), source)] == [2, 0, 3, 1, 1, 3, 0]


def test_an_estimator_that_cannot_follow_is_refused():
    with pytest.raises(TypeError, match="detect_every must be 1 for an estimator without the meth"):
        stream(PixelEstimator(), [], detect_every=2)


def test_a_frame_of_another_size_is_another_scene():
    other = np.full((20, 32, 3), 3, np.uint8)
    found = stream(FollowingPixels(), [*images(2, 1), other, other], detect_every=4)
    assert [len(result) for result in found] == [2, 2, 3, 3]


def test_a_frame_left_out_does_not_move_detection(tmp_path):
    for number in range(6):
        path = tmp_path / f"{number}.ppm"
        pixels = bytes([number % 4]) * (32 * 24 * 3)
        path.write_bytes(b"broken" if number == 3 else b"P6 32 24 255 " + pixels)
    options = {"detect_every": 3, "report": lambda line: None}
    found = {one.frame.index: len(one) for one in stream(FollowingPixels(), tmp_path, **options)}
    assert found == {0: 0, 1: 0, 2: 0, 4: 0, 5: 0}


def test_the_method_of_the_estimator_does_the_same(monkeypatch):
    estimator = PoseEstimator.__new__(PoseEstimator)
    monkeypatch.setattr(PoseEstimator, "__call__", lambda self, images: PixelEstimator()(images))
    results = estimator.stream(
        images(2, 3), tracking=TrackingParameters(), batch_size=2, channels="bgr"
    )
    assert [result.track_ids.tolist() for result in results] == [[1, 2], [1, 2, -1]]


def test_photographs_of_a_folder_are_followed_where_that_is_asked_for(tmp_path):
    for number, count in enumerate((2, 3, 1, 3)):
        pixels = bytes([count]) * (32 * 24 * 3)
        (tmp_path / f"{number}.ppm").write_bytes(b"P6 32 24 255 " + pixels)
    found = stream(FollowingPixels(), tmp_path, detect_every=2)
    assert [len(result) for result in found] == [2, 2, 1, 1]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_video_is_tracked_and_followed_by_itself(tmp_path, monkeypatch, batch_size):
    pytest.importorskip("av")
    from .inputs.test_video import bar, write_video

    class Bars(FollowingPixels):
        def __call__(self, images):
            return super().__call__([np.full_like(image, 1 + bar(image)) for image in images])

    monkeypatch.chdir(tmp_path)
    videos = [write_video("walk.mkv", count=3), write_video("run.mkv", count=2)]
    options = {"tracking": TrackingParameters(), "batch_size": batch_size}
    for source in (videos, iter(videos)):
        results = list(stream(Bars(), source, **options))
        assert [result.track_ids.tolist() for result in results] == [
            [1], [1, -1], [1, 2, -1], [1], [1, -1],
        ]  # fmt: skip
        assert [result.frame.video for result in results] == ["walk.mkv"] * 3 + ["run.mkv"] * 2
    found = stream(Bars(), videos, detect_every=2)
    assert [len(result) for result in found] == [1, 1, 3, 1, 1]
    results = list(stream(Bars(), ["run.mkv"] * 2, **options))
    assert [result.track_ids.tolist() for result in results] == [[1], [1, -1]] * 2


def test_standard_input(tmp_path, monkeypatch):
    (tmp_path / "piped").write_bytes(b"".join(bytes([n]) * (32 * 24 * 3) for n in (2, 0, 3)))
    monkeypatch.setattr("sys.stdin", (tmp_path / "piped").open())
    results = list(stream(PixelEstimator(), "-", raw=RawVideo(32, 24, 25)))
    assert [len(result) for result in results] == [2, 0, 3]
    assert [result.frame.time for result in results] == [0, 0.04, 0.08]
