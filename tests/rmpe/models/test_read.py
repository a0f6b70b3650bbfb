"""Model cards: what is read and what is refused."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmpe.errors import ModelError
from rmpe.heads.heatmap import HeatmapHead
from rmpe.models import DEFAULT_DETECTOR, DEFAULT_POSE
from rmpe.models.card import DetectorCard, InputSpec, PoseCard
from rmpe.models.read import _CARDS as FOLDER
from rmpe.models.read import known_cards, load_card
from rmpe.models.store import find, locate

from ...fuzz import fuzz
from ..mutation import damaged


def edit(tmp_path, name, old, new):
    """Write a card of the package with one thing changed; return its path."""
    text = (FOLDER / f"{name}.toml").read_text()
    assert text.count(old) == 1, f"{old!r} must be in the card once"
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new))
    return path


def test_every_card_of_the_package_can_be_read():
    found = known_cards()
    assert list(found) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert {name for name, card in found.items() if isinstance(card, PoseCard)} == {
        "small_hourglass_coco17",
        "simplepose_coco17",
        "hourglass_aic14",
        "hourglass1_mpii16",
        "hourglass2_mpii16",
        "hourglass8_mpii16",
        "hourglass52_coco17",
        "hourglass52_mpii16",
        "movenet_thunder_coco17",
        "newell_hourglass2_mpii16",
        "newell_hourglass8_mpii16",
        *(f"rtmpose_{size}_coco17" for size in ("t", "s", "m", "l", "l384", "x384")),
        *(f"rtmpose_{size}_halpe26" for size in ("t", "s", "m", "l", "x384")),
        *(f"rtmpose_{size}_wholebody133" for size in ("t", "s", "m", "l", "l384")),
        *(f"rtmw_{size}_wholebody133" for size in ("m", "l", "l384", "x384")),
        *(f"cigpose_{size}_coco17" for size in ("m", "l", "l384")),
        *(f"vitpose_{size}_coco17" for size in ("s", "b", "l", "base_simple")),
    }
    for name, card in found.items():
        assert card.name == name
        assert all(file.folder == FOLDER for file in card.files)


CODE = [
    "__import__('pathlib').Path('planted').touch()",
    "$(touch planted)",
    "; touch planted",
    "!!python/object/apply:os.system ['touch planted']",
    "{0.__class__.__init__.__globals__}",
]


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize("key", ["runtime", "head", "skeleton", "batch_size", "file", "sha256",
                                 "size", "channels", "scale", "mean", "std", "convention",
                                 "padding", "stride", "offset"])  # fmt: skip
def test_values_like_code_are_refused_and_never_run(tmp_path, monkeypatch, key, code):
    monkeypatch.chdir(tmp_path)
    text, found = re.subn(
        rf"(?m)^{key} = .*$", f"{key} = {json.dumps(code)}",
        (FOLDER / "simplepose_coco17.toml").read_text(), count=1,
    )  # fmt: skip
    assert found
    Path("mine.toml").write_text(text)
    with pytest.raises(ModelError, match=rf"mine.toml: (\w+\.)?{key} must be "):
        load_card("mine.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("code", CODE)
def test_texts_like_code_stay_texts(tmp_path, monkeypatch, code):
    monkeypatch.chdir(tmp_path)
    text = (FOLDER / "simplepose_coco17.toml").read_text()
    for key in ("title", "license", "origin", "output"):
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(code)}", text)
    Path("mine.toml").write_text(text)
    card = load_card("mine.toml")
    assert (card.title, card.license, card.origin, card.head.outputs) == (code, code, code, (code,))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("name", [DEFAULT_DETECTOR, DEFAULT_POSE])
def test_what_runs_where_nobody_chooses_comes_with_the_package(name):
    for file in load_card(name).files:
        content = (FOLDER / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256


def test_a_detector_card():
    card = load_card("ssd_mobilenet_v1_coco")
    assert isinstance(card, DetectorCard)
    assert (card.runtime, card.detector.encoding) == ("onnx", "tytxthtw")
    assert card.input == InputSpec("image", (300, 300), "rgb", 1, (128,) * 3, (128,) * 3)
    assert [file.name for file in card.files] == [
        "ssd_mobilenet_v1_coco.onnx",
        "ssd_mobilenet_v1_coco_anchors.npz",
    ]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("ssd300_vgg16", {1: "person", 11: "fire hydrant", 13: "stop sign", 90: "toothbrush"}),
        ("ssd512_vgg16_coco", {1: "person", 17: "dog", 80: "toothbrush"}),
        ("ssd300_vgg16_voc", {1: "aeroplane", 15: "person", 20: "tvmonitor"}),
        ("ssd_person_retail_0013", {1: "person"}),
    ],
)
def test_the_columns_of_a_detector_have_names(name, columns):
    classes = load_card(name).detector.classes
    assert {column: classes[column] for column in columns} == columns
    assert len(classes) == max(columns) + 1
    assert classes[0] == ""


def test_the_columns_of_coco_are_those_of_torchvision():
    from torchvision.models.detection import SSD300_VGG16_Weights

    theirs = SSD300_VGG16_Weights.COCO_V1.meta["categories"]
    ours = [name or "N/A" for name in load_card("ssd300_vgg16").detector.classes]
    assert ours[1:] == theirs[1:]


def test_a_pose_card():
    card = load_card("hourglass_aic14")
    assert isinstance(card, PoseCard)
    assert (card.skeleton.name, card.crop, card.padding) == ("aic_14", "hrnet", 0.25)
    assert card.head == HeatmapHead(
        (), "hrnet", "asymmetric", 4, 0.5, (0.0625, 0.25, 0.375, 0.25, 0.0625)
    )


def test_a_card_says_from_which_score_on_keypoints_are_drawn(tmp_path):
    assert load_card("hourglass_aic14").drawn_score == 0.15
    assert load_card("simplepose_coco17").drawn_score is None
    path = edit(tmp_path, "hourglass_aic14", "drawn_score = 0.15", "drawn_score = 1.5")
    with pytest.raises(ModelError, match="drawn_score must be a number in 0..1, got 1.5"):
        load_card(path)


@pytest.mark.parametrize("stacks", [1, 2, 8])
def test_a_card_of_a_stacked_hourglass(stacks):
    card = load_card(f"hourglass{stacks}_mpii16")
    assert (card.runtime, card.architecture) == ("pytorch", "stacked_hourglass")
    assert dict(card.parameters) == {"stacks": stacks, "blocks": 1, "features": 256}
    assert (card.crop, card.head.convention, card.skeleton.name) == (
        "hourglass",
        "hourglass",
        "mpii_16",
    )
    assert card.network.name == f"bearpaw_hg{stacks}-{card.network.sha256}.pth"
    # What decode does by itself on the grid of the convention.
    assert card.head.offset == (card.head.stride - 1) / 2


def test_a_card_of_the_users_is_named_after_its_file_and_looks_beside_it(tmp_path):
    path = edit(tmp_path, "simplepose_coco17", "padding = 0.25", "padding = 0.5")
    card = load_card(path)
    assert (card.name, card.padding, card.network.folder) == ("mine", 0.5, tmp_path)
    assert load_card(str(path)) == card


def test_the_cards_of_real_files_have_their_hashes(models_dir):
    found = [
        locate(file, models_dir)
        for card in known_cards().values()
        for file in card.files
        if find(file, models_dir) is not None and not (FOLDER / file.name).exists()
    ]
    assert len(found) == 7
    assert {path.parent for path in found} == {models_dir}


@pytest.mark.parametrize("name", sorted(known_cards()))
def test_a_file_that_comes_by_itself_has_the_hash_of_its_name(name):
    file = known_cards()[name].network
    in_name = re.search(r"-([0-9a-f]{8})[_.]", file.name)
    # The hash in the name may be that of what an ONNX file was made of.
    if in_name is None or not file.urls or file.name.endswith(".onnx"):
        return
    assert file.sha256.startswith(in_name[1])
    # All digits, or those that its publisher printed.
    assert len(file.sha256) == 64 or file.sha256 == in_name[1]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="one of cigpose_l384_coco17, .*, got 'yolo'"):
        load_card("yolo")


def test_a_card_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match=r"cannot read the model card .*gone.toml: No such file"):
        load_card(tmp_path / "gone.toml")


@pytest.mark.parametrize("content", [b"kind = ", b"kind = '\xff'"])
def test_a_card_that_is_not_toml(tmp_path, content):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"the model card .*bad.toml is not valid TOML"):
        load_card(path)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("simplepose_coco17", 'kind = "pose"', "", r"kind is missing; .* detector, pose"),
        ("simplepose_coco17", 'kind = "pose"', 'kind = "hat"', "kind must be one of .* got 'hat'"),
        ("simplepose_coco17", "stride = 4", "", r"heatmap.stride is missing; it must be a whole"),
        ("simplepose_coco17", "stride = 4", "stride = true", "heatmap.stride must be .* got True"),
        ("simplepose_coco17", "stride = 4", "stride = 4.5", "heatmap.stride must be .* got 4.5"),
        ("simplepose_coco17", "stride = 4", "stirde = 4", "heatmap.stride is missing"),
        ("simplepose_coco17", "stride = 4", "stride = 4\ntau = 1", "heatmap.tau is not a key"),
        ("simplepose_coco17", "[crop]", "[pad]\n[crop]", "pad is not a key of this kind of card"),
        (
            "simplepose_coco17",
            "batch_size = 1",
            "batch_size = 0",
            "batch_size must be a whole number, 1 to 1024, got 0",
        ),
        ("simplepose_coco17", '"coco_17"', '"coco_18"', "skeleton must be one of coco_17, aic_14"),
        ("simplepose_coco17", '"coco_17"', "[17]", r"skeleton must be one of .* got \[17\]"),
        ("simplepose_coco17", "[256, 192]", "[256]", r"input.size must be \[height, width\]"),
        ("simplepose_coco17", "[256, 192]", "256", r"input.size must be .* got 256"),
        ("simplepose_coco17", '"rgb"', '"gray"', "input.channels must be one of rgb, bgr"),
        ("simplepose_coco17", "0.229", "0", "input.std must be 3 numbers, at least 1e-09, got"),
        ("simplepose_coco17", "0.485", "inf", "input.mean must be 3 numbers, got"),
        ("simplepose_coco17", "0.485", "'0.485'", "input.mean must be 3 numbers, got"),
        ("simplepose_coco17", "offset = -0.5", "offset = nan", "heatmap.offset must be a number"),
        ("simplepose_coco17", "padding = 0.25", "padding = -1", "crop.padding must be a fraction"),
        ("simplepose_coco17", "padding = 0.25", "padding = 1.25", "crop.padding .* below 1"),
        ("simplepose_coco17", '[input]\nname = "data"', "[input]", "input.name is missing"),
        (
            "simplepose_coco17",
            'license = "none stated"',
            'license = " "',
            "license must be a line of text",
        ),
        ("hourglass_aic14", "blur = [0.0625, ", "blur = [", "heatmap.blur must be an odd number"),
        ("hourglass_aic14", "blur = [0.0625", "blur = [0.1", "heatmap.blur .* symmetric"),
        ("ssd_mobilenet_v1_coco", '"tytxthtw"', '"whxy"', "boxes.encoding must be one of"),
        ("ssd_mobilenet_v1_coco", "0.1, 0.1, 0.2", "0.1, 0.2", "boxes.variances must be 4 numbers"),
        ("ssd_mobilenet_v1_coco", "nms_iou = 0.6", "nms_iou = 6", "boxes.nms_iou .* got 6"),
        ("ssd_mobilenet_v1_coco", '"ycxchw"', '"yxhw"', "boxes.anchors.format must be one of"),
        ("ssd_mobilenet_v1_coco", "[boxes.anchors]", "[boxes.a]", "boxes.anchors is missing"),
        ("hourglass1_mpii16", 'url = "https:', 'url = "http:', "network.url must be .* https://"),
        ("ssd300_vgg16", 'url = "https:', 'url = "file:', "network.url must be .* https://"),
        ("ssd300_vgg16", 'url = "https:', 'url = "hf:', "network.url must be an address, https"),
        (
            "hourglass1_mpii16",
            '"ce125879"',
            '"ce1258"',
            "network.sha256 must be 8 to 64 lower-case",
        ),
        ("hourglass1_mpii16", '"ce125879"', '"CE125879"', "network.sha256 must be"),
        ("ssd300_vgg16", 'architecture = "ssd300_vgg16"', "", "architecture is missing"),
        ("ssd300_vgg16", "[output]", '[output]\nboxes = "b"', "output.boxes is not a key"),
    ],
)
def test_wrong_keys_and_values_are_named(tmp_path, name, old, new, message):
    path = edit(tmp_path, name, old, new)
    with pytest.raises(ModelError, match=f"mine.toml: {message}"):
        load_card(path)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("small_ssd_person", [320, 320], r"multiples of 128 for small_ssd, .* size, \[384, 384\]$"),
        ("small_ssd_person", [2048, 1930], r"multiples of 128 for small_ssd, .* \[2048, 2048\]$"),
        ("small_hourglass_coco17", [224, 168], "multiples of 32 for basic_hourglass, "),
        ("hourglass1_mpii16", [256, 32], "multiples of 64 for stacked_hourglass, "),
        ("newell_hourglass2_mpii16", [96, 64], "multiples of 64 for newell_hourglass, "),
        ("hourglass52_coco17", [256, 192], r"multiples of 128 for hourglass52, .* \[256, 256\]$"),
        ("hourglass_aic14", [192, 200], "multiples of 64 for mobile_hourglass, "),
        ("ssd300_vgg16_voc", [300, 267], r"at least 268 for ssd300_vgg16, .* \[300, 268\]$"),
    ],
)
def test_sizes_that_the_architecture_does_not_take(tmp_path, name, size, message):
    """Told when the card is read, by every command in the same way."""
    text = (FOLDER / f"{name}.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(re.sub(r"(?m)^size = .*", f"size = {size}", text))
    got = re.escape(f"got {size}; write what the weights were trained for, or the next size, ")
    with pytest.raises(ModelError, match=f"mine.toml: input.size must be {message}") as caught:
        load_card(path)
    assert re.search(got, str(caught.value))


def test_crops_that_are_too_small_for_a_transformer(tmp_path):
    text = (FOLDER / "small_hourglass_coco17.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(
        text
        + """
[transformer]
architecture = "small_localization"
size = [64, 7]
limits = "scale"
shift = 0.5
zoom = 2
angle = 30
network = { file = "stn.pth" }
small_localization = { width = 8, cells = 4 }
"""
    )
    with pytest.raises(
        ModelError, match="mine.toml: transformer.size must be at least 8 for small_"
    ):
        load_card(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("stride = 4", "stride = " + "9" * 5000, "mine.toml is not valid TOML: "),
        ("stride = 4", "stride = " + "9" * 4000, "mine.toml: heatmap.stride must be a whole .* 99"),
        ("stride = 4", "stride = 0x" + "f" * 9000, "heatmap.stride .* got a number of thousands"),
        ("padding = 0.25", "padding = " + "9" * 400, "mine.toml: crop.padding must be a fraction"),
        ("[0.229,", f"[{'9' * 400},", "mine.toml: input.std must be 3 numbers"),
        ("[0.229,", "[1e-300,", "mine.toml: input.std must be 3 numbers, at least 1e-09"),
        ("stride = 4", f"stride = 4\nblur = [{'9' * 400}]", "mine.toml: heatmap.blur must be"),
        ("stride = 4", "stride = 65", "mine.toml: heatmap.stride must be a whole number, 1 to 64"),
        ("[256, 192]", "[256, 2049]", "mine.toml: input.size must be .* 1 to 2048, got"),
        ("[256, 192]", "[3, 3]", "mine.toml: heatmap.stride must be at most the smaller side"),
        ('"simplepose_coco17.onnx"', f'"{"n" * 256}"', "network.file must be the name of a file"),
        ('"none stated"', '"a\\u001b[31m"', r"license must be a line of text, got 'a\\x1b\[31m'"),
        ('"none stated"', f'{"[" * 3000}{"]" * 3000}', "mine.toml is nested too deeply"),
        ("[crop]", "a." * 30_000 + "a = 1\n[crop]", "mine.toml is nested too deeply"),
        ("[crop]", '["a,"' + ' . "a,"' * 8000 + "]\n[crop]", "mine.toml is nested too deeply"),
        ('"none stated"', "{" + "a." * 30_000 + "a = 1}", "mine.toml is nested too deeply"),
        ('"none stated"', f'"{"x" * 70_000}"', "mine.toml must be at most 64 KiB"),
        ('"none stated"', f'{{ {"x" * 200} = 1 }}', "license must be a line of text, got .*'x+"),
        ("[crop]", '"a\\u001b" = 1\n[crop]', r"input.'a\\x1b' is not a key"),
    ],
)  # fmt: skip
def test_hostile_values_are_named_too(tmp_path, old, new, message):
    path = edit(tmp_path, "simplepose_coco17", old, new)
    with pytest.raises(ModelError, match=message) as caught:
        load_card(path)
    assert len(str(caught.value)) < 5000 + 300


@pytest.mark.parametrize("path", ["/dev/zero.toml", "a\0b.toml", "n" * 300 + ".toml"])
def test_paths_that_cannot_be_read(path):
    with pytest.raises(ModelError, match="cannot read the model card"):
        load_card(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ModelError, match="pipe.toml: it is not a file"):
        load_card(tmp_path / "pipe.toml")


@fuzz(300)
@given(damaged((FOLDER / "hourglass2_mpii16.toml").read_bytes()))
def test_damaged_bytes_give_a_card_or_a_model_error(tmp_path, content):
    (tmp_path / "mine.toml").write_bytes(content)
    try:
        load_card(tmp_path / "mine.toml")
    except ModelError:
        pass


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("9" * 5000),
    lambda values: st.lists(values, max_size=3),
    max_leaves=5,
)


@fuzz(300)
@given(st.sampled_from(sorted(FOLDER.glob("*.toml"))), st.integers(0, 40), VALUES.map(json.dumps))
def test_any_value_in_any_place_gives_a_card_or_a_model_error(tmp_path, card, line, value):
    lines = card.read_text().splitlines()
    position = line % len(lines)
    key, equals, _ = lines[position].partition(" = ")
    if equals:
        lines[position] = key + equals + value
    (tmp_path / "mine.toml").write_text("\n".join(lines))
    try:
        load_card(tmp_path / "mine.toml")
    except ModelError:
        pass


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", r"a\\b", "..", ".hidden", "", "C:x", "~"]
)
def test_a_card_cannot_reach_out_of_the_folders_that_are_searched(tmp_path, name):
    path = edit(tmp_path, "simplepose_coco17", '"simplepose_coco17.onnx"', f'"{name}"')
    with pytest.raises(ModelError, match="network.file must be the name of a file, without a fol"):
        load_card(path)
