"""Reading configurations: what is refused, and in which words."""

from pathlib import Path

import pytest

import rmpe.training
from rmpe.training.config import ConfigError
from rmpe.training.read import parse_config

from .material import CONFIG

SHIPPED = sorted((Path(rmpe.training.__file__).parent / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_configurations_are_read(path):
    config = parse_config(path.read_text(), path.name)
    assert len({phase.name for phase in config.phase}) == len(config.phase) > 0


def test_values_have_the_types_of_their_fields_and_defaults_fill_the_rest():
    config = parse_config(CONFIG)
    assert config.phase[0].size == (64, 64) and isinstance(config.phase[0].samples, int)
    assert config.source[0].weight == 1.0 and config.optimizer.kind == "adamw"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("batch_size = 4", "batchsize = 4", "batchsize is not a known key; known are task, network"),
        ('task = "pose"', 'task = "poses"', "task must be one of pose, detector, got 'poses'"),
        ('[validation]', '[validation]\nevery = 3', "validation.every is not a known key"),
        ("[validation]", "[validation]\ndecode = 3", "validation.decode must be text, got 3"),
        ("batch_size = 4", "batch_size = 4.0", "batch_size must be a whole number, got 4.0"),
        ("batch_size = 4", "batch_size = true", "batch_size must be a whole number, got True"),
        ("batch_size = 4", "batch_size = 0", "batch_size must be above 0, got 0"),
        ("rate = 1e-3", "rate = nan", r"phase\[0\].rate must be a number, got nan"),
        ("rate = 1e-3", "rate = -1", r"phase\[0\].rate must be above 0, got -1"),
        ("size = [64, 64]", "size = [64]", r"phase\[0\].size must be a list of 2, got \[64\]"),
        ("size = [64, 64]", "size = [64, 0]", r"phase\[0\].size\[1\] must be above 0"),
        ("size = [64, 64]", "", r"phase\[0\].size is missing"),
        ('"float32"', '"float16"', "precision must be one of bfloat16, float32, got 'float16'"),
        ('"basic_hourglass"', '"ssd300_vgg16"', "network.architecture must be one of basic_hour.* got 'ssd300_vgg16'"),
        ("stem = 8, ", "", "network.parameters of basic_hourglass must be stacks, stem, .* got"),
        ("stem = 8", "stem = 9999", "network.parameters.stem must be 1 to 512, got 9999"),
        ("warmup = 8", "warmup = 40", "phase only: warmup must be below its samples"),
        ("warmup = 8", "end_rate = 1e-4", "end_rate has no meaning with the curve constant"),
        ("[validation]", "validation]", "not a TOML file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(before, after, message):
    assert before in CONFIG
    with pytest.raises(ConfigError, match=f"^pose.toml: .*{message}"):
        parse_config(CONFIG.replace(before, after, 1), "pose.toml")


def test_phases_of_one_name():
    phase = CONFIG[CONFIG.index("[[phase]]") :]
    with pytest.raises(ConfigError, match="phases must have distinct names, got 'only' twice"):
        parse_config(CONFIG + phase)
