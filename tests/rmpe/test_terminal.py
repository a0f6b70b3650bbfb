"""Making text safe to print."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe import cli
from rmpe.terminal import printable


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("street.jpg", "street.jpg"),
        ("Zoë, 東京 🧑‍🚀.jpg", "Zoë, 東京 🧑‍🚀.jpg"),
        ("with space and \\ and 'quotes'", "with space and \\ and 'quotes'"),
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("a\nb\rc\td\x0be\x85f", r"a\nb\rc\td\x0be\x85f"),
        ("\x9b2J", r"\x9b2J"),
        ("line\u2028end\u2029", r"line\u2028end\u2029"),
        ("gpj.\u202ephoto", r"gpj.\u202ephoto"),
        ("b\udcf6se", r"b\udcf6se"),
    ],
)
def test_controls_become_escapes_and_other_text_stays(text, printed):
    assert printable(text) == printed


@given(st.text())
def test_printed_text_is_one_line_without_controls(text):
    printed = printable(text)
    assert len(printed.splitlines()) <= 1
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in printed)
    assert printable(printed) == printed


def test_every_control_and_change_of_direction_in_unicode_is_escaped():
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for character in map(chr, range(sys.maxunicode + 1)):
        control = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        if control or unicodedata.bidirectional(character) in directions:
            assert printable(character) != character


FORGED = "\x1b]0;owned\x07\nrmpe infer: error: forged"


@pytest.mark.parametrize("arguments", [[FORGED], ["x.jpg", f"--{FORGED}"], [FORGED + "*"]])
def test_errors_about_names_stay_on_their_line(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    try:
        assert cli.main(["infer", *arguments]) == 2
    except SystemExit as stopped:  # argparse
        assert stopped.code == 2
    error = capsys.readouterr().err
    assert r"\x1b]0;owned\x07\nrmpe infer: error: forged" in error
    assert "\x1b" not in error
    assert "\nrmpe infer: error: forged" not in error
