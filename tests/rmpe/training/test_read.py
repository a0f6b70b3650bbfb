"""Reading configurations: what is refused, and in which words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rmpe.training
from rmpe.training.config import ConfigError
from rmpe.training.read import parse_config

from ...fuzz import fuzz
from ..mutation import damaged
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
        ("[validation]", "[validation]\ndecode = 3", "validation.decode must be one of hrnet, .*, got 3"),
        ("batch_size = 4", "batch_size = 4.0", "batch_size must be a whole number, got 4.0"),
        ("batch_size = 4", "batch_size = true", "batch_size must be a whole number, got True"),
        ("batch_size = 4", "batch_size = 0", "batch_size must be 1 to 65536, got 0"),
        ("rate = 1e-3", "rate = nan", r"phase\[0\].rate must be a number, got nan"),
        ("rate = 1e-3", "rate = -1", r"phase\[0\].rate must be 1e-09 to 1e[+]09, got -1"),
        ("size = [64, 64]", "size = [64]", r"phase\[0\].size must be a list of 2, got \[64\]"),
        ("size = [64, 64]", "size = [64, 0]", r"phase\[0\].size\[1\] must be 1 to 2048, got 0"),
        ("size = [64, 64]", "", r"phase\[0\].size is missing"),
        ('"float32"', '"float16"', "precision must be one of auto, bfloat16, float32, got 'float16'"),
        ('"basic_hourglass"', '"ssd300_vgg16"', "network.architecture must be one of basic_hour.* got 'ssd300_vgg16'"),
        ("stem = 8, ", "", "network.parameters of basic_hourglass must be stacks, stem, .* got"),
        ("stem = 8", "stem = 9999", "network.parameters.stem must be 1 to 512, got 9999"),
        ("warmup = 8", "warmup = 40", "phase only: warmup must be below its samples"),
        ("warmup = 8", "end_rate = 1e-4", "end_rate has no meaning with the curve constant"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(before, after, message):
    assert before in CONFIG
    with pytest.raises(ConfigError, match=f"^pose.toml: .*{message}"):
        parse_config(CONFIG.replace(before, after, 1), "pose.toml")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[validation]", "validation]", "pose.toml is not valid TOML: "),
        ('task = "pose"', "task = " + "[" * 3000, "pose.toml is nested too deeply"),
        ("= 4", "= " + "9" * 5000, "pose.toml is not valid TOML: Exceeds the limit"),
        ("= 4", "= " + "9" * 4000, "pose.toml: batch_size must be 1 to 65536, got 9+[.]{3}9+$"),
        ("= 4", "= 0x" + "f" * 9000, "batch_size must be 1 to 65536, got a number of thousands of"),
        ("= 1e-3", "= " + "9" * 400, r"phase\[0\].rate must be a number, got 9+[.]{3}9+$"),
        ("= 40", "= " + "9" * 30, r"phase\[0\].samples must be 1 to 1000000000000, got"),
        ("= [64, 64]", "= [4096, 64]", r"phase\[0\].size\[0\] must be 1 to 2048, got 4096"),
        ("batch_size", "seed = 9223372036854775808\nbatch_size", "seed must be 0 to 9223372036854775807"),
        ("[network]", "[input]\nstd = [1e-300, 1, 1]\n[network]", r"input.std\[0\] must be 1e-09 to"),
        ("[network]", "[input]\nmean = [1e300, 1, 1]\n[network]", r"input.mean\[0\] must be -1e"),
        ("[network]", "[input]\npadding = 11\n[network]", "input.padding must be 0 to 10, got 11"),
        ("[network]", "[augmentation]\nscale = 1e300\n[network]", "augmentation.scale must be 0 to 10"),
        ("[network]", "[transformer]\nzoom = 200\n[network]", "transformer.zoom must be 1 to 100"),
        ("[network]", '["a\\u001b"]\n[network]', r"'a\\x1b' is not a known key"),
    ],
)  # fmt: skip
def test_what_would_fail_later_or_reach_the_terminal_is_refused(before, after, message):
    assert before in CONFIG
    with pytest.raises(ConfigError, match=message) as caught:
        parse_config(CONFIG.replace(before, after, 1), "pose.toml")
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("9" * 5000),
    lambda values: st.lists(values, max_size=3),
    max_leaves=5,
)


@fuzz(100)
@given(st.sampled_from([*SHIPPED, CONFIG]), st.integers(0, 60), VALUES.map(json.dumps))
def test_any_value_in_any_place_gives_a_configuration_or_a_config_error(source, line, value):
    lines = (source if isinstance(source, str) else source.read_text()).splitlines()
    position = line % len(lines)
    key, equals, _ = lines[position].partition(" = ")
    if equals:
        lines[position] = key + equals + value
    try:
        parse_config("\n".join(lines))
    except ConfigError:
        pass


@fuzz(300)
@given(damaged(CONFIG.encode()))
def test_damaged_text_gives_a_configuration_or_a_config_error(content):
    try:
        parse_config(content.decode(errors="replace"))
    except ConfigError:
        pass


def test_phases_of_one_name():
    phase = CONFIG[CONFIG.index("[[phase]]") :]
    with pytest.raises(ConfigError, match="phases must have distinct names, got 'only' twice"):
        parse_config(CONFIG + phase)
