"""PyTorch networks as ONNX files: the same results by a card that goes with them."""

import copy
import re
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch

from rmpe import PoseEstimator, cli
from rmpe.detectors import end_to_end
from rmpe.errors import ModelError
from rmpe.models import export, export_decoding
from rmpe.models.build import load_detector, load_pose
from rmpe.models.export import export_onnx
from rmpe.models.export_graph import export_graph
from rmpe.models.read import _CARDS, load_card
from rmpe.models.write_onnx import find_difference, run_pytorch
from rmpe.networks.architectures.hourglass import StackedHourglass
from rmpe_ext.conventions import CONVENTIONS

from ..networks.architectures.test_ssd import with_random_weights


def make_hourglass(folder):
    torch.manual_seed(0)
    module = StackedHourglass(joints=16, stacks=1, blocks=1, features=16)
    torch.save(module.state_dict(), folder / "net.pth")
    text = (_CARDS / "hourglass1_mpii16.toml").read_text()
    text = re.sub(r"(?m)^(sha256|url) = .*\n", "", text).replace("features = 256", "features = 16")
    text = text.replace("[256, 256]", "[64, 64]")
    text = re.sub('file = ".*"', 'file = "net.pth"', text)
    (folder / "net.toml").write_text(text)
    return folder / "net.toml"


def test_a_pose_network(tmp_path):
    card = make_hourglass(tmp_path)
    out = tmp_path / "out.onnx"
    exported = export_onnx(card, out)
    assert [path.name for path in exported.files] == ["out.onnx", "out.toml"]
    assert exported.difference < 1e-4
    theirs, ours = load_card(card), load_card(tmp_path / "out.toml")
    for name in ("title", "license", "skeleton", "crop", "padding", "batch_size", "drawn_score"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (ours.runtime, ours.input.size, ours.head.outputs) == ("onnx", (64, 64), ("heatmaps",))
    image = torch.randint(0, 256, (90, 70, 3), dtype=torch.uint8)
    boxes = [[5, 5, 60, 80], [0, 20, 40, 70]]
    want, have = (PoseEstimator(None, c, nms=None)(image, boxes=boxes)
                  for c in (card, tmp_path / "out.toml"))  # fmt: skip
    torch.testing.assert_close(have.keypoints, want.keypoints, atol=1e-2, rtol=0)
    torch.testing.assert_close(have.keypoint_scores, want.keypoint_scores, atol=1e-4, rtol=0)


def test_weights_in_half_precision(tmp_path):
    card = make_hourglass(tmp_path)
    weights = torch.load(tmp_path / "net.pth")
    for name, value in weights.items():
        if value.is_floating_point():
            weights[name] = value.half()
    torch.save(weights, tmp_path / "net.pth")
    assert export_onnx(card, tmp_path / "out.onnx").difference < 1e-4


def test_a_detector(tmp_path):
    card = load_card("ssdlite320_mobilenet_v3_large")
    torch.save(with_random_weights(card).state_dict(), tmp_path / "net.pth")
    text = (_CARDS / "ssdlite320_mobilenet_v3_large.toml").read_text()
    text = re.sub(r"(?m)^(sha256|url) = .*\n", "", text)
    (tmp_path / "net.toml").write_text(re.sub('file = ".*"', 'file = "net.pth"', text))
    exported = export_onnx(tmp_path / "net.toml", tmp_path / "out.onnx")
    assert [path.name for path in exported.files] == ["out.onnx", "out_anchors.npz", "out.toml"]
    assert load_card(tmp_path / "out.toml").detector.classes == card.detector.classes
    images = [torch.randint(0, 256, (200, 150, 3), dtype=torch.uint8)]
    want, have = (load_detector(tmp_path / f"{name}.toml", classes=["person", "dog"])(images, 0.05)
                  for name in ("net", "out"))  # fmt: skip
    assert len(want) == len(have) > 0
    torch.testing.assert_close(have.boxes, want.boxes, atol=0.1, rtol=0)
    torch.testing.assert_close(have.scores, want.scores, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["small_ssd_person", "small_hourglass_coco17"])
def test_networks_of_this_package(tmp_path, name):
    """For batches of any size: the file is compared with PyTorch on one image and on three."""
    exported = export_onnx(name, tmp_path / "out.onnx")
    assert exported.difference < 1e-4
    load = load_detector if name == "small_ssd_person" else load_pose
    want, have = (load(card).network for card in (name, exported.files[-1]))
    batch = torch.rand(5, *want.input_shape)
    for ours, theirs in zip(have(batch), want(batch), strict=True):
        theirs = theirs.softmax(-1) if theirs.shape[-1] == 2 else theirs
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_keypoints_are_decoded_in_the_file(tmp_path, convention):
    card = make_hourglass(tmp_path)
    text = re.sub(
        '(?m)^convention = "hourglass"$', f'convention = "{convention}"', card.read_text()
    )
    card.write_text(re.sub(r"(?m)^offset = .*$", "offset = 0.5", text))
    exported = export_onnx(card, tmp_path / "out.onnx", decoded=True)
    assert exported.difference < 1e-4
    theirs, ours = load_card(card), load_card(tmp_path / "out.toml")
    assert theirs.head.convention == convention
    assert (ours.head.outputs, ours.skeleton) == (("keypoints",), theirs.skeleton)
    image = torch.randint(0, 256, (90, 70, 3), dtype=torch.uint8)
    boxes = [[5, 5, 60, 80], [0, 20, 40, 70]]
    want, have = (PoseEstimator(None, c, nms=None)(image, boxes=boxes)
                  for c in (card, tmp_path / "out.toml"))  # fmt: skip
    torch.testing.assert_close(have.keypoints, want.keypoints, atol=1e-2, rtol=0)
    torch.testing.assert_close(have.keypoint_scores, want.keypoint_scores, atol=1e-4, rtol=0)


def test_boxes_are_decoded_and_suppressed_in_the_file(tmp_path, monkeypatch):
    """Classes by themselves, of several images; random weights find thousands of things."""
    monkeypatch.setattr(export_decoding, "LOWEST_SCORE", 0.2)
    monkeypatch.setattr(export_decoding, "_MOST_BOXES", 20_000)
    monkeypatch.setattr(end_to_end, "_MOST_ROWS", 20_000)
    card = load_card("ssdlite320_mobilenet_v3_large")
    torch.save(with_random_weights(card).state_dict(), tmp_path / "net.pth")
    text = (_CARDS / "ssdlite320_mobilenet_v3_large.toml").read_text()
    text = re.sub(r"(?m)^(sha256|url) = .*\n", "", text)
    (tmp_path / "net.toml").write_text(re.sub('file = ".*"', 'file = "net.pth"', text))
    exported = export_onnx(tmp_path / "net.toml", tmp_path / "out.onnx", decoded=True)
    assert [path.name for path in exported.files] == ["out.onnx", "out.toml"]
    assert load_card(tmp_path / "out.toml").detector.classes == card.detector.classes
    images = [torch.randint(0, 256, (*size, 3), dtype=torch.uint8)
              for size in ((200, 150), (90, 210))]  # fmt: skip
    want, have = (load_detector(tmp_path / f"{name}.toml", classes=["person", "dog"])(images, 0.25)
                  for name in ("net", "out"))  # fmt: skip
    assert len(want) == len(have) > 5
    assert want.class_index.unique().tolist() == want.image_index.unique().tolist() == [0, 1]
    for name in ("image_index", "class_index"):
        assert getattr(have, name).tolist() == getattr(want, name).tolist()
    torch.testing.assert_close(have.boxes, want.boxes, atol=0.1, rtol=0)
    torch.testing.assert_close(have.scores, want.scores, atol=1e-4, rtol=0)


def test_the_default_pair_with_all_in_its_files(tmp_path):
    names = ("small_ssd_person", "small_hourglass_coco17")
    files = [export_onnx(name, tmp_path / f"{name}.onnx", decoded=True).files[-1] for name in names]
    photo = Path(__file__).resolve().parents[3] / "examples/photographs/basketball.jpg"
    want, have = (PoseEstimator(*pair, threshold=0.1)(photo) for pair in (names, files))
    assert len(have) == len(want) > 1
    torch.testing.assert_close(have.boxes, want.boxes, atol=0.5, rtol=0)
    torch.testing.assert_close(have.keypoint_scores, want.keypoint_scores, atol=1e-2, rtol=0)
    sure = want.keypoint_scores > 0.3
    torch.testing.assert_close(have.keypoints[sure], want.keypoints[sure], atol=1.0, rtol=0)


def test_a_file_that_gives_something_else_is_not_written(tmp_path, monkeypatch):
    card = make_hourglass(tmp_path)
    theirs = export.write_onnx

    def wrong(module, *rest):
        other = copy.deepcopy(module)
        with torch.no_grad():
            next(other.parameters()).mul_(1.1)
        return theirs(other, *rest)

    monkeypatch.setattr(export, "write_onnx", wrong)
    with pytest.raises(
        ModelError, match="net gives something else as ONNX: .* nothing was written"
    ):
        export_onnx(card, tmp_path / "out.onnx")
    assert not list(tmp_path.glob("*out*"))


def test_nan_is_something_else():
    one, nan = torch.ones(1), torch.full((1,), torch.nan)
    for outputs in ([one, nan], [nan, one]):
        with pytest.raises(ModelError, match="net gives something else as ONNX: .* by nan of"):
            find_difference("net", [(output, one) for output in outputs])
    assert find_difference("net", [(one, one)]) == 0


@pytest.mark.parametrize("name", ["simplepose_coco17", "yolox_s_coco"])
def test_what_is_onnx_already(name, tmp_path):
    with pytest.raises(ModelError, match=f"model {name} is an ONNX file already"):
        export_onnx(name, tmp_path / "out.onnx")


@pytest.mark.parametrize("write", [export_graph, export_onnx, partial(export_onnx, decoded=True)])
@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("small_hourglass_coco17", "stride = 4", "stride = 8",
         r"outputs must be \(N, 17, 32, 24\) by the model card, got \(N, 17, 64, 48\)"),
        ("small_ssd_person", "person = 1", "person = 2",
         r"the column of person must be in 0..1, as there are 2 classes, got 2"),
    ],
)  # fmt: skip
def test_a_card_that_is_not_the_networks(tmp_path, name, old, new, message, write):
    """What is written would be of no use."""
    shutil.copy(_CARDS / f"{name}.safetensors", tmp_path)
    text = (_CARDS / f"{name}.toml").read_text()
    assert text.count(old) == 1
    (tmp_path / "net.toml").write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=f"model net: .*{message}"):
        write(tmp_path / "net.toml", tmp_path / "out.onnx")
    assert not list(tmp_path.glob("*out*"))


def test_a_network_that_does_not_run_is_named_with_its_card():
    """Of another package, say, whose row in the table says nothing of sizes."""
    module = StackedHourglass(16, stacks=1, features=16)
    message = "model hourglass1_mpii16 does not run on an input of 256x256: images must be .* of 64"
    with pytest.raises(ModelError, match=message):
        run_pytorch(load_card("hourglass1_mpii16"), module, torch.zeros(1, 3, 64, 50))


def test_files_of_the_card_itself_are_not_replaced(tmp_path, capsys):
    card = make_hourglass(tmp_path)
    text = card.read_text()
    card.write_text(f'{text}\n[graph]\nfile = "graph.onnx"\n')
    for name, lost in (("net.onnx", "net.toml"), ("graph.onnx", "graph.onnx")):
        command = ["export", str(card), "--onnx", str(tmp_path / name), "--overwrite"]
        assert cli.main(command) == 2
        said = f"{lost} belongs to the network that is written as ONNX: choose another name"
        assert said in capsys.readouterr().err
    assert card.read_text().startswith(text) and not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize("name", ["out.onnx", "out_anchors.npz", "out.toml"])
def test_what_is_there_already_stays(tmp_path, name, capsys):
    command = ["export", "small_ssd_person", "--onnx", str(tmp_path / "out.onnx")]
    (tmp_path / name).write_text("mine")
    assert cli.main(command) == 2
    assert f"{name} is there already: choose --overwrite" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert cli.main([*command, "--overwrite"]) == 2
    assert f"{name}: Is a directory" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["my ssd.onnx", "a\udcff.onnx", "a\x1b[2J.onnx", "net (1).onnx"])
def test_names_that_no_card_can_hold(tmp_path, name):
    rule = "the file must have a name that a card can hold, .* of letters, digits, .* got '"
    with pytest.raises(ModelError, match=rule):
        export_onnx("small_ssd_person", tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_the_command(tmp_path, capsys):
    card, out = make_hourglass(tmp_path), tmp_path / "out.onnx"
    command = ["export", str(card), "--onnx", str(out)]
    assert cli.main(command) == 0
    assert "largest difference from PyTorch" in capsys.readouterr().out
    written = out.read_bytes()
    assert cli.main(command) == 2
    assert "out.onnx is there already: choose --overwrite" in capsys.readouterr().err
    assert out.read_bytes() == written
    for words, message in (
        ([str(card), "--onnx", "a.pth"], "--onnx must end in .onnx"),
        (["yolo", "--onnx", str(tmp_path / "b.onnx")], "model must be one of"),
        ([str(card), "--onnx", str(tmp_path / "gone" / "b.onnx")], "there is no such folder"),
        ([str(card), "--onnx", f"{'y' * 300}.onnx"], "must have a name that a card can hold"),
        ([f"{'y' * 300}.onnx", "--onnx", str(tmp_path / "b.onnx")], "File name too long"),
    ):
        assert cli.main(["export", *words]) == 2
        assert message in capsys.readouterr().err
