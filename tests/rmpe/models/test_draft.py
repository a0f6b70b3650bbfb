"""Cards that are begun by looking into a network's file, finished as a person would, and used."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from onnx import helper

from rmpe import cli
from rmpe.errors import ModelError
from rmpe.models.build import load_detector, load_pose
from rmpe.models.draft import SAY, draft_card
from rmpe.models.read import load_card
from rmpe.models.store import locate
from rmpe.networks.architectures import ARCHITECTURES, build_architecture, recognize
from rmpe.networks.architectures.hourglass import StackedHourglass

from ..onnx_files import constant, write

PIXELS = {"channels": '"rgb"', "scale": "1", "mean": "[0, 0, 0]", "std": "[1, 1, 1]"}
WORDS = {"license": '"MIT"', "origin": '"a test"', **PIXELS}
POSE_MAPS = {**WORDS, "convention": '"mmpose"', "offset": "0"}
POSE = {**WORDS, "convention": '"mmpose"', "skeleton": '"coco_17"'}


def finish(text, **said):
    """Say what the card asks for; what is said must be asked for, and all that is asked be said."""
    lines, left = [], dict(said)
    for line in text.splitlines():
        if line.startswith(SAY):
            key = line.removeprefix(SAY).partition(" ")[0]
            value = said.get(key)
            assert value is not None, line
            left.pop(key, None)
            if value == "":
                continue  # It is not for this kind of network.
            line = value if "=" in value else f"{key} = {value}"
        lines.append(line)
    assert left == {}
    return "\n".join(lines)


def begin(path):
    card = path.with_suffix(".toml")
    card.write_text(draft_card(path))
    with pytest.raises(ModelError, match="origin is missing; it must be a line of text"):
        load_card(card)
    return card


def said_for(text, words):
    """Of the words, those that the card asks for."""
    asked = re.findall(rf"^{SAY}(\w+) =", text, re.MULTILINE)
    return {key: value for key, value in words.items() if key in asked}


@pytest.mark.parametrize(
    ("values", "input_shape", "words", "head"),
    [
        ({"y": np.zeros((17, 128), np.float32), "x": np.zeros((17, 96), np.float32)},
         [3, 64, 48], POSE, "simcc"),
        ({"maps": np.zeros((17, 16, 12), np.float32)}, [3, 64, 48], {**POSE, "offset": "0"},
         "heatmap"),
        ({"points": np.zeros((1, 17, 3), np.float32)}, [3, 64, 64], POSE, "movenet"),
        ({"points": np.zeros((17, 3), np.float32)}, [3, 64, 64], POSE, "points"),
        ({"maps": np.zeros((16, 8, 8), np.float32)}, [3, 64, 64],
         {**POSE, "skeleton": '"mpii_16"', "offset": "0"}, "heatmap"),
    ],
)  # fmt: skip
def test_pose_networks(tmp_path, values, input_shape, words, head):
    card = begin(constant(tmp_path / "net.onnx", values, "pixels", input_shape))
    text = card.read_text()
    assert f'head = "{head}"' in text
    # What coordinates stand for, no shape tells.
    assert (f'{SAY}head = "{head}"' in text) == (head in ("movenet", "points"))
    words = {**words, "head": f'"{head}"'}
    words = said_for(text, words)
    card.write_text(finish(text, **words))
    pose = load_pose(card)
    assert pose.card.input.size == tuple(input_shape[1:])
    if head == "simcc":
        assert pose.card.head.outputs == ("x", "y")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"dets": np.zeros((7, 5), np.float32), "labels": np.zeros(7, np.int64)}, "end_to_end"),
        ({"dets": np.zeros((7, 5), np.float32)}, "end_to_end"),
        ({"found": np.zeros((84, 85), np.float32)}, "yolox"),
    ],
)  # fmt: skip
def test_detectors(tmp_path, values, kind):
    card = begin(constant(tmp_path / "net.onnx", values, "pixels", [3, 64, 64]))
    text = card.read_text()
    assert f'{SAY}detector = "{kind}"' in text
    card.write_text(finish(text, **WORDS, classes="person = 0", detector=f'"{kind}"'))
    assert load_detector(card)([torch.zeros(64, 64, 3, dtype=torch.uint8)]).boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("kind", "scale", "mean"),
    [
        ("int32", "1 ", "[0, 0, 0]"),
        ("uint8", "1 ", "[0, 0, 0]"),
        ("float32", "0.0039", "[0.485, 0.456, 0.406]"),
    ],
)
def test_an_input_of_whole_numbers_takes_pixels_as_they_are(tmp_path, kind, scale, mean):
    values = {"points": np.zeros((1, 17, 3), np.float32)}
    text = draft_card(constant(tmp_path / "net.onnx", values, "pixels", [3, 64, 64], kind=kind))
    assert f"{SAY}scale = {scale}" in text
    assert f"{SAY}mean = {mean}" in text


ONE_BOX = np.array([[8.0, 16, 24, 48]], np.float32)
ANCHOR = 'anchors = { file = "anchors.npz", key = "anchors", format = "xcycwh" }'
NO_KEY = ""


@pytest.mark.parametrize("preparation", ["letterbox = { fill = 114 }", 'preparation = "stretch"'])
def test_boxes_and_scores_are_corners_where_a_person_says_so(tmp_path, preparation):
    values = {"scores": np.array([[0.9]], np.float32), "boxes": ONE_BOX}
    card = begin(constant(tmp_path / "net.onnx", values, "pixels", [3, 64, 64]))
    said = {"detector": '"decoded"', "letterbox": preparation, "classes": "person = 0",
            "activation": NO_KEY, "encoding": NO_KEY, "variances": NO_KEY,
            "anchors": NO_KEY}  # fmt: skip
    card.write_text(finish(card.read_text(), **WORDS, **said))
    found = load_detector(card)([torch.zeros(64, 64, 3, dtype=torch.uint8)])
    assert found.boxes.tolist() == ONE_BOX.tolist()


def test_boxes_and_scores_are_encodings_where_a_person_says_so(tmp_path):
    values = {"boxes": np.zeros((1, 4), np.float32), "scores": np.array([[0, 3.0]], np.float32)}
    card = begin(constant(tmp_path / "net.onnx", values, "pixels", [3, 64, 64]))
    np.savez(tmp_path / "anchors.npz", anchors=np.array([[0.25, 0.5, 0.25, 0.5]], np.float32))
    said = {"detector": '"ssd"', "letterbox": NO_KEY, "classes": "person = 1",
            "activation": '"softmax"', "encoding": '"txtytwth"',
            "variances": "[0.1, 0.1, 0.2, 0.2]", "anchors": ANCHOR}  # fmt: skip
    card.write_text(finish(card.read_text(), **WORDS, **said))
    found = load_detector(card)([torch.zeros(64, 64, 3, dtype=torch.uint8)])
    assert found.boxes.tolist() == ONE_BOX.tolist()


@pytest.mark.parametrize("rows", [(252, 85), (84, 5), (85, 84)], ids=["anchors", "few", "turned"])
def test_rows_that_cannot_be_those_of_yolox(tmp_path, rows):
    path = constant(tmp_path / "net.onnx", {"rows": np.zeros(rows, np.float32)}, "pixels",
                    [3, 64, 64])  # fmt: skip
    text = draft_card(path)
    assert "yolox" not in text


def test_what_a_file_says_itself_need_not_be_said(tmp_path):
    said = {"input_w": 48, "input_h": 64, "split_ratio": 2.0, "mean": [1, 2, 3], "std": [4, 5, 6]}
    vectors = {"x": np.zeros((17, 96), np.float32), "y": np.zeros((17, 128), np.float32)}
    path = constant(tmp_path / "net.onnx", vectors, "pixels", [3, "height", "width"],
                    metadata={"cigpose_meta": json.dumps(said)})  # fmt: skip
    card = begin(path)
    words = {key: POSE[key] for key in ("license", "origin", "convention")}
    card.write_text(finish(card.read_text(), **words))
    found = load_pose(card).card
    assert (found.input.size, found.input.mean, found.input.std) == ((64, 48), (1, 2, 3), (4, 5, 6))


def test_outputs_of_no_known_kind_are_left_to_say(tmp_path):
    path = constant(tmp_path / "net.onnx", {"odd": np.zeros(3, np.float32)}, "pixels", [3, 8, 8])
    text = draft_card(path)
    assert f'{SAY}head = "..."' in text and f"{SAY}odd (N, 3) float" in text


def test_weights_of_a_known_architecture(tmp_path):
    module = StackedHourglass(joints=16, stacks=1, blocks=1, features=32)
    torch.save(module.state_dict(), tmp_path / "net.pth")
    card = begin(tmp_path / "net.pth")
    words = {**POSE, "size": "[64, 64]", "stride": "4", "offset": "1.5"}
    del words["skeleton"]  # There is one with 16 keypoints.
    card.write_text(finish(card.read_text(), **words))
    assert dict(load_card(card).parameters) == {"stacks": 1, "blocks": 1, "features": 32}
    assert load_pose(card).network.output_shapes == ((16, 16, 16),)


def test_a_frozen_graph_of_tensorflow(models_dir, tmp_path):
    shutil.copy(models_dir / "hourglass_aic14.pb", tmp_path / "net.pb")
    card = begin(tmp_path / "net.pb")
    words = {**POSE, "skeleton": '"aic_14"', "size": "[192, 192]", "stride": "4", "offset": "0.5"}
    card.write_text(finish(card.read_text(), **words))
    assert dict(load_card(card).parameters) == {"stem": 16, "features": 24}
    assert load_pose(card).network.output_shapes == ((14, 48, 48),)
    (tmp_path / "other.pb").write_bytes(b"")
    with pytest.raises(ModelError, match="other.pb: what the file holds is not known: .* as ONNX"):
        draft_card(tmp_path / "other.pb")


NUMBERS = {
    "basic_hourglass": {"stacks": 2, "stem": 4, "width_4": 8, "width_8": 12, "width_16": 16,
                        "width_32": 20},
    "hourglass52": {"stacks": 1},
    "mobile_hourglass": {"stem": 4, "features": 6},
    "newell_hourglass": {"stacks": 1, "features": 32},
    "small_ssd": {"width_4": 4, "width_8": 8, "width_16": 12, "width_32": 16, "width_64": 20,
                  "neck": 24},
    "ssd300_vgg16": {"classes": 21},
    "ssd512_vgg16": {"classes": 21},
    "ssdlite320_mobilenet_v3_large": {"classes": 91},
    "stacked_hourglass": {"stacks": 2, "blocks": 3, "features": 16},
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name, row in ARCHITECTURES.items() if row.task != "localization"]
)
def test_the_numbers_of_every_architecture_are_told(name):
    row, numbers = ARCHITECTURES[name], dict(NUMBERS[name])
    anchors = dict.fromkeys(row.parameters.keys() - numbers.keys(), 10)
    assert anchors.keys() <= {"smallest", "second"}  # Of these, no weight tells.
    joints = {"joints": 5} if row.task == "pose" else {}
    module = build_architecture(name, **numbers, **joints, **anchors)
    weights = module.state_dict()
    assert recognize(weights) == (name, numbers | joints)
    for weight in weights:
        recognize({**weights, weight: torch.zeros(())})  # Whatever it says, without an error.


@pytest.mark.parametrize("name", ["small_hourglass_coco17", "small_ssd_person"])
def test_weights_of_this_package(name):
    theirs = load_card(name)
    text = draft_card(locate(theirs.network))
    assert f'architecture = "{theirs.architecture}"' in text and theirs.network.sha256 in text
    for key, value in theirs.parameters:
        assert f"\n{key} = {value}\n" in text
    divisor = 32 if theirs.architecture == "basic_hourglass" else 128
    assert f"# say: size = [256, 256]    # height, width, multiples of {divisor}\n" in text
    assert ('skeleton = "coco_17"' in text) == (theirs.architecture == "basic_hourglass")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"weights", "net.onnx"), (b"", "net.onnx")],
)
def test_what_is_no_network(tmp_path, content, message):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        draft_card(tmp_path / "net.onnx")
    torch.save({"w": torch.zeros(2)}, tmp_path / "net.pth")
    with pytest.raises(ModelError, match="what the file holds is not known: .* as ONNX"):
        draft_card(tmp_path / "net.pth")


def test_a_network_of_another_input(tmp_path):
    path = write(tmp_path / "net.onnx", [helper.make_node("Identity", ["a"], ["b"])],
                 {"a": ("float32", ["N", 5])}, {"b": ("float32", ["N", 5])})  # fmt: skip
    with pytest.raises(ModelError, match=r"must have one input, .* got a \(N, 5\) float"):
        draft_card(path)


@pytest.mark.parametrize("name", ["my net.onnx", "a\udcff.onnx", "a\x1b[2J\n.onnx", "net (1).pth"])
def test_names_that_no_card_can_hold(tmp_path, name, capsys):
    """Such a card would be refused, and text that is not UTF-8 cannot be written into one."""
    values = {"maps": np.zeros((17, 16, 12), np.float32)}
    constant(tmp_path / "net.onnx", values, "data", [3, 64, 48]).rename(tmp_path / name)
    assert cli.main(["models", "new-card", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert "the file must have a name that a card can hold" in error
    assert "\x1b" not in error and error.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_the_command_writes_a_card_and_says_what_is_left(tmp_path, capsys):
    path = constant(tmp_path / "net.onnx", {"maps": np.zeros((17, 16, 12), np.float32)}, "pixels",
                    [3, 64, 48])  # fmt: skip
    assert cli.main(["models", "new-card", str(path)]) == 0
    out = capsys.readouterr().out
    assert "net.toml is written" in out and 'license = "..."' in out
    written = (tmp_path / "net.toml").read_bytes()
    assert cli.main(["models", "new-card", str(path)]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert (tmp_path / "net.toml").read_bytes() == written
    assert cli.main(["models", "new-card", str(path), "--out", str(tmp_path / "a.txt")]) == 2
    assert cli.main(["models", "new-card", "."]) == 2
    assert "the network must be a file, got ." in capsys.readouterr().err


def test_a_card_in_another_folder_says_where_the_network_must_be(tmp_path, capsys):
    path = constant(tmp_path / "net.onnx", {"maps": np.zeros((17, 16, 12), np.float32)}, "pixels",
                    [3, 64, 48])  # fmt: skip
    card = tmp_path / "cards" / "mine.toml"
    card.parent.mkdir()
    assert cli.main(["models", "new-card", str(path), "--out", str(card)]) == 0
    said = "net.onnx must be copied beside it, or its folder be named with --models or RMPE_MODELS"
    assert said in capsys.readouterr().out
    assert 'file = "net.onnx"    # beside this card, or in the folder of models' in card.read_text()
    card.write_text(finish(card.read_text(), **POSE_MAPS))
    with pytest.raises(ModelError, match="net.onnx was not found"):
        load_pose(card)
    assert load_pose(card, models_dir=tmp_path).network.output_shapes == ((17, 16, 12),)
    assert cli.main(["models", "new-card", str(path), "--out", str(tmp_path / "net.toml")]) == 0
    assert "must be copied" not in capsys.readouterr().out


def test_check_draws_what_a_network_sees(tmp_path, models_dir, data_dir, capsys):
    import cv2

    photo = data_dir / "coco-mini" / "images"
    photo = sorted(photo.glob("*.jpg"))[0]
    plain = cv2.imread(str(photo))
    options = ["--image", str(photo), "--models", str(models_dir)]
    for name, words, more in (
        ("simplepose_coco17", "keypoints inside of the photograph: 1", []),
        ("simplepose_coco17", "scores of keypoints: ", ["--detector", "ssd_mobilenet_v1_coco"]),
        ("ssd_mobilenet_v1_coco", "people: ", []),
    ):
        out = tmp_path / "seen.png"
        command = ["models", "check", name, *options, *more, "--out", str(out)]
        assert cli.main(command) == 0
        assert words in capsys.readouterr().out
        drawing = cv2.imread(str(out))
        assert drawing.shape == plain.shape and (drawing != plain).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["yolo", "--image", "a.jpg"], "model must be one of"),
        (["simplepose_coco17", "--image", "gone.jpg"], "gone.jpg"),
    ],
)
def test_check_of_what_is_not_there(words, message, capsys):
    assert cli.main(["models", "check", *words]) == 2
    assert message in capsys.readouterr().err
