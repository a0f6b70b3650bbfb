import pytest

from rmpe.training.pose.people import load_people
from rmpe.training.pose.task import PoseTask
from rmpe.training.read import parse_config

from .material import CONFIG, draw_people


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder of six drawn people, which no test changes."""
    return draw_people(tmp_path_factory.mktemp("drawn"), 6)


@pytest.fixture(scope="session")
def people(drawn, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return load_people(drawn / "people.json", drawn / "images", cache, longest_side=640)


@pytest.fixture
def config():
    return parse_config(CONFIG)


@pytest.fixture
def task(config, drawn, tmp_path):
    return PoseTask(config, data=drawn, cache=tmp_path / "cache", folder=tmp_path)
