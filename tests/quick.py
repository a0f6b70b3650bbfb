"""The quick tests: of each test function its first case, and of those the ones that take little.

``make quick`` runs them, for every save: those that ``quick.txt`` lists, and all of a file that it
does not list yet. ``make quick-list`` writes the list anew. It runs the tests of each file until
those that it lists have taken the file's share of time, so that every file, and with it every op
and module, has a test in the list; but for those whose quickest test takes a second, which are
listed without a name. Times are of the processor: other work does not change them.
Files to choose anew may be named: ``python -m tests.quick --list tests/ops/test_crop.py``.
"""

import gc
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

LIST = Path(__file__).with_name("quick.txt")
MOST = 0.2  # seconds of processor time that a test may take
SHARE = 0.12  # of a file, after which its other tests are left out
LONGEST = 1.0  # of the quickest test of a file
PATIENCE = 8.0  # seconds after which a file without a quick test is listed with its quickest


def listed():
    """The names of the quick test functions of each file."""
    names = defaultdict(set)
    for line in LIST.read_text().splitlines():
        path, _, name = line.partition("::")
        names[path].add(name)
    return names


class FirstCases:
    """Of each parametrized function one case."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc):
        parametrize = metafunc.parametrize

        def first(names, values, *arguments, **options):
            ids = options.get("ids")
            if ids is not None and not callable(ids):
                options["ids"] = list(ids)[:1] or None
            options.pop("_param_mark", None)  # which keeps the ids of all cases
            parametrize(names, list(values)[:1], *arguments, **options)

        metafunc.parametrize = first


def file_and_name(item):
    return item.nodeid.partition("::")[0], item.nodeid.partition("::")[2].partition("[")[0]


class Quick(FirstCases):
    """Runs the tests of the list."""

    def pytest_collection_modifyitems(self, config, items):
        names = listed()
        kept, left_out = [], []
        for item in items:
            path, name = file_and_name(item)
            (left_out if path in names and name not in names[path] else kept).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


class Choose(FirstCases):
    """Measures tests, and lists those that are quick."""

    def __init__(self):
        self.tried, self.listed = defaultdict(float), defaultdict(float)
        self.quickest, self.chosen = {}, defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        path, name = file_and_name(item)
        if self.listed[path] > SHARE or self.tried[path] > PATIENCE:
            item.session._setupstate.teardown_exact(nextitem)
            return True  # left out
        self.passed, before = False, sum(os.times()[:4])
        runtestprotocol(item, nextitem=nextitem)
        seconds = sum(os.times()[:4]) - before
        self.tried[path] += seconds
        if self.passed:
            self.quickest[path] = min(self.quickest.get(path, (seconds, name)), (seconds, name))
            if seconds <= MOST:
                self.chosen[path].append(name)
                self.listed[path] += seconds
        return True

    def pytest_runtest_logreport(self, report):
        self.passed |= report.when == "call" and report.passed

    def pytest_sessionfinish(self):
        names = listed()
        for path, (seconds, name) in self.quickest.items():
            names[path] = set(self.chosen[path] or [name if seconds < LONGEST else ""])
        lines = [
            f"{path}::{name}\n"
            for path in sorted(names)
            for name in sorted(names[path])
            if Path(path).exists()
        ]
        LIST.write_text("".join(lines))


if __name__ == "__main__":
    choose = sys.argv[1:2] == ["--list"]
    plugin, paths = (Choose(), sys.argv[2:]) if choose else (Quick(), sys.argv[1:])
    options = ["-q", "-p", "no:doctest", "-p", "no:cacheprovider"]
    options += ["-o", "addopts=", "-o", "doctest_optionflags="]
    gc.disable()  # collecting the tests makes many objects that stay, and is a fifth faster without
    sys.exit(pytest.main([*options, *(paths or ["tests"])], plugins=[plugin]))
