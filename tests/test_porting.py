"""docs/porting: what its pages say gives the same results as the packages that they start from.

A test compares where its package is installed, as in the nightly workflow. All three, without what
they do not need here::

    pip install transformers addict rich termcolor yapf
    pip install --no-deps rtmlib mmpose mmengine mmcv-lite json_tricks munkres

"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.ops.test_decode import people as heatmaps_of

PAGES = Path(__file__).resolve().parents[1] / "docs" / "porting"
BOXES = np.float32([[20, 10, 160, 300], [200, 80, 330, 260], [5, 150, 300, 290]])  # x1, y1, x2, y2
IMAGE = np.random.default_rng(0).integers(0, 256, (320, 400, 3), dtype=np.uint8)
PIXELS, SCORES = dict(rtol=0, atol=1e-3), dict(rtol=0, atol=1e-5)


def run(page, kind, **names):
    """Run the page's blocks of one kind, one after the other, and return their names."""
    path = PAGES / f"{page}.md"
    if not path.is_file():
        pytest.skip(f"needs {path.name} of the sources")
    blocks = re.findall(rf'^```python title="{kind}"\n(.*?)^```$', path.read_text(), re.M | re.S)
    assert blocks, f"{path.name} has no block {kind}"
    for block in blocks:
        exec(compile(block, f"{path.name} ({kind})", "exec"), names)
    return SimpleNamespace(**names)


def assert_equal(have, want):
    np.testing.assert_allclose(np.asarray(have.keypoints), np.asarray(want.keypoints), **PIXELS)
    np.testing.assert_allclose(np.asarray(have.scores), np.asarray(want.scores), **SCORES)


@pytest.fixture
def rtmpose(tmp_path, monkeypatch):
    """A network that answers every crop with the same SimCC vectors, as a file of RTMPose's kind."""
    onnx = pytest.importorskip("onnx")
    helper, rng = onnx.helper, np.random.default_rng(1)
    nodes, outputs, weights = [], [], []
    for name, size in (("simcc_x", 384), ("simcc_y", 512)):
        vectors = rng.uniform(0, 1, (1, 17, size)).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(vectors, f"{name}_vectors"))
        nodes.append(helper.make_node("Add", [f"{name}_vectors", "zero"], [name]))
        outputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 17, size]))
    weights.append(onnx.numpy_helper.from_array(np.float32([0]), "nothing"))
    weights.append(onnx.numpy_helper.from_array(np.int64([1, 2]), "axes"))
    nodes = [  # (n, 1, 1) of zeros, so that there is an answer for each crop
        helper.make_node("ReduceMean", ["input", "every"], ["mean"], keepdims=1),
        helper.make_node("Squeeze", ["mean", "last"], ["squeezed"]),
        helper.make_node("Mul", ["squeezed", "nothing"], ["zero"]),
        *nodes,
    ]
    weights.append(onnx.numpy_helper.from_array(np.int64([1, 2, 3]), "every"))
    weights.append(onnx.numpy_helper.from_array(np.int64([3]), "last"))
    shape = ["n", 3, 256, 192]
    given = [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "rtmpose", given, outputs, weights)
    opset = [helper.make_opsetid("", 18)]
    onnx.save(
        helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "rtmpose.onnx"
    )
    monkeypatch.chdir(tmp_path)


def test_rtmlib(rtmpose):
    after = run("rtmlib", "after", image=IMAGE, boxes=BOXES)
    assert after.keypoints.shape == (3, 17, 2)
    pytest.importorskip("rtmlib", reason="needs rtmlib")
    assert_equal(after, run("rtmlib", "before", image=IMAGE, boxes=BOXES))


def test_vitpose_of_rtmlib():
    import rmpe_ext.numpy as ops

    heatmaps = heatmaps_of((3, 17, 64, 48), 2).numpy()
    have = run("rtmlib", "vitpose", ops=ops, heatmaps=heatmaps)
    assert have.keypoints.shape == (3, 17, 2)
    rtmlib = pytest.importorskip("rtmlib.tools.pose_estimation", reason="needs rtmlib")
    model = object.__new__(rtmlib.ViTPose)
    size = np.array([47.0, 63.0])  # a box for which image pixels are heatmap pixels
    keypoints, scores = model.postprocess([heatmaps.copy()], size / 2, size)
    assert_equal(have, SimpleNamespace(keypoints=keypoints, scores=scores))


def test_vitpose_of_hugging_face():
    sizes = BOXES.copy()
    sizes[:, 2:] -= sizes[:, :2]
    heatmaps = heatmaps_of((3, 17, 64, 48), 3)
    seen = []

    def model(pixels):
        seen.append(pixels)
        return SimpleNamespace(heatmaps=heatmaps)

    names = dict(image=IMAGE, boxes=sizes, model=model)
    after = run("huggingface-vitpose", "after", **names)
    assert after.keypoints.shape == (3, 17, 2)
    pytest.importorskip("transformers", reason="needs transformers")
    assert_equal(after, run("huggingface-vitpose", "before", **names))
    gray_level = 1 / 255 / 0.224
    close = (seen[0] - seen[1]).abs() <= 1.1 * gray_level
    # All but those at the image's border, which SciPy leaves out.
    assert close.float().mean() > 0.99


def test_mmpose():
    heatmaps = heatmaps_of((3, 17, 64, 48), 4)
    names = dict(image=torch.from_numpy(IMAGE), boxes=torch.from_numpy(BOXES))
    after = run("mmpose", "after", model=lambda crops: heatmaps, **names)
    assert after.keypoints.shape == (3, 17, 2)
    pytest.importorskip("mmpose", reason="needs mmpose")
    for i, box in enumerate(BOXES):
        center, scale = (box[:2] + box[2:]) / 2, 1.25 * (box[2:] - box[:2])
        scale = np.maximum(scale, scale[::-1] * [192 / 256, 256 / 192])
        names = dict(heatmaps=heatmaps[i].numpy(), center=center, scale=scale)
        want = run("mmpose", "before", **names)
        assert_equal(
            SimpleNamespace(keypoints=after.keypoints[i], scores=after.scores[i]),
            SimpleNamespace(keypoints=want.keypoints[0], scores=want.scores[0]),
        )


def test_alphapose(tmp_path, monkeypatch):
    """Two poses of one person, and one in another image that has the same place."""
    rng = np.random.default_rng(5)
    pose = np.column_stack([rng.uniform(0, 100, (17, 2)), np.full(17, 0.8)])
    near = pose + [0.2, 0, -0.2]
    box = [0, 0, 100, 100]
    listed = [
        {"image_id": name, "keypoints": p.ravel().tolist(), "score": score, "box": box}
        for name, p, score in (("b.jpg", near, 1.0), ("b.jpg", pose, 2.0), ("a.jpg", near, 1.5))
    ]
    (tmp_path / "alphapose-results.json").write_text(json.dumps(listed))
    monkeypatch.chdir(tmp_path)
    result = run("alphapose", "after")
    assert result.names.tolist() == ["a.jpg", "b.jpg"]
    assert result.kept.keep.tolist() == [False, True, True]
    assert result.poses[0].shape == (2, 17, 2)
    weights = np.array([0.8, 0.6])
    x = (weights * [pose[0, 0], near[0, 0]]).sum() / weights.sum()
    np.testing.assert_allclose(result.poses[0][0, 0, 0], x, rtol=1e-5)
