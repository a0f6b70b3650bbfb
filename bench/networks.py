"""What the networks at hand reach: the table of the README.

    python -m bench.networks --write
    python -m bench.networks --write --costs

measures COCO's AP on the photographs of coco-mini, of detectors for boxes of people and of pose
networks for keypoints in annotated boxes, as `rmpe models bench` does; of those that have COCO's
keypoints and whose files are in ../shared, or wherever RMPE_MODELS and RMPE_DATA say. It writes
``results/networks.json``, and the table. With ``--costs``, time and memory are measured, too, on
one thread: on a machine that does nothing else. Without it, those that were measured before stay.
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
from rmpe.network_bench import measure_accuracy, measure_network
from rmpe.skeletons import COCO_17

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "networks.json"
README = ROOT / "README.md"
TABLE = re.compile(r"(<!-- table: networks -->\n)(.*?)(<!-- end -->)", re.DOTALL)
MODELS = os.environ.get("RMPE_MODELS", str(ROOT.parent / "shared" / "models"))
DATA = Path(os.environ.get("RMPE_DATA", str(ROOT.parent / "shared" / "data")))

# What was measured of a network, by name: its AP, and what it costs, as the columns say.
Row = dict[str, float]
_COSTS = {"milliseconds": "ms an item", "megabytes": "MB of memory"}


def networks() -> list[DetectorCard | PoseCard]:
    """Choose those that can be measured here."""
    return [
        card
        for card in known_cards().values()
        if (isinstance(card, DetectorCard) or card.skeleton == COCO_17)
        and describe(card, MODELS)["present"]
    ]


def measure(name: str, costs: bool) -> Row:
    """Measure one of them."""
    folder = DATA / "coco-mini"
    data = (folder / "person_keypoints.json", folder / "images")
    if not costs:
        found = measure_accuracy(name, MODELS, *data)
        assert found is not None, "it has COCO's keypoints"
        return {"ap": round(found, 3)}
    measured = measure_network(name, MODELS, data=data, threads=1)
    assert measured.ap is not None, "it has COCO's keypoints"
    return {
        "ap": round(measured.ap, 3),
        "milliseconds": round(measured.milliseconds, 1),
        "megabytes": round(measured.memory_bytes / 1e6),
    }


def table(found: dict[str, Row]) -> str:
    """Write a row for each network that was measured; costs, where those of all were."""
    cards = known_cards()
    costs = all(_COSTS.keys() <= row.keys() for row in found.values())
    heads = ["network", "finds", "input", "license", "AP", *(_COSTS.values() if costs else ())]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * 4}{'---:|' * (len(heads) - 4)}"]
    for name, row in found.items():
        card = cards[name]
        finds = f"`{card.skeleton.name}`" if isinstance(card, PoseCard) else "boxes"
        height, width = card.input.size
        cells = [f"`{name}`", finds, f"{height}x{width}", card.license]
        cells.append(f"{row['ap']:.3f}".removeprefix("0"))
        if costs:
            cells += [f"{row['milliseconds']:.1f}", f"{row['megabytes']:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="the results, and README's table")
    parser.add_argument("--costs", action="store_true", help="measure time and memory, too")
    arguments = parser.parse_args()
    before: dict[str, Row] = json.loads(RESULTS.read_text())
    found = {
        card.name: before.get(card.name, {}) | measure(card.name, arguments.costs)
        for card in networks()
    }
    print(table(found))
    if arguments.write:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
        text = README.read_text()
        README.write_text(TABLE.sub(lambda at: f"{at[1]}\n{table(found)}\n\n{at[3]}", text))


if __name__ == "__main__":
    main()
