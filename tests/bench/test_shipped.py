"""The tables that describe the networks of the package."""

import pytest

from bench import shipped
from rmpe.datasets import load_dataset
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE

PAIR = shipped.Pair(DEFAULT_DETECTOR, DEFAULT_POSE)


def test_shares_are_written_short():
    assert [shipped.short(share) for share in (0.4312, 1.0, None)] == [".431", "1.000", "-"]


@pytest.fixture
def few(data_dir, tmp_path, monkeypatch):
    """Two photographs in place of all."""
    folder = data_dir / "coco-people"
    if not folder.is_dir():
        pytest.skip("needs coco-people")
    dataset = load_dataset(folder / "val.json", folder / "images")
    for path in dataset.paths[:2]:
        (tmp_path / path.name).symlink_to(path)
    few = load_dataset(folder / "val.json", tmp_path)
    monkeypatch.setattr(shipped, "_people", lambda: few)
    monkeypatch.setattr(shipped, "_ROUNDS", 1)
    return few


def test_people_are_sorted_by_size_and_by_keypoints(few):
    header, _, *rows = shipped.who_table([PAIR])
    assert f"`{DEFAULT_POSE}`" in header
    counts = [int(row.split("|")[2]) for row in rows]
    labeled = int((few.labeled & ~few.crowd).sum())
    assert sum(counts[:4]) == sum(counts[4:]) == labeled > 0
    shares = [row.split("|")[3].strip() for row in rows]
    assert all(share == "-" or 0 <= float(share) <= 1 for share in shares)
