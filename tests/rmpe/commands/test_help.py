"""What --help says is what the code does."""

import re

import pytest

from rmpe import cli
from rmpe.inputs.suffixes import VIDEO_SUFFIXES
from rmpe.outputs.video import CONTAINERS


@pytest.mark.parametrize(("command", "ends"), [("infer", VIDEO_SUFFIXES), ("draw", CONTAINERS)])
def test_how_the_names_of_videos_end(capsys, command, ends):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert set(ends) <= set(re.findall(r"(?<!\S)\.\w+\b", capsys.readouterr().out))
