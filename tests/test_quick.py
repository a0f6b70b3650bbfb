"""The list of the quick tests: each is there, so that none of them is left out by its old name."""

import re
from pathlib import Path

from tests.quick import listed

ROOT = Path(__file__).resolve().parents[1]


def test_every_test_of_the_list_is_there():
    gone = {
        f"{path}::{name}"
        for path, names in listed().items()
        for name in names
        if name and not re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)
    }
    assert gone == set(), "run: make quick-list"
