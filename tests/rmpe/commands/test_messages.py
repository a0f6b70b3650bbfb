"""Lines for people: safe to print, and no reason to stop where they cannot be."""

import io
import os
import sys

import pytest

from rmpe.commands._messages import say, say_lines, traceback_lines


def pipe_without_reader():
    reader, writer = os.pipe()
    os.close(reader)
    return open(writer, "w")


def full_disk():
    return open("/dev/full", "w")


@pytest.mark.parametrize("broken", [pipe_without_reader, full_disk])
def test_stream_that_takes_nothing_costs_only_the_message(broken):
    with broken() as stream:
        assert not say_lines(["one", "two"], stream)
        # From then on it leads nowhere: nothing is left to fail when it is closed.
        assert say_lines(["three"], stream)


def test_stream_that_is_closed_or_missing():
    stream = io.StringIO()
    stream.close()
    assert not say_lines(["one"], stream)
    assert not say_lines(["one"], None)


def test_error_stream_is_the_one_of_the_moment(monkeypatch, capsys):
    assert say("hello")
    assert capsys.readouterr().err == "hello\n"
    monkeypatch.setattr(sys, "stderr", None)
    assert not say("hello")
    assert capsys.readouterr() == ("", "")


def test_controls_are_escaped():
    stream = io.StringIO()
    assert say_lines(["a\x1b[2J\nrmpe: error: forged", "b"], stream)
    assert stream.getvalue() == "a\\x1b[2J\\nrmpe: error: forged\nb\n"


def test_traceback_is_lines():
    try:
        raise ValueError("bad \x1b[2J")
    except ValueError as error:
        lines = traceback_lines(error)
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: bad \x1b[2J"
