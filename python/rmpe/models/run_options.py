"""How networks run: options that concern those of one runtime, and are refused where none is used.

=============  ===================================================================
``provider``   what computes ONNX files: see :data:`rmpe.networks.providers.PROVIDERS`
``compiled``   whether torch.compile makes code of PyTorch networks
``precision``  what PyTorch networks compute in: see `rmpe.networks.precision`
=============  ===================================================================

What a network is, the ``runtime`` of its card says, also where the card has a graph
(`rmpe.models.graph`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from ..arguments import check_name
from ..errors import ModelError
from ..networks.precision import PRECISIONS, WantedPrecision
from ..networks.providers import check_provider_name
from .card import Card, PoseCard

__all__ = ["RunOptions", "check_run_options", "run_options"]


class RunOptions(TypedDict, total=False):
    """Arguments of :func:`rmpe.load_pose` and :func:`rmpe.load_detector`."""

    provider: str | None
    compiled: bool
    precision: WantedPrecision


def check_run_options(
    cards: Sequence[Card],
    provider: str | None = None,
    compiled: bool = False,
    precision: WantedPrecision = "float32",
) -> None:
    """Make sure that each option that was given changes how one of the networks runs.

    Raises
    ------
    rmpe.ModelError
        Where one changes nothing, or there is no provider of that name.
    ValueError
        Where there is no such precision.
    """
    check_name("precision", precision, PRECISIONS)
    if provider is not None:
        check_provider_name(provider)
        if not any("onnx" in _runtimes(card) for card in cards):
            raise ModelError(
                f"the provider {provider} would do nothing: it computes ONNX files, and "
                f"{_names(cards, 'in PyTorch')}; leave it out, or choose a network that is an ONNX "
                "file"
            )
    for name, given, used in (
        ("torch.compile", compiled, any("pytorch" in _runtimes(card) for card in cards)),
        # A transformer stays in float32: theta needs more than eight bits.
        (
            f"the precision {precision}",
            precision != "float32",
            any(card.runtime == "pytorch" for card in cards),
        ),
    ):
        if given and not used:
            raise ModelError(
                f"{name} would do nothing: it takes PyTorch networks, and "
                f"{_names(cards, 'in ONNX')}; leave it out, or choose a network in PyTorch"
            )


def run_options(
    card: Card,
    provider: str | None = None,
    compiled: bool = False,
    precision: WantedPrecision = "float32",
) -> RunOptions:
    """Choose the options that concern a network; the others are left as they are by default.

    Examples
    --------
    >>> from rmpe import load_card
    >>> run_options(load_card("simplepose_coco17"), provider="cpu", compiled=True)
    {'provider': 'cpu'}
    """
    chosen: RunOptions = {}
    if "onnx" in _runtimes(card):
        chosen["provider"] = provider
    if "pytorch" in _runtimes(card):
        chosen["compiled"] = compiled
    if card.runtime == "pytorch":
        chosen["precision"] = precision
    return chosen


def _runtimes(card: Card) -> set[str]:
    """Name what the networks of a card are in: a transformer always is in PyTorch."""
    behind = isinstance(card, PoseCard) and card.transformer is not None
    return {card.runtime, "pytorch"} if behind else {card.runtime}


def _names(cards: Sequence[Card], where: str) -> str:
    """Say what networks are in."""
    names = list(dict.fromkeys(card.name for card in cards))
    if not names:
        return "none of the networks is loaded from a card here"
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} {where}"
