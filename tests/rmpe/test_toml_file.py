"""Values written into TOML files: any text is read back as it was."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rmpe.toml_file import parse_toml, toml_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))  # Halves of pairs are no text.


@given(st.one_of(TEXTS, st.integers(-(2**63), 2**63 - 1), st.lists(TEXTS)))
@example("\x7f")
@example("\x00\n\r\t\x1b[2J")
@example(["\u2028", '"""', "\\", "\N{GRINNING FACE}"])
def test_what_is_written_is_read_back(value):
    assert parse_toml(f"a = {toml_value(value)}\nb = 1", "a.toml") == {"a": value, "b": 1}


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_not_written(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        toml_value(number)
