"""What the networks at hand reach: the table of the README.

    python -m bench.networks --write

measures COCO's AP on the photographs of coco-mini, of detectors for boxes of people and of pose
networks for keypoints in annotated boxes, as `rmpe models bench` does; of those that have COCO's
keypoints and whose files are in ../shared, or wherever RMPE_MODELS and RMPE_DATA say. It writes
``results/networks.json``, and the table.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path

from rmpe.commands._cards import describe
from rmpe.models.card import DetectorCard, PoseCard
from rmpe.models.read import known_cards
from rmpe.network_bench import measure_accuracy
from rmpe.skeletons import COCO_17

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "networks.json"
README = ROOT / "README.md"
TABLE = re.compile(r"(<!-- table: networks -->\n)(.*?)(<!-- end -->)", re.DOTALL)
MODELS = os.environ.get("RMPE_MODELS", str(ROOT.parent / "shared" / "models"))
DATA = Path(os.environ.get("RMPE_DATA", str(ROOT.parent / "shared" / "data")))


def networks() -> list[DetectorCard | PoseCard]:
    """Choose those that can be measured here."""
    return [
        card
        for card in known_cards().values()
        if (isinstance(card, DetectorCard) or card.skeleton == COCO_17)
        and describe(card, MODELS)["present"]
    ]


def measure(name: str) -> float:
    """Measure one of them."""
    folder = DATA / "coco-mini"
    found = measure_accuracy(name, MODELS, folder / "person_keypoints.json", folder / "images")
    assert found is not None, "it has COCO's keypoints"
    return round(found, 3)


def table(found: dict[str, float]) -> str:
    """Write a row for each network that was measured."""
    cards = known_cards()
    lines = ["| network | finds | input | license | AP |", "|---|---|---|---|---:|"]
    for name, value in found.items():
        card = cards[name]
        finds = f"`{card.skeleton.name}`" if isinstance(card, PoseCard) else "boxes"
        height, width = card.input.size
        precision = f"{value:.3f}".removeprefix("0")
        lines.append(f"| `{name}` | {finds} | {height}x{width} | {card.license} | {precision} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="the results, and README's table")
    write = parser.parse_args().write
    found = {card.name: measure(card.name) for card in networks()}
    print(table(found))
    if write:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
        text = README.read_text()
        README.write_text(TABLE.sub(lambda at: f"{at[1]}\n{table(found)}\n\n{at[3]}", text))


if __name__ == "__main__":
    main()
