"""How joints' scores become a person's."""

import pytest

torch = pytest.importorskip("torch")

from bench.person_score import SCORES  # noqa: E402


@pytest.mark.parametrize("name", SCORES)
def test_a_person_without_a_score(name):
    """Nobody's joints were seen at all."""
    scores = torch.tensor([[0.0, 0.0, 0.0], [0.3, 0.3, 0.3]])
    first, second = SCORES[name](scores).tolist()
    assert first == 0 < second <= 0.3 + 1e-6
