"""What ``--help`` says: every option, its default, examples that are understood."""

import argparse
import contextlib
import re
import shlex

import pytest

from rmpe.cli import build_parser

# The lines of a help's text but the first: an explanation of a choice.
EXPLANATION = re.compile(r"[\w.-]+: \S")
# In a usage line, that many characters of choices still leave it readable.
LONGEST_CHOICES = 70


def parsers(parser):
    """A parser and all under it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in dict.fromkeys(action.choices.values()):
                yield from parsers(one)


PARSERS = {parser.prog: parser for parser in parsers(build_parser())}
EVERY_PARSER = pytest.mark.parametrize("program", PARSERS)


def options(program):
    parser = PARSERS[program]
    for action in parser._actions:
        if not isinstance(action, (argparse._SubParsersAction, argparse._HelpAction)):
            yield action, parser._get_formatter()._expand_help(action)


@EVERY_PARSER
def test_every_argument_is_explained_with_its_default(program):
    for action, text in options(program):
        assert text, action.dest
        if action.option_strings and action.nargs != 0 and not action.required:
            assert "(default: " in text, action.option_strings


@EVERY_PARSER
def test_lines_break_before_explanations_alone(program):
    """Elsewhere the width of the terminal says where."""
    for action, text in options(program):
        assert all(map(EXPLANATION.match, text.split("\n")[1:])), action.option_strings


@EVERY_PARSER
def test_no_usage_line_is_full_of_choices(program):
    for action, _ in options(program):
        if action.choices and not action.metavar:
            assert len(",".join(map(str, action.choices))) <= LONGEST_CHOICES


@EVERY_PARSER
def test_examples_are_there_and_understood(program, monkeypatch):
    def fail(parser, message):
        raise AssertionError(message)

    monkeypatch.setattr(argparse.ArgumentParser, "error", fail)
    lines = re.sub(r" *\\\n +", " ", PARSERS[program].description).split("\n")
    examples = [line for line in lines if re.match(r"  (torchrun .*-m )?rmpe ", line)]
    assert examples
    for line in examples:
        # Remarks stand after two spaces.
        words = shlex.split(re.split(" {2,}", line.strip())[0])
        with contextlib.suppress(SystemExit):  # of --help
            build_parser().parse_args(words[words.index("rmpe") + 1 :])
