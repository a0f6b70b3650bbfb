"""The table of what networks reach."""

import json

from bench.networks import README, RESULTS, TABLE, networks, table
from rmpe.models.read import known_cards


def test_the_readme_says_what_was_measured_and_what_the_cards_say():
    found = json.loads(RESULTS.read_text())
    assert found.keys() <= known_cards().keys()
    assert TABLE.search(README.read_text())[2].strip() == table(found), (
        "run: python -m bench.networks --write"
    )


def test_time_and_memory_are_in_the_table_once_they_were_measured_of_all():
    found = json.loads(RESULTS.read_text())
    bare = {name: {"ap": row["ap"]} for name, row in found.items()}
    assert "memory" not in table(bare)
    costly = {name: {**row, "milliseconds": 12.34, "megabytes": 56} for name, row in bare.items()}
    head, line, *rows = table(costly).splitlines()
    assert head.endswith("| AP | ms an item | MB of memory |") and line.endswith("|---:|---:|---:|")
    assert all(row.endswith(" | 12.3 | 56 |") for row in rows)
    first = next(iter(bare))
    assert "memory" not in table({**costly, first: bare[first]})


def test_every_network_that_is_at_hand_is_in_it(models_dir, data_dir):
    assert [card.name for card in networks()] == list(json.loads(RESULTS.read_text()))
