"""Data sets that several tests read."""

import pytest

from rmpe.datasets import load_dataset


@pytest.fixture(scope="session")
def coco_mini(data_dir):
    folder = data_dir / "coco-mini"
    return load_dataset(folder / "person_keypoints.json", folder / "images")
