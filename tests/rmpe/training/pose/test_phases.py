"""The phases of the paper, as the configuration of the package has them."""

import json
import re
from pathlib import Path

from rmpe import training
from rmpe.cli import main
from rmpe.training.checkpoint import read_checkpoint

from ..material import draw_people, equal

CONFIGS = Path(training.__file__).parent / "configs"


def test_the_papers_four_phases_are_one_run_also_when_interrupted(tmp_path):
    data = draw_people(tmp_path / "data", 5)
    text = (CONFIGS / "rmpe_phases.toml").read_text()
    for old, new in (
        (r'"(coco-people|human-boxes)/\w+\.json"', '"people.json"'),
        (r'"(coco-people|human-boxes)/images"', '"images"'),
        (r"(stem|width_\d+) = \d+", r"\1 = 8"),
        (r"batch_size = \d+", 'batch_size = 4\nprecision = "float32"\nlog_every = 1'),
        (r"samples = [\d_]+", "samples = 8"),
        (r"size = \[192, 128\]", "size = [64, 64]"),
    ):
        text, count = re.subn(old, new, text)
        assert count
    (tmp_path / "phases.toml").write_text(text)
    arguments = ["train", str(tmp_path / "phases.toml"), "--data", str(data), "--cache",
                 str(tmp_path / "cache"), "--out"]  # fmt: skip
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    assert main([*arguments, whole]) == 0
    states = []
    # In the second phase, where the third begins, in it, and where it has ended.
    for samples in ("12", "16", "20", "24", "32"):
        resume = ["--resume"] if states else []
        assert main([*arguments, broken, "--samples", samples, *resume]) == 0
        states.append(read_checkpoint(tmp_path / "broken/checkpoint.pt"))
    assert equal(states[-1], read_checkpoint(tmp_path / "whole/checkpoint.pt"))
    lines = [json.loads(line) for line in (tmp_path / "whole/log.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    assert [line["rate"] for line in steps] == [2.5e-4] * 2 + [5e-5] * 4 + [1e-5] * 2
    assert ["parallel" in line for line in steps] == [False] * 4 + [True] * 4
    # The branch is the pose network of before the third phase, to the end.
    networks = [state["network"] for state in states]
    before, end = networks[1], networks[-1]
    frozen = [name for name in end if name.startswith("parallel.")]
    assert frozen and all(equal(end[k], before[k.replace("parallel.", "sppe.")]) for k in frozen)
    theta = "transformer.localization.regress.3.weight"
    assert equal(networks[0][theta], before[theta]) and not equal(before[theta], end[theta])
