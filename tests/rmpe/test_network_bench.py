"""Networks side by side: what the table says of real ones, and what is refused."""

import pytest

from rmpe import cli
from rmpe.network_bench import measure_network


def test_what_is_measured(models_dir, data_dir):
    folder = data_dir / "coco-mini"
    row = measure_network(
        "simplepose_coco17",
        models_dir,
        data=(folder / "person_keypoints.json", folder / "images"),
        threads=1,
    )
    assert (row.name, row.task, row.keypoints) == ("simplepose_coco17", "pose", "coco_17")
    assert row.file_bytes == (models_dir / "simplepose_coco17.onnx").stat().st_size
    assert 0.1 < row.milliseconds < 60_000
    assert row.file_bytes / 10 < row.memory_bytes < 4 << 30
    # As README has it for annotated boxes.
    assert row.ap == pytest.approx(0.441, abs=0.002)


def test_the_table_of_the_command(models_dir, capsys):
    names = ["ssd_mobilenet_v1_coco", "hourglass_aic14"]
    assert cli.main(["models", "bench", *names, "--models", str(models_dir)]) == 0
    head, line, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| network | keypoints | input |") and line.startswith("|---|")
    assert [row.split(" | ")[0] for row in rows] == [f"| `{name}`" for name in names]
    assert [row.split(" | ")[1] for row in rows] == ["boxes", "`aic_14`"]
    assert all(row.endswith("| - |") for row in rows)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["yolo"], "model must be one of"),
        (["simplepose_coco17", "--data", "a.json"], "--data and --images must be given together"),
        (["yolox_s_coco"], "model file yolox_s.onnx was not found"),
    ],
)
def test_what_is_refused(words, message, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RMPE_OFFLINE", "1")
    monkeypatch.setenv("RMPE_HOME", str(tmp_path))
    assert cli.main(["models", "bench", *words]) == 2
    assert message in capsys.readouterr().err
