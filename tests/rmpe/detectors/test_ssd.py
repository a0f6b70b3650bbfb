"""The SSD detector: from the outputs of a network to the boxes of people."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch
from torchvision.models import detection

from rmpe.detectors.ssd import SSDDetector
from rmpe.errors import ModelError
from rmpe.inputs.images import read_image
from rmpe.models.build import load_detector
from rmpe.models.card import DetectorCard
from rmpe.models.read import load_card
from rmpe.models.store import locate
from rmpe.networks.pytorch import TorchNetwork

from ..networks.architectures.test_ssd import with_random_weights

ONNX_DETECTORS = ("ssd_mobilenet_v1_coco", "ssd_person_retail_0013")


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
    card = load_card("ssd_person_retail_0013")
    ssd = dataclasses.replace(card.detector, threshold=0.5, **change)
    scores = torch.tensor(person_scores)
    network = FixedNetwork(torch.zeros(len(boxes), 4), torch.stack([1 - scores, scores], 1))
    return SSDDetector(card, ssd, network, torch.tensor(boxes), "xyxy")


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
        ((4, 4), (4, 2), 2, "column of person must be in 0..1, as there are 2 classes, got 2"),
    ],
)
def test_a_network_that_does_not_fit_its_anchors(boxes, scores, person, message):
    card = load_card("ssd_person_retail_0013")
    ssd = dataclasses.replace(card.detector, classes=("",) * person + ("person",))
    network = FixedNetwork(torch.zeros(boxes), torch.zeros(scores))
    with pytest.raises(ModelError, match=message):
        SSDDetector(card, ssd, network, torch.zeros(4, 4), "xyxy")


def two_classes(boxes, scores, classes):
    """Scores are (A, 3): of nothing, of a person and of a dog."""
    card = load_card("ssd_person_retail_0013")
    ssd = dataclasses.replace(card.detector, threshold=0.5, classes=("", "person", "dog"))
    network = FixedNetwork(torch.zeros(len(boxes), 4), torch.tensor(scores))
    return SSDDetector(card, ssd, network, torch.tensor(boxes), "xyxy", classes)


def test_boxes_of_the_classes_that_were_asked_for():
    boxes = [[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.5, 0.9], [0.5, 0.0, 1.0, 1.0]]
    scores = [[0.0, 0.9, 0.6], [0.0, 0.8, 0.7], [0.0, 0.1, 0.5]]
    found = {
        classes: two_classes(boxes, scores, classes)(blank((10, 10)))
        for classes in (("person",), ("dog",), ("dog", "person"))
    }
    assert found["person",].scores.tolist() == pytest.approx([0.9])
    assert found["dog",].scores.tolist() == pytest.approx([0.7, 0.5])
    # The best person and the best dog are at nearly the same place, and both stay.
    both = found["dog", "person"]
    assert both.scores.tolist() == pytest.approx([0.9, 0.7, 0.5])
    assert both.class_index.tolist() == [1, 0, 0]
    assert both.boxes[:, 3].tolist() == pytest.approx([10, 9, 10])


def test_classes_of_several_images_are_told_apart():
    boxes, scores = [[0.0, 0.0, 1.0, 1.0]], [[0.0, 0.9, 0.6]]
    found = two_classes(boxes, scores, ("person", "dog"))(blank((10, 10), (20, 20)))
    assert found.image_index.tolist() == [0, 0, 1, 1]
    assert found.class_index.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("cat",), "classes must be one or more of person, dog, got cat"),
        (("",), "classes must be one or more of person, dog, got "),
        ((), "classes must be one or more of person, dog, got none"),
        (("dog", "dog"), "classes must differ, got dog, dog"),
    ],
)
def test_classes_that_cannot_be_asked_for(classes, message):
    with pytest.raises(ModelError, match=message):
        two_classes([[0.0, 0.0, 1.0, 1.0]], [[0.0, 0.9, 0.6]], classes)


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
    outputs = [card.detector.boxes_output, card.detector.scores_output]
    encoded, scores = session.run(outputs, {card.input.name: batch})
    anchors = np.load(locate(card.detector.anchors.file, models_dir))[
        card.detector.anchors.key
    ].astype(float)
    boxes = []
    for e, a in zip(encoded[0].astype(float), anchors, strict=True):
        if card.detector.anchors.format == "ycxchw":
            ay, ax, ah, aw = a
            ty, tx, th, tw = e
        else:
            ax, ay, aw, ah = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2, a[2] - a[0], a[3] - a[1]
            tx, ty, tw, th = e
        x, y = tx * 0.1 * aw + ax, ty * 0.1 * ah + ay
        bw, bh = np.exp(tw * 0.2) * aw, np.exp(th * 0.2) * ah
        boxes.append([x - bw / 2, y - bh / 2, x + bw / 2, y + bh / 2])
    boxes = np.clip(boxes, 0, 1) * np.tile([image.shape[1], image.shape[0]], 2)
    return boxes, scores[0, :, card.detector.classes.index("person")]


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
        kept = oracle_nms(boxes[sure], scores[sure], card.detector.nms_iou)
        mine = found.image_index == index
        assert mine.sum() == len(kept)
        np.testing.assert_allclose(found.scores[mine], scores[sure][kept], atol=1e-3)
        np.testing.assert_allclose(found.boxes[mine], boxes[sure][kept], atol=0.1)


@pytest.mark.parametrize("name", ["ssd300_vgg16", "ssdlite320_mobilenet_v3_large"])
def test_torchvision_detectors_agree_with_torchvision(name):
    card = load_card(name)
    module = with_random_weights(card)
    weights = module.state_dict()  # before batch norms are folded into convolutions
    height, width = card.input.size
    network = TorchNetwork(
        module, input_shape=(3, height, width), output_shapes=[(None, 4), (None, 91)]
    )
    threshold = 0.05
    detector = SSDDetector(card, card.detector, network, module.anchors(card.input.size), "xyxy")
    generator = torch.Generator().manual_seed(1)
    images = [
        torch.randint(0, 256, (*size, 3), generator=generator, dtype=torch.uint8)
        for size in ((height, width), (400, 640))
    ]
    theirs = getattr(detection, name)(weights=None, weights_backbone=None).eval()
    theirs.load_state_dict(weights)
    theirs.score_thresh, theirs.nms_thresh = threshold, card.detector.nms_iou
    theirs.topk_candidates = theirs.detections_per_img = 100_000
    with torch.inference_mode():
        wanted = theirs([image.permute(2, 0, 1).float() / 255 for image in images])
    found = detector(images, threshold=threshold)
    for index, want in enumerate(wanted):
        people, mine = (
            want["labels"] == card.detector.classes.index("person"),
            found.image_index == index,
        )
        assert people.sum() > 5
        torch.testing.assert_close(found.scores[mine], want["scores"][people], atol=1e-4, rtol=0)
        torch.testing.assert_close(found.boxes[mine], want["boxes"][people], atol=0.1, rtol=0)
