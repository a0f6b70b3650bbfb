"""The experiment on the transformer: that it compares like with like, and measures windows."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bench.stn import __main__ as experiment
from bench.stn import gradient, interpolation, windows
from bench.stn.measure import HeldOut, box_matrices
from bench.stn.table import print_tables
from rmpe.method.modes import STN
from rmpe.method.theta import between, compose
from rmpe.training.pose.task import PoseTask
from rmpe.training.read import parse_config
from tests.rmpe.training.material import draw_people

CONFIGS = {
    name: parse_config((experiment.HERE / f"{name}.toml").read_text())
    for name in ("sppe", *experiment.VARIANTS)
}


def test_the_variants_differ_in_the_transformer_alone():
    plain, transformer = (CONFIGS[name] for name in experiment.VARIANTS)
    (phase,) = transformer.phase
    assert phase.transformer and transformer.transformer.parallel
    assert plain == replace(
        transformer, transformer=None, phase=(replace(phase, transformer=False),)
    )
    assert CONFIGS["sppe"] == replace(plain, phase=CONFIGS["sppe"].phase)


@pytest.fixture
def held_out(tmp_path):
    folder = draw_people(tmp_path / "coco-people", 6)
    (folder / "people.json").rename(folder / "val.json")
    return HeldOut(tmp_path)


def few(tmp_path):
    """The task of the transformer, on the drawn people."""
    config = CONFIGS["transformer"]
    source = replace(config.source[0], annotations="coco-people/val.json")
    validation = replace(config.validation, annotations=source.annotations)
    config = replace(config, source=(source,), validation=validation, batch_size=4)
    return PoseTask(config, data=tmp_path, cache=tmp_path / "cache", folder=tmp_path)


def export(tmp_path, bias):
    """A model whose transformer moves and scales all windows alike."""
    task = few(tmp_path)
    config = task.config
    network = task.network().eval()
    with torch.no_grad():
        network.transformer.localization.regress[-1].bias.copy_(torch.tensor(bias))
    return task.export(tmp_path, "model", network, config.phase[-1].size)


def test_errors_of_the_windows(held_out, tmp_path, capsys):
    rows = held_out.measure("transformer", 1, export(tmp_path, [0.0, 0.0, 0.0, 0.0]))
    assert [row.mode for row in rows] == list(STN)
    # The identity leaves the windows where the drawn boxes put them.
    assert all(0.01 < row.off_center < 0.2 and row.off_scale > 0.01 for row in rows)
    assert len({(round(row.off_center, 5), round(row.off_scale, 5)) for row in rows}) == 1
    # Where boxes are true, tanh(1) of .3 of the side is the whole error, and log 2 of it the scale.
    held_out.drawn = held_out.true
    moved = held_out.measure("transformer", 1, export(tmp_path, [0.0, 1.0, 0.0, 1.0]))
    by_mode = {row.mode: row for row in moved}
    tanh = torch.tensor(1.0).tanh().item()
    for mode in ("compose", "resample", "heatmaps"):
        assert by_mode[mode].off_center == pytest.approx(0.3 * tanh, rel=1e-3)
        assert by_mode[mode].off_scale == pytest.approx(tanh * 0.6931, rel=1e-3)
    assert by_mode["off"].off_center == pytest.approx(0, abs=1e-5)
    print_tables(rows + replaced(rows, seed=2))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| transformer, compose | 2 | ") and "± 0.000" in lines[2]


def test_where_windows_move_is_drawn(held_out, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(windows, "HeldOut", lambda data: held_out)
    card, out = export(tmp_path, [0.0, 1.0, 0.0, 1.0]), tmp_path / "where.png"
    monkeypatch.setattr(
        sys, "argv", ["windows", str(card), "--data", str(tmp_path), "--out", str(out)]
    )
    assert windows.main() == 0
    rows = [line.strip("|").split("|") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0].strip() for row in rows] == list(windows.ERRORS)
    # All windows become larger, and are moved downward, whether they should or not.
    assert float(rows[0][1]) == pytest.approx(float(rows[0][2]), abs=1e-3)
    assert float(rows[2][2]) > float(rows[2][1]) + 0.2
    assert out.read_bytes().startswith(b"\x89PNG")


def test_the_oracle_leads_to_the_true_boxes(held_out):
    drawn, true = (
        box_matrices(boxes, (64, 48), "hrnet", 0.25) for boxes in (held_out.drawn, held_out.true)
    )
    thetas = between(drawn, true, (64, 48)).to(drawn.dtype)
    found = compose(drawn, thetas, (64, 48))
    torch.testing.assert_close(found, true)
    oracle = interpolation.Oracle(torch.arange(30.0).view(5, 2, 3))
    parts = [oracle(torch.zeros(n, 3, 8, 8))[0][:, 0, 0].tolist() for n in (3, 2, 4)]
    assert parts == [[0, 6, 12], [18, 24], [0, 6, 12, 18]]


def test_the_gradient_and_what_can_be_learned(held_out, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gradient, "MEASURED", 2)
    task = few(tmp_path)
    weights = task.network().sppe.state_dict()
    save_file({k: v.contiguous() for k, v in weights.items()}, tmp_path / "sppe.safetensors")
    gradient.compare(task, tmp_path / "sppe.safetensors")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[-4:]] == list(gradient.PARAMETERS)
    assert all(0.01 < float(line.split("|")[2]) < 0.5 for line in lines[-4:])
    # Both losses of a network that knows nothing pull alike, and neither is without effect.
    share = next(line for line in lines if line.startswith("share of the branch"))
    assert 5 < int(share.split()[-1].rstrip("%")) < 95
    gradient.localize(task, task, 160)  # learns the six people by heart, more or less
    words = capsys.readouterr().out.split()
    learned, identity = float(words[6]), float(words[-4].lstrip())
    assert 0 < learned < identity


def test_the_share_of_the_branch_in_the_gradient():
    branch, own = np.zeros((2, 4, 2, 3), np.float32)
    branch[0, 0, 2], own[0, 1, 1] = 3, -1
    branch[1, 1, 2] = 2
    own[2, 0, 0] = 2
    branch[3, 0, 1] = 5  # a turn, which nobody needs
    assert gradient.shares(branch, own).tolist() == [0.75, 1, 0]


def test_how_a_gradient_agrees_with_what_is_needed():
    need = np.array([0.2, -0.2, 0.1, 0.01], np.float32)
    assert gradient.agreement(2 * need, need) == "1.00 | 100%"
    # Who needs nearly nothing does not count.
    assert gradient.agreement(np.array([1, 1, 1, -1], np.float32), need).endswith(" | 67%")


def replaced(rows, **changes):
    return [replace(row, **changes) for row in rows]
