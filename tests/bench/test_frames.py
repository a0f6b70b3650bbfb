"""The measurement of memory: its frames, its networks, and both ways, with fewer frames."""

import mmap

import pytest

from bench import frames
from rmpe.trackers.parameters import TrackingParameters


def test_memory_counts_from_the_first_frames_on(monkeypatch):
    told = iter([500.0, 510.0, 505.0, 530.0, 520.0])
    monkeypatch.setattr(frames, "resident", lambda: next(told))
    memory = frames.Memory(first=10)
    for done in (9, 1, 5, 5, 0, 0):
        memory.note(done)
    assert (memory.frames, memory.base, memory.most, memory.growth) == (20, 500, 530, 30)
    assert str(memory) == (
        "20 frames; resident after 10: 500.0 MB, most later: 530.0 MB, growth: 30.0 MB"
    )


def test_resident_memory_grows_with_what_is_held():
    before = frames.resident()
    # New pages of the system: an array may lie in memory that the process has freed and kept.
    with mmap.mmap(-1, 60_000_000) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        assert frames.resident() - before > 50


def test_the_figure_is_found_in_every_frame():
    estimator = frames.estimator()
    for number, image in enumerate(frames.frames(90)):
        (box,) = estimator([image]).boxes.tolist()
        x = 5 + abs(number % 80 - 40)
        assert box == [x, 8, x + 12, 44]


@pytest.mark.parametrize("way", ["stream", "infer"])
def test_memory_does_not_grow_with_the_frames(way):
    if way == "infer":
        pytest.importorskip("av")
    memory = frames.Memory(first=300)
    frames.WAYS[way](2000, memory, TrackingParameters())
    assert memory.frames == 2000
    # Some 0.3 KB are kept of each frame of a run; one frame has 9 KB, 2,000 have 18 MB. What the
    # allocator holds differs by 9 MB from run to run.
    assert memory.growth < 14


def test_too_few_frames_are_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench.frames", "--frames", "1000"])
    with pytest.raises(SystemExit):
        frames.main()
    assert "--frames must be above 1000, got 1000" in capsys.readouterr().err


@pytest.mark.parametrize(("grown", "status"), [(49, 0), (50, 1)])
def test_the_exit_status_says_whether_memory_grew(monkeypatch, grown, status):
    def way(count, memory, tracking):
        assert tracking is None
        for number in range(count):
            memory.note()
            told[0] = 100 + grown * (number > 1100)

    told = [100.0]
    monkeypatch.setattr(frames, "resident", lambda: told[0])
    monkeypatch.setitem(frames.WAYS, "stream", way)
    monkeypatch.setattr("sys.argv", ["bench.frames", "stream", "--frames", "1200"])
    assert frames.main() == status
