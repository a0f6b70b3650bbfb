"""What a run computes in, and where it says so."""

import json
from dataclasses import replace

import pytest
import torch

from rmpe.cli import main
from rmpe.networks import precision
from rmpe.networks.precision import choose_precision
from rmpe.training.run import Run, take_step
from rmpe.training.schedule import Schedule

from .material import CONFIG

AUTO = CONFIG.replace('"float32"', '"auto"')


@pytest.fixture
def processor(monkeypatch):
    """Replace what this processor can do."""

    def become(**capabilities):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda: {"avx2": True, **capabilities}, raising=False
        )

    return become


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [
        ({}, "float32"),
        ({"avx512_f": True, "avx512_bf16": False}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"architecture": "aarch64", "bf16": True}, "bfloat16"),
    ],
)
def test_auto_is_what_the_processor_has_instructions_for(processor, capabilities, chosen):
    processor(**capabilities)
    assert choose_precision("auto") == chosen
    assert choose_precision("bfloat16") == "bfloat16" and choose_precision("float32") == "float32"


def test_a_torch_that_cannot_say_gets_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not precision.computes_bfloat16()


@pytest.mark.parametrize("wanted", ["bfloat16", "float32"])
def test_convolutions_are_computed_in_it_and_weights_stay_float32(task, wanted):
    run = Run(replace(task.config, precision=wanted), "text", task.network())
    seen = set()
    run.network.stem[0][0].register_forward_hook(lambda layer, i, output: seen.add(output.dtype))
    batch = task.batches(Schedule(task.config.phase, 4), 0, 1)(0)
    take_step(run, task, run.network, batch, 1e-3)
    assert seen == {getattr(torch, wanted)}
    assert {p.dtype for p in run.network.parameters()} == {torch.float32}


def test_a_run_says_it_and_keeps_it_on_another_processor(processor, drawn, tmp_path, capsys):
    (tmp_path / "config.toml").write_text(AUTO)
    command = [
        "train", str(tmp_path / "config.toml"), "--data", str(drawn),
        "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    processor(avx512_bf16=True)
    assert main([*command, "--dry-run"]) == 0
    assert main([*command, "--samples", "4"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed.count("precision: bfloat16") == 2
    processor()
    assert main([*command, "--resume", "--samples", "8"]) == 0
    assert (
        "precision: bfloat16, as the run began; on this processor it would be float32"
        in capsys.readouterr().out
    )
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [line.get("precision") for line in lines] == ["bfloat16", *[None] * (len(lines) - 1)]
    state = torch.load(tmp_path / "run/checkpoint.pt", weights_only=True)
    assert (state["precision"], state["step"]) == ("bfloat16", 2)
