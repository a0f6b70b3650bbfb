"""`rmpe models` and its actions."""

import json
import re
import shutil
from pathlib import Path

import pytest

from rmpe import cli
from rmpe.models.read import _CARDS, known_cards


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    monkeypatch.delenv("RMPE_MODELS", raising=False)
    monkeypatch.setenv("RMPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RMPE_OFFLINE", "1")


def rmpe(capsys, *words):
    status = cli.main(["models", *map(str, words)])
    return status, *capsys.readouterr()


def test_permissive_licenses(capsys):
    _, out, _ = rmpe(capsys, "--json", "--licence", "permissive")
    licenses = {row["name"]: row["license"] for row in json.loads(out)}
    assert {"Apache-2.0", "MIT", "BSD-3-Clause"} == set(licenses.values())
    assert "yolox_m_coco" not in licenses and "yolox_tiny_coco" in licenses
    assert not {"yolox_m_humanart", "hourglass2_mpii16", "simplepose_coco17"} & set(licenses)


def test_the_list_marks_what_runs_where_nobody_chooses(capsys):
    _, out, _ = rmpe(capsys)
    marked = [line.split()[:3] for line in out.splitlines() if "(default)" in line]
    assert marked == [
        ["small_hourglass_coco17", "pose", "(default)"],
        ["small_ssd_person", "detector", "(default)"],
    ]


def test_show(capsys, models_dir):
    status, out, _ = rmpe(capsys, "--models", models_dir, "show", "rtmpose_m_coco17",
                          "simplepose_coco17")  # fmt: skip
    rtmpose, simplepose = out.split("\n\n")
    assert status == 0
    for words in ("AP 74.9 on COCO", "54330655", "Tau-J/RTMPose/resolve/main", "RMPE_OFFLINE is"):
        assert words in rtmpose
    assert str(models_dir / "simplepose_coco17.onnx") in simplepose
    _, out, _ = rmpe(capsys, "show", "--json", "rtmpose_m_coco17")
    (row,) = json.loads(out)
    assert (row["keypoints"], row["present"], len(row["mirrors"])) == (17, False, 1)


def test_get_what_is_here(capsys, models_dir):
    status, out, err = rmpe(capsys, "get", "simplepose_coco17", "--models", models_dir)
    assert (status, out) == (0, f"{models_dir / 'simplepose_coco17.onnx'}\n")
    assert "RMPE_OFFLINE is set" in err


def test_get_what_cannot_be_had(capsys, models_dir):
    names = ("yolox_s_coco", "simplepose_coco17")  # one that is here
    status, out, err = rmpe(capsys, "get", *names, "--models", models_dir)
    assert (status, out.count("\n")) == (1, 1)
    assert "rmpe models get: yolox_s_coco: model file yolox_s.onnx was not found" in err
    assert "under the name yolox_s.onnx" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give the NAMEs of networks, or --all"),
        (("--all", "ssd300_vgg16"), "give the NAMEs of networks, or --all"),
        (("yolo",), "model must be one of cigpose"),
        (("--licence", "permissive", "hourglass2_mpii16"), "the license of .* is GPL-3.0, which"),
    ],
)
def test_get_of_wrong_names(capsys, words, message):
    status, _, err = rmpe(capsys, "get", *words)
    assert status == 2
    assert re.search(message, err)


def test_get_all_while_offline_says_once_what_to_do(capsys, tmp_path):
    status, out, err = rmpe(capsys, "get", "--all", "--licence", "permissive")
    assert (status, out) == (1, "")
    assert "yolox_nano_coco: yolox_nano.onnx from https://github.com/Megvii" in err
    assert "rtmpose_t_coco17:" in err
    assert "humanart" not in err and "simplepose" not in err
    assert err.count("is set, so that nothing is downloaded") == 1
    assert (
        err.count(f"put the files of these URLs (of an archive, the one in it) into {tmp_path}")
        == 1
    )
    assert "was not found" not in err


def test_get_goes_on_after_a_failure(capsys, monkeypatch, models_dir):
    monkeypatch.delenv("RMPE_OFFLINE")
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    names = ("yolox_s_coco", "yolox_nano_coco", "simplepose_coco17")
    status, out, err = rmpe(capsys, "get", *names, "--models", models_dir)
    assert (status, out.count("\n")) == (1, 1)
    assert "yolox_s_coco: cannot download" in err and "yolox_nano_coco: cannot download" in err


@pytest.mark.parametrize("action", ["get", "show", "verify", "bench"])
def test_a_name_that_is_nearly_right(capsys, action):
    status, _, err = rmpe(capsys, action, "rtmpose_m_coco")
    assert status == 2
    assert err.endswith("got 'rtmpose_m_coco'; did you mean rtmpose_m_coco17?\n")


def test_the_list_while_offline(capsys, monkeypatch):
    _, out, _ = rmpe(capsys)
    assert "not here, RMPE_OFFLINE is set" in out and "downloaded when used" not in out
    monkeypatch.delenv("RMPE_OFFLINE")
    _, out, _ = rmpe(capsys)
    assert "is set" not in out and "downloaded when used" in out


def test_the_list_has_the_accuracy_that_sources_state(capsys):
    _, out, _ = rmpe(capsys)
    rows = {line.split()[0]: line for line in out.split("\n\n")[0].splitlines()}
    assert "  ACCURACY" in rows["NAME"]
    assert "  PCKh 87.3 on MPII  " in rows["hourglass2_mpii16"]
    assert "  box mAP 77.43 on PASCAL VOC  " in rows["ssd300_vgg16_voc"]
    assert "  -  " in rows["movenet_thunder_coco17"]


def test_the_accuracy_of_the_networks_of_the_package_is_what_was_measured():
    text = (Path(__file__).resolve().parents[3] / "docs" / "shipped.md").read_text()
    detector = re.search(r"^\| `small_ssd_person` \|(?: \.\d+ \|){2} \.(\d+) ", text, re.M)[1]
    pose = re.search(
        r"^\| of the package \| coco-people \| annotated \| no \| \.(\d+) ", text, re.M
    )[1]
    cards = known_cards()
    assert f"AP {int(detector) / 10} on" in cards["small_ssd_person"].accuracy
    assert f"AP {int(pose) / 10} on" in cards["small_hourglass_coco17"].accuracy


def test_show_says_why_a_network_is_not_downloaded(capsys):
    _, out, _ = rmpe(capsys, "show", "newell_hourglass8_mpii16")
    assert "original_8hg/checkpoint.pt has no published SHA-256 and is therefore not downl" in out
    assert "missing, no URL" in out


def test_verify(capsys, models_dir, tmp_path):
    status, out, err = rmpe(capsys, "verify", "--models", models_dir)
    assert (status, err) == (0, "")
    assert out.count("right") == 11 and "wrong" not in out  # seven, and four of the package
    path = tmp_path / "simplepose_coco17.onnx"
    shutil.copy(models_dir / path.name, path)
    with path.open("ab") as file:
        file.write(b"0")
    status, out, err = rmpe(capsys, "verify", "--models", tmp_path)
    assert status == 1
    assert [line.split()[-1] for line in out.splitlines()] == [
        "SHA-256", "wrong", *["right"] * 4,
    ]  # fmt: skip
    assert "simplepose_coco17.onnx is damaged or another version" in err


def test_verify_by_the_record_of_the_first_download(capsys, tmp_path):
    text = (_CARDS / "newell_hourglass2_mpii16.toml").read_text()
    (tmp_path / "mine.toml").write_text(text)
    file, card = tmp_path / "original_2hg.pt", tmp_path / "mine.toml"
    assert rmpe(capsys, "verify", card)[1].split()[-1] == "missing"
    file.write_bytes(b"weights")
    status, out, _ = rmpe(capsys, "verify", card)
    assert (status, out.split()[-2:]) == (0, ["not", "known"])
    record = tmp_path / "original_2hg.pt.sha256"
    record.write_text("0" * 64 + "  original_2hg.pt\n")
    status, out, err = rmpe(capsys, "verify", card)
    assert (status, out.split()[-1]) == (1, "wrong")
    assert f"must be {'0' * 64}, as when it was downloaded" in err


PHOTO = "examples/photographs/astronaut.jpg"


def check(capsys, tmp_path, *words):
    out = tmp_path / "seen.png"
    out.unlink(missing_ok=True)
    photo = Path(__file__).resolve().parents[3] / PHOTO
    status, _, err = rmpe(capsys, "check", *words, "--image", photo, "--out", out)
    return status, err, out.read_bytes() if out.exists() else None


def test_check_draws_heatmaps_and_windows(capsys, tmp_path):
    pictures = [
        check(
            capsys, tmp_path, *"small_hourglass_coco17 --detector small_ssd_person".split(), *words
        )
        for words in (
            [],
            ["--draw-heatmaps"],
            ["--draw-heatmaps", "nose"],
            ["--draw-windows"],
        )
    ]
    assert [status for status, _, _ in pictures] == [0] * 4
    assert len({picture for _, _, picture in pictures}) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["small_hourglass_coco17", "--draw-heatmaps", "tail"],
         "must be one of nose, left_eye, .*, or have no value for all, got tail"),
        (["small_ssd_person", "--draw-heatmaps"], "are for the cards of pose networks"),
        (["small_ssd_person", "--draw-windows"], "are for the cards of pose networks"),
    ],
)  # fmt: skip
def test_check_refuses_overlays_that_there_are_not(capsys, tmp_path, words, message):
    status, err, picture = check(capsys, tmp_path, *words)
    assert (status, picture) == (2, None)
    assert re.search(message, err)
