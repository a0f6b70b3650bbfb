"""What ONNX files say of themselves, and cards that contradict it."""

import json

import numpy as np
import pytest

from rmpe.errors import ModelError
from rmpe.models.build import load_pose
from rmpe.models.embedded import Embedded, read_embedded
from rmpe.models.read import _CARDS

from ..onnx_files import constant

SAID = {"input_w": 192, "input_h": 256, "split_ratio": 2.0, "mean": [123.675, 116.28, 103.53],
        "std": [58.395, 57.12, 57.375], "model": "cigpose-m"}  # fmt: skip


def test_what_a_file_of_cigpose_says():
    assert read_embedded({"cigpose_meta": json.dumps(SAID)}) == Embedded(
        (256, 192), 2.0, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "null", '{"input_w": 192}', "[" * 100_000, '{"input_w": "x"}',
             '{"split_ratio": NaN}', '{"split_ratio": true}', '{"mean": [1, 2]}', '{"std": 1}',
             '{"input_w": 1e9, "input_h": -1}', '{"mean": ["a", 1, 2]}']
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(text):
    assert read_embedded({"cigpose_meta": text}) == Embedded()
    assert read_embedded({}) == Embedded()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"input_w": 288, "input_h": 384}, r"input.size must be \(384, 288\), as .*.onnx says"),
        ({"split_ratio": 1.5}, "simcc.split_ratio must be 1.5, as .* got 2.0"),
        ({"mean": [0.5, 0.5, 0.5]}, r"input.mean must be \(0.5, 0.5, 0.5\), as"),
        ({"std": [1, 1, 1]}, r"input.std must be \(1.0, 1.0, 1.0\), as"),
    ],
)
def test_a_card_must_not_contradict_its_file(tmp_path, change, message):
    vectors = {
        "simcc_x": np.zeros((17, 384), np.float32),
        "simcc_y": np.zeros((17, 512), np.float32),
    }
    metadata = {"cigpose_meta": json.dumps(SAID | change)}
    file = "cigpose-m_coco_256x192.onnx"
    constant(tmp_path / file, vectors, "input", [3, 256, 192], metadata=metadata)
    (tmp_path / "mine.toml").write_text((_CARDS / "cigpose_m_coco17.toml").read_text())
    if message is None:
        assert load_pose(tmp_path / "mine.toml").network.output_shapes == ((17, 384), (17, 512))
    else:
        with pytest.raises(ModelError, match=f"model mine: {message}"):
            load_pose(tmp_path / "mine.toml")
