"""Networks on onnxruntime and torch, and the detector and pose estimator around them."""

import dataclasses
import hashlib

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from rmpe.card import _CARDS, DetectorCard, ModelError, load_card, locate
from rmpe.inputs.images import read_image
from rmpe.networks import (
    HeatmapPose,
    OnnxNetwork,
    SSDDetector,
    TorchNetwork,
    load_detector,
    load_pose,
)
from rmpe.networks.ssd import TorchvisionSSD

ONNX_DETECTORS = ("ssd_mobilenet_v1_coco", "ssd_person_retail_0013")
ONNX_POSES = ("simplepose_coco17", "hourglass_aic14")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def write_onnx(path, batch="N", shape=(3, 4, 5), dtype=TensorProto.FLOAT):
    """A network that doubles its input, and also returns its negative."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["image", "image"], ["double"]),
            helper.make_node("Neg", ["image"], ["negative"]),
        ],
        "tiny",
        [value("image", dtype, [batch, *shape])],
        [value(name, dtype, [batch, *shape]) for name in ("double", "negative")],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


def open_onnx(path, **change):
    options = {
        "input_name": "image",
        "input_shape": (3, 4, 5),
        "output_names": ["negative", "double"],
        "output_shapes": [(3, 4, 5), (3, None, 5)],
    }
    return OnnxNetwork(path, **{**options, **change})


class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append(len(x))
        return -x, x + x


def open_torch(module=None, **change):
    options = {"input_shape": (3, 4, 5), "output_shapes": [(3, 4, 5), (3, None, 5)]}
    return TorchNetwork(module or Doubling(), **{**options, **change})


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 65])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("runtime", ["onnx", "onnx, N = 1", "torch"])
def test_batches_of_any_size_are_cut_and_joined(tmp_path, two_threads, runtime, batch_size, count):
    if runtime == "torch":
        network = open_torch(batch_size=batch_size)
    else:
        path = write_onnx(tmp_path / "tiny.onnx", batch=1 if "=" in runtime else "N")
        network = open_onnx(path, batch_size=batch_size)
    batch = torch.randn(count, 3, 4, 5)
    negative, double = network(batch)
    assert torch.equal(negative, -batch)
    assert torch.equal(double, batch + batch)


def test_an_empty_batch_calls_no_network():
    module = Doubling()
    network = open_torch(module, batch_size=2)
    module.calls.clear()
    assert [output.shape for output in network(torch.empty(0, 3, 4, 5))] == [(0, 3, 4, 5)] * 2
    assert module.calls == []
    network(torch.zeros(5, 3, 4, 5))
    assert module.calls == [2, 2, 1]


class Cramped(Doubling):
    """A network on a GPU whose memory lets few items through at a time."""

    def __init__(self, most, error=None):
        super().__init__()
        self.most = most
        self.error = error or torch.cuda.OutOfMemoryError("CUDA out of memory")

    def forward(self, x):
        outputs = super().forward(x)
        if len(x) > self.most:
            raise self.error
        return outputs


@pytest.fixture(params=["onnx", "torch"])
def cramped(request, tmp_path, monkeypatch):
    """Opens a network that lets few items through at a time; its module lists the calls."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # As on a GPU, one call after the other.

    def open_cramped(most, batch_size):
        module = Cramped(most)
        if request.param == "torch":
            network = open_torch(module, batch_size=batch_size)
            module.calls.clear()
            return network, module
        network = open_onnx(write_onnx(tmp_path / "tiny.onnx"), batch_size=batch_size)
        module.error = RuntimeError("Failed to allocate memory for requested buffer of size 64")
        run = network._run

        def run_cramped(session, batch, outputs):
            module(batch)
            run(session, batch, outputs)

        monkeypatch.setattr(network, "_run", run_cramped)
        return network, module

    yield open_cramped
    torch.set_num_threads(before)


def test_calls_that_do_not_fit_are_halved_and_stay_so(cramped):
    network, module = cramped(most=3, batch_size=8)
    batch = torch.randn(9, 3, 4, 5)
    assert torch.equal(network(batch)[1], 2 * batch)
    assert module.calls == [8, 4, 2, 2, 2, 2, 1]
    module.calls.clear()
    assert torch.equal(network(batch[:5])[1], 2 * batch[:5])
    assert module.calls == [2, 2, 1]


def test_a_small_batch_leaves_the_size_of_calls_alone(cramped):
    network, module = cramped(most=8, batch_size=8)
    for count in (3, 8):
        network(torch.zeros(count, 3, 4, 5))
    assert module.calls == [3, 8]


def test_a_single_item_that_does_not_fit_is_an_error(cramped):
    network, module = cramped(most=1, batch_size=8)
    module.most = 0
    with pytest.raises(RuntimeError, match="memory"):
        network(torch.zeros(3, 3, 4, 5))
    assert module.calls == [3, 1]


def test_other_errors_of_a_module_are_not_tried_again():
    module = Cramped(most=2, error=RuntimeError("some defect"))
    network = open_torch(module)
    module.calls.clear()
    with pytest.raises(RuntimeError, match="some defect"):
        network(torch.zeros(4, 3, 4, 5))
    assert module.calls == [4]


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_views_are_read_as_what_they_show(tmp_path, runtime):
    network = open_torch() if runtime == "torch" else open_onnx(write_onnx(tmp_path / "t.onnx"))
    batch = torch.randn(9, 5, 4, 6)[::2].permute(0, 3, 2, 1)[:, 1:4]
    assert torch.equal(network(batch)[1], 2 * batch)


def test_results_can_be_changed_in_place_and_modules_are_in_evaluation():
    network = open_torch(nn.Sequential(nn.Dropout(0.9)), output_shapes=[(3, 4, 5)])
    (output,) = network(torch.ones(2, 3, 4, 5))
    output += 1
    assert (output == 2).all()
    assert not output.requires_grad


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (torch.zeros(2, 3, 5, 4), ValueError, r"batch must be \(N, 3, 4, 5\), got \(2, 3, 5, 4\)"),
        (torch.zeros(3, 4, 5), ValueError, r"batch must be \(N, 3, 4, 5\), got \(3, 4, 5\)"),
        (torch.zeros(2, 3, 4, 5).double(), TypeError, "batch must be float32, got torch.float64"),
        (torch.zeros(2, 3, 4, 5, device="meta"), ValueError, r"network \(cpu\), got meta"),
    ],
)
def test_other_batches_are_refused(tmp_path, runtime, batch, error, message):
    network = open_torch() if runtime == "torch" else open_onnx(write_onnx(tmp_path / "t.onnx"))
    with pytest.raises(error, match=message):
        network(batch)


@pytest.mark.parametrize(
    ("file", "asked", "message"),
    [
        ({}, {"input_name": "data"}, r"only input is data \(N, 3, 4, 5\) float, got image \(N, 3"),
        ({"shape": (3, 5, 4)}, {}, r"\(N, 3, 4, 5\) float, got image \(N, 3, 5, 4\) float"),
        ({"dtype": TensorProto.DOUBLE}, {}, r"got image \(N, 3, 4, 5\) double"),
        ({"batch": 2}, {}, r"first axis is the batch and must be free or 1, got image \(2, 3"),
        ({}, {"output_names": ["half"]}, r"an output half, got double \(N, 3, 4, 5\) float, neg"),
        ({}, {"output_shapes": [(3, 4, 5), (3, None, 6)]}, r"and \(N, 3, \?, 6\) by .*\(N, 3, 4"),
        ({}, {"output_shapes": [(3, 4, 5), (3, 4)]}, r"outputs must be .* and \(N, 3, 4\)"),
    ],
)
def test_an_onnx_file_that_is_not_as_its_card_says(tmp_path, file, asked, message):
    path = write_onnx(tmp_path / "tiny.onnx", **file)
    with pytest.raises(ModelError, match=f"tiny.onnx: .*{message}"):
        open_onnx(path, **asked)


def test_a_damaged_onnx_file(tmp_path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(write_onnx(path).read_bytes()[:100])
    with pytest.raises(ModelError, match="onnxruntime cannot load .*tiny.onnx"):
        open_onnx(path)


def test_cuda_without_the_package_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="cannot use CUDA: replace it by onnxruntime-gpu"):
        open_onnx(write_onnx(tmp_path / "tiny.onnx"), device="cuda")


def test_other_devices(tmp_path):
    with pytest.raises(ModelError, match="must be cpu or cuda, got meta"):
        open_onnx(write_onnx(tmp_path / "tiny.onnx"), device="meta")


def test_a_module_with_other_outputs_than_its_card_says():
    with pytest.raises(ModelError, match=r"Doubling: the outputs must be \(N, 3, 4\) by .* got"):
        open_torch(output_shapes=[(3, 4)])


# Detectors


@dataclasses.dataclass
class FixedNetwork:
    """Answers with the same boxes and scores for every image."""

    boxes: torch.Tensor
    scores: torch.Tensor
    device: torch.device = torch.device("cpu")

    @property
    def output_shapes(self):
        return tuple(self.boxes.shape), tuple(self.scores.shape)

    def __call__(self, batch):
        return tuple(x.expand(len(batch), *x.shape) for x in (self.boxes, self.scores))


def fixed_detector(boxes, person_scores, **change):
    """Anchors that are ``boxes`` themselves, in fractions, with the given scores."""
    card = dataclasses.replace(load_card("ssd_person_retail_0013"), threshold=0.5, **change)
    scores = torch.tensor(person_scores)
    network = FixedNetwork(torch.zeros(len(boxes), 4), torch.stack([1 - scores, scores], 1))
    return SSDDetector(card, network, torch.tensor(boxes), "xyxy")


def blank(*sizes):
    return [torch.zeros(*size, 3, dtype=torch.uint8) for size in sizes]


def test_boxes_are_in_pixels_of_their_image_best_first():
    detector = fixed_detector([[0.0, 0.0, 0.5, 1.0], [0.5, 0.5, 1.0, 1.0]], [0.6, 0.9])
    found = detector(blank((100, 200), (10, 40)))
    assert found.image_index.tolist() == [0, 0, 1, 1]
    assert found.boxes.tolist() == [
        [100, 50, 200, 100],
        [0, 0, 100, 100],
        [20, 5, 40, 10],
        [0, 0, 20, 10],
    ]
    assert found.scores.tolist() == pytest.approx([0.9, 0.6, 0.9, 0.6])


def test_the_threshold_is_included_and_can_be_changed():
    detector = fixed_detector([[0.0, 0.0, 0.5, 1.0], [0.5, 0.5, 1.0, 1.0]], [0.5, 0.25])
    image = blank((8, 8))
    assert [len(detector(image, threshold=t)) for t in (None, 0.25, 0.3, 1)] == [1, 2, 1, 0]
    with pytest.raises(ValueError, match="threshold must be in 0..1, got 1.5"):
        detector(image, threshold=1.5)


def test_boxes_reach_no_further_than_the_image_and_have_an_area():
    nan = float("nan")
    boxes = [
        [-0.5, 0.25, 0.5, 2.0],
        [1.1, 0.0, 1.5, 1.0],
        [0.6, 0.0, 0.6, 1.0],
        [nan, 0.0, 0.9, 0.9],
    ]
    found = fixed_detector(boxes, [0.9] * 4)(blank((100, 100)))
    assert found.boxes.tolist() == [[0, 25, 50, 100]]


def test_an_encoding_that_overflows_is_dropped():
    detector = fixed_detector([[0.2, 0.2, 0.4, 0.4]] * 2, [0.9, 0.8])
    detector.network.boxes[0] = torch.tensor([0.0, 0.0, 1e4, 1e4])
    detector.network.boxes[1] = torch.tensor([float("inf"), 0.0, 0.0, 0.0])
    assert len(detector(blank((100, 100)))) <= 1
    assert detector(blank((100, 100))).boxes.isfinite().all()


def test_nothing_found_and_nothing_to_look_at():
    detector = fixed_detector([[0.0, 0.0, 1.0, 1.0]], [0.1])
    for images in ([], blank((4, 4), (5, 5))):
        found = detector(images)
        assert found.boxes.shape == (0, 4)
        assert (found.scores.shape, found.image_index.dtype) == ((0,), torch.int64)


def test_images_are_checked():
    detector = fixed_detector([[0.0, 0.0, 1.0, 1.0]], [0.1])
    with pytest.raises(TypeError, match="uint8"):
        detector([torch.zeros(4, 4, 3)])
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        detector([torch.zeros(4, 4, 4, dtype=torch.uint8)])


@pytest.mark.parametrize(
    ("boxes", "scores", "person", "message"),
    [
        ((5, 4), (5, 2), 1, r"as there are 4 anchors, got \(N, 5, 4\) and \(N, 5, 2\)"),
        ((4, 4), (5, 2), 1, r"got \(N, 4, 4\) and \(N, 5, 2\)"),
        ((4, 4), (4, 2), 2, "column of people must be in 0..1, as there are 2 classes, got 2"),
    ],
)
def test_a_network_that_does_not_fit_its_anchors(boxes, scores, person, message):
    card = dataclasses.replace(load_card("ssd_person_retail_0013"), person=person)
    network = FixedNetwork(torch.zeros(boxes), torch.zeros(scores))
    with pytest.raises(ModelError, match=message):
        SSDDetector(card, network, torch.zeros(4, 4), "xyxy")


def oracle_detect(card: DetectorCard, models_dir, image):
    """One image through onnxruntime, decoded by loops in float64: boxes and scores."""
    import onnxruntime

    h, w = card.input.size
    # From floats: on bytes, OpenCV rounds what it interpolates.
    pixels = cv2.resize(image.astype(np.float32), (w, h))
    if card.input.channels == "bgr":
        pixels = pixels[:, :, ::-1]
    pixels = (pixels * card.input.scale - card.input.mean) / card.input.std
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)
    session = onnxruntime.InferenceSession(locate(card.network, models_dir))
    outputs = [card.boxes_output, card.scores_output]
    encoded, scores = session.run(outputs, {card.input.name: batch})
    anchors = np.load(locate(card.anchors.file, models_dir))[card.anchors.key].astype(float)
    boxes = []
    for e, a in zip(encoded[0].astype(float), anchors, strict=True):
        if card.anchors.format == "ycxchw":
            ay, ax, ah, aw = a
            ty, tx, th, tw = e
        else:
            ax, ay, aw, ah = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2, a[2] - a[0], a[3] - a[1]
            tx, ty, tw, th = e
        x, y = tx * 0.1 * aw + ax, ty * 0.1 * ah + ay
        bw, bh = np.exp(tw * 0.2) * aw, np.exp(th * 0.2) * ah
        boxes.append([x - bw / 2, y - bh / 2, x + bw / 2, y + bh / 2])
    boxes = np.clip(boxes, 0, 1) * np.tile([image.shape[1], image.shape[0]], 2)
    return boxes, scores[0, :, card.person]


def oracle_nms(boxes, scores, threshold):
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        b = boxes[i]
        overlaps = []
        for k in kept:
            c = boxes[k]
            side = np.minimum(b[2:], c[2:]) - np.maximum(b[:2], c[:2])
            shared = side.prod() if (side > 0).all() else 0.0
            area = (b[2:] - b[:2]).prod() + (c[2:] - c[:2]).prod() - shared
            overlaps.append(shared / area)
        if not overlaps or max(overlaps) <= threshold:
            kept.append(i)
    return kept


@pytest.mark.parametrize("name", ONNX_DETECTORS)
def test_real_detectors_find_what_a_plain_decoder_finds(name, models_dir, data_dir):
    detector = load_detector(name, models_dir=models_dir)
    card = detector.card
    paths = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[:3]
    images = [read_image(path) for path in paths]
    found = detector([torch.from_numpy(image) for image in images], threshold=0.4)
    assert len(found)
    for index, image in enumerate(images):
        boxes, scores = oracle_detect(card, models_dir, image)
        sure = scores >= 0.4
        kept = oracle_nms(boxes[sure], scores[sure], card.nms_iou)
        mine = found.image_index == index
        assert mine.sum() == len(kept)
        np.testing.assert_allclose(found.scores[mine], scores[sure][kept], atol=1e-3)
        np.testing.assert_allclose(found.boxes[mine], boxes[sure][kept], atol=0.1)


def with_random_weights(card):
    """The adaptor with random weights, but outputs of a trained network's size."""
    generator = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        module = TorchvisionSSD(card.architecture)
    weights = {}
    for name, value in module.state_dict().items():
        if value.dim() > 1:
            spread = (2.0 / value[0].numel()) ** 0.5
            weights[name] = spread * torch.randn(value.shape, generator=generator)
        elif name.endswith(("running_var", "scale_weight")) or name.endswith("1.weight"):
            weights[name] = torch.ones(value.shape)
        else:
            weights[name] = torch.zeros(value.shape, dtype=value.dtype)
    module.load_state_dict(weights, assign=True)
    module.eval()
    noise = torch.rand(1, 3, *card.input.size, generator=generator) - 0.5
    head = module.ssd.head
    with torch.no_grad():
        boxes, logits = module(noise / card.input.std[0])
        for part, spread in ((head.regression_head, 0.5 / boxes.std()),
                             (head.classification_head, 2.5 / logits.std())):  # fmt: skip
            for weight in part.parameters():
                weight *= spread
    return module


@pytest.mark.parametrize("name", ["ssd300_vgg16", "ssdlite320_mobilenet_v3_large"])
def test_torchvision_detectors_agree_with_torchvision(name):
    card = load_card(name)
    module = with_random_weights(card)
    height, width = card.input.size
    network = TorchNetwork(
        module, input_shape=(3, height, width), output_shapes=[(None, 4), (None, 91)]
    )
    threshold = 0.05
    detector = SSDDetector(card, network, module.anchors(card.input.size), "xyxy")
    generator = torch.Generator().manual_seed(1)
    images = [
        torch.randint(0, 256, (*size, 3), generator=generator, dtype=torch.uint8)
        for size in ((height, width), (400, 640))
    ]
    theirs = module.ssd
    theirs.score_thresh, theirs.nms_thresh = threshold, card.nms_iou
    theirs.topk_candidates = theirs.detections_per_img = 100_000
    with torch.inference_mode():
        wanted = theirs([image.permute(2, 0, 1).float() / 255 for image in images])
    found = detector(images, threshold=threshold)
    for index, want in enumerate(wanted):
        people, mine = want["labels"] == card.person, found.image_index == index
        assert people.sum() > 5
        torch.testing.assert_close(found.scores[mine], want["scores"][people], atol=1e-4, rtol=0)
        torch.testing.assert_close(found.boxes[mine], want["boxes"][people], atol=0.1, rtol=0)


def test_a_torchvision_card_is_loaded_with_its_weights(tmp_path):
    module = with_random_weights(load_card("ssdlite320_mobilenet_v3_large"))
    torch.save(module.ssd.state_dict(), tmp_path / "net.pth")
    digest = hashlib.sha256((tmp_path / "net.pth").read_bytes()).hexdigest()
    text = (_CARDS / "ssdlite320_mobilenet_v3_large.toml").read_text()
    text = text.replace('"ssdlite320_mobilenet_v3_large_coco-a79551df.pth"', '"net.pth"')
    text = text.replace('"a79551df"', f'"{digest[:8]}"')
    (tmp_path / "mine.toml").write_text(text)
    detector = load_detector(tmp_path / "mine.toml")
    batch = torch.randn(1, 3, 320, 320)
    with torch.no_grad():
        torch.testing.assert_close(detector.network(batch), module(batch))


def test_an_unknown_architecture():
    with pytest.raises(ModelError, match="architecture must be one of ssd300_vgg16, .* got 'yolo'"):
        TorchvisionSSD("yolo")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"other": np.zeros((1917, 4))}, "cannot read the anchors anchors_ycxchw from .*a.npz"),
        ({"anchors_ycxchw": np.zeros(4)}, r"anchors_ycxchw must be \(A, 4\), got \(4,\)"),
        ({"anchors_ycxchw": np.array([None])}, "cannot read the anchors"),
        ({"anchors_ycxchw": np.zeros((7, 4), np.float32)}, r"outputs must be \(N, 7, 4\)"),
    ],
)
def test_wrong_anchors(models_dir, tmp_path, values, message):
    np.savez(tmp_path / "a.npz", **values)
    card = load_card("ssd_mobilenet_v1_coco")
    digest = hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    text = (_CARDS / "ssd_mobilenet_v1_coco.toml").read_text()
    text = text.replace(card.anchors.file.name, "a.npz").replace(card.anchors.file.sha256, digest)
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_detector(tmp_path / "mine.toml", models_dir=models_dir)


# Pose estimators


@pytest.mark.parametrize("name", ONNX_POSES)
def test_real_pose_networks_give_what_onnxruntime_gives(name, models_dir, data_dir):
    import onnxruntime

    pose = load_pose(name, models_dir=models_dir)
    card = pose.card
    h, w = card.input.size
    paths = sorted((data_dir / "coco-mini" / "images").glob("*.jpg"))[:5]
    photos = np.stack([cv2.resize(read_image(path), (w, h)) for path in paths]).astype(np.float32)
    if card.input.channels == "bgr":
        photos = photos[..., ::-1]
    batch = (photos * card.input.scale - card.input.mean) / card.input.std
    batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32)
    session = onnxruntime.InferenceSession(locate(card.network, models_dir))
    (want,) = session.run([card.heatmaps_output], {card.input.name: batch})
    if card.blur is not None:
        want = np.array([[cv2.GaussianBlur(m, (5, 5), 0) for m in maps] for maps in want])
    for count in (0, 1, 5):
        found = pose(torch.from_numpy(batch[:count]))
        assert found.shape == (count, len(card.skeleton), h // 4, w // 4)
        np.testing.assert_allclose(found, want[:count], atol=1e-4)


def test_the_blur_is_that_of_opencv_up_to_the_border():
    card = load_card("hourglass_aic14")
    maps = torch.rand(2, 14, 48, 47)
    network = TorchNetwork(nn.Identity(), input_shape=(14, 48, 47), output_shapes=[(14, 48, 47)])
    found = HeatmapPose(card, network)(maps)
    want = [[cv2.GaussianBlur(m, (5, 5), 0) for m in person] for person in maps.numpy()]
    np.testing.assert_allclose(found, np.array(want), atol=1e-6)


def test_heatmaps_must_be_those_of_the_skeleton():
    network = TorchNetwork(nn.Identity(), input_shape=(16, 8, 8), output_shapes=[(16, 8, 8)])
    with pytest.raises(ModelError, match=r"\(N, 17, H, W\) for .* coco_17, got \(N, 16, 8, 8\)"):
        HeatmapPose(load_card("simplepose_coco17"), network)


def test_a_blur_wider_than_the_heatmaps():
    network = TorchNetwork(nn.Identity(), input_shape=(14, 8, 2), output_shapes=[(14, 8, 2)])
    with pytest.raises(ModelError, match="blur of 5 weights is too wide for heatmaps of 8x2"):
        HeatmapPose(load_card("hourglass_aic14"), network)


def test_detectors_and_pose_networks_are_not_mixed_up():
    with pytest.raises(ModelError, match="simplepose_coco17 is a pose network; a detector is"):
        load_detector("simplepose_coco17")
    with pytest.raises(ModelError, match="ssd_mobilenet_v1_coco is a detector; a pose network is"):
        load_pose("ssd_mobilenet_v1_coco")
