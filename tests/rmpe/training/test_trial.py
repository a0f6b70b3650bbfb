"""What no network takes is refused before anything is read or trained."""

import pytest

from rmpe.training.config import ConfigError
from rmpe.training.read import parse_config
from rmpe.training.session import load_task
from rmpe.training.trial import check_sizes

from .material import CONFIG
from .test_read import SHIPPED

NETWORK = CONFIG[CONFIG.index("architecture") : CONFIG.index("[[phase]]")]
LATER = '[[phase]]\nname = "later"\nsamples = 9\nsize = [96, 100]\nrate = 1e-4\n'


def network(architecture, parameters):
    return f'architecture = "{architecture}"\nparameters = {{{parameters}}}\n\n'


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_configurations_fit_their_networks(path):
    check_sizes(parse_config(path.read_text(), path.name))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CONFIG + LATER, "phase 'later': .* got 4 of 96x100: .* h and w multiples of 32"),
        (
            CONFIG.replace("[64, 64]", "[32, 32]").replace("batch_size = 4", "batch_size = 1"),
            "batch_size and size must fit the network, got 1 of 32x32: Expected more than 1 value",
        ),
        (
            CONFIG.replace(NETWORK, network("hourglass52", "stacks = 1")),
            "got 4 of 64x64: .* multiples of 128",
        ),
        (
            CONFIG.replace(
                NETWORK, network("stacked_hourglass", "stacks = 1, blocks = 1, features = 3")
            ),
            "network.parameters: features must be even, got 3",
        ),
        (
            CONFIG.replace('"pose"', '"detector"').replace(
                NETWORK, network("ssd300_vgg16", "classes = 21, smallest = 10, second = 20")
            ).replace("[64, 64]", "[300, 300]"),
            "network.parameters.classes must be 2, the background and person, got 21",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        check_sizes(parse_config(config))


def detector(count):
    small = "width_4 = 8, width_8 = 8, width_16 = 8, width_32 = 8, width_64 = 8, neck = 8"
    return (
        CONFIG.replace('"pose"', f'"detector"\nclasses = {[f"kind {i}" for i in range(count)]}')
        .replace(NETWORK, network("small_ssd", small))
        .replace("[64, 64]", "[128, 128]")
    )


def test_as_many_classes_as_a_network_takes():
    check_sizes(parse_config(detector(999)))


def test_more_classes_than_a_network_takes_are_refused():
    with pytest.raises(
        ConfigError, match="classes must be at most 999, which small_ssd .*, got 1000"
    ):
        check_sizes(parse_config(detector(1000)))


def test_it_is_refused_before_the_data_are_read(tmp_path):
    (tmp_path / "pose.toml").write_text(CONFIG + LATER)
    with pytest.raises(ConfigError, match="pose.toml: phase 'later': "):
        load_task(tmp_path / "pose.toml", data=tmp_path / "nowhere", cache=tmp_path / "cache")
    assert [path.name for path in tmp_path.iterdir()] == ["pose.toml"]
