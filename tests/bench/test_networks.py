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


def test_every_network_that_is_at_hand_is_in_it(models_dir, data_dir):
    assert [card.name for card in networks()] == list(json.loads(RESULTS.read_text()))
