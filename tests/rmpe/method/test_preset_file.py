"""Presets of pose NMS in files."""

import json
import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmpe.method.fitted_suppression import FittedSuppression
from rmpe.method.preset_file import load_preset, write_preset
from rmpe.method.suppressions import PRESET_KINDS, SUPPRESSIONS
from rmpe.people import People
from rmpe.skeletons import COCO_17
from rmpe_ext.presets import PRESETS, resolve_preset

from ...fuzz import fuzz

PEOPLE = People(
    keypoints=torch.arange(3 * 17 * 2).view(3, 17, 2).float(),
    keypoint_scores=torch.ones(3, 17),
    boxes=torch.tensor([[0.0, 0.0, 60.0, 100.0]] * 3),
    box_scores=torch.ones(3),
    scores=torch.tensor([0.9, 0.8, 0.7]),
    image_index=torch.zeros(3, dtype=torch.int64),
    image_sizes=((120, 120),),
    skeleton=COCO_17,
)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_file_gives_back_what_was_written(tmp_path, name):
    preset = resolve_preset(name, {"eta": 12.25})
    write_preset(tmp_path / "mine.toml", preset, ["fitted to 150 images"])
    assert load_preset(tmp_path / "mine.toml") == preset
    assert (tmp_path / "mine.toml").read_text().startswith("# fitted to 150 images\n")


@pytest.mark.parametrize("kind", sorted(set(SUPPRESSIONS) - set(PRESET_KINDS)))
def test_other_suppressions_have_files_too(tmp_path, kind):
    fitted = FittedSuppression(kind, dict(SUPPRESSIONS[kind].defaults))
    write_preset(tmp_path / "mine.toml", fitted, ["fitted to 150 images"])
    assert load_preset(tmp_path / "mine.toml") == fitted == load_preset(fitted)


def test_names_and_presets_are_taken_too():
    assert load_preset("rmpe") is PRESETS["rmpe"]
    assert load_preset(PRESETS["rmpe"]) is PRESETS["rmpe"]


def test_file_may_name_the_preset_that_it_goes_out_from(tmp_path):
    (tmp_path / "mine.toml").write_text('preset = "alphapose"\neta = 30.0\n')
    assert load_preset(tmp_path / "mine.toml") == resolve_preset("alphapose", {"eta": 30.0})


@pytest.mark.parametrize(
    "content, message",
    [
        ("sigma1 = ", "mine.toml is not valid"),
        ("sigma3 = 1.0", "mine.toml is not valid: .*sigma3"),
        ('preset = "paper"\nsigma3 = 1.0', "mine.toml is not valid: 'sigma3' is"),
        ("sigma1 = 1.0", "mine.toml is not valid: .*missing .*sigma2"),
        ('preset = "paper"\nsigma1 = -1.0', "mine.toml is not valid: sigma1 must be"),
        ('preset = "papr"', "mine.toml is not valid: preset must be one of"),
        ("preset = []", "mine.toml is not valid: preset must be one of"),
        ('preset = "paper"\nsigma1 = "x"', "mine.toml is not valid: sigma1 must be"),
        ('kind = "paper"', "mine.toml is not valid: kind must be one of alphapose-merge, box-nms,"),
        ("kind = []", "mine.toml is not valid: kind must be one of"),
        ('kind = "oks-nms"', "the parameters of oks-nms must be threshold, got none"),
        ('kind = "oks-nms"\nthreshold = 0.9\neta = 1', "must be threshold, got threshold, eta"),
        ('kind = "oks-nms"\nthreshold = -0.9', "not valid: threshold must be"),
        ('kind = "oks-nms"\nthreshold = "x"', "not valid: threshold must be"),
        (
            'kind = "oks-nms"\nthreshold = 1.5',
            "not valid: threshold must be an OKS in",
        ),
        (
            'kind = "box-nms"\nthreshold = 1.5',
            "not valid: threshold must be an IoU in",
        ),
        ('kind = "soft-oks-nms"\nthreshold = 0', "not valid: threshold must be above 0"),
        ('kind = "nearby-joints"\ndistance = 1\nmax_near = 1e300', r"max_near must be below 2\^63"),
        ('kind = "nearby-joints"\ndistance = 1\nmax_near = 2.5', "max_near must be a whole number"),
        ("a=" + "[" * 5000, "mine.toml is nested too deeply"),
    ],
)
def test_wrong_file_is_refused_with_its_name(tmp_path, content, message):
    (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(ValueError, match=message):
        load_preset(tmp_path / "mine.toml")


VALUES = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


@fuzz(100)
@given(st.sampled_from(sorted(set(SUPPRESSIONS) - set(PRESET_KINDS))), VALUES, st.data())
def test_any_value_is_refused_or_can_be_used(tmp_path_factory, kind, value, data):
    parameters = dict(SUPPRESSIONS[kind].defaults)
    parameters[data.draw(st.sampled_from(sorted(parameters)))] = value
    shown = {
        name: json.dumps(value) if isinstance(value, (bool, str)) else value
        for name, value in {"kind": kind, **parameters}.items()
    }
    path = tmp_path_factory.getbasetemp() / "mine.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in shown.items()))
    try:
        suppress = load_preset(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        keep, _ = suppress(PEOPLE)
        assert keep.shape == (len(PEOPLE),)


def test_missing_file_and_unknown_name():
    with pytest.raises(ValueError, match="cannot read the preset nowhere.toml: No such file"):
        load_preset("nowhere.toml")
    with pytest.raises(ValueError, match="must be one of paper, rmpe, alphapose, or the path"):
        load_preset("papr")


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ValueError, match="cannot read the preset .*pipe.toml: it is not a file"):
        load_preset(tmp_path / "pipe.toml")


def test_comments_stay_comments(tmp_path):
    comment = "fitted to a\neta = 5.0 \x1b \udcff.json"
    write_preset(tmp_path / "mine.toml", load_preset("rmpe"), [comment])
    assert load_preset(tmp_path / "mine.toml").eta == 22.48
