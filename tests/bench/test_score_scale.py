"""Another scale of a detector's scores."""

import sys

import pytest

torch = pytest.importorskip("torch")

from bench import score_scale  # noqa: E402
from rmpe.models.build import load_detector  # noqa: E402
from rmpe.models.read import load_card  # noqa: E402
from rmpe.networks.architectures.small_ssd import SmallSSD  # noqa: E402
from rmpe.training.config import Network, Phase  # noqa: E402
from rmpe.training.detector.config import DetectorConfig, Source, Validation  # noqa: E402
from rmpe.training.detector.export import write_detector_model  # noqa: E402


def test_boxes_stay_and_the_odds_of_scores_are_changed(tmp_path, monkeypatch):
    torch.manual_seed(0)
    numbers = {"width_4": 8, "width_8": 8, "width_16": 8, "width_32": 8, "width_64": 8, "neck": 8}
    network = SmallSSD((8, 8, 8, 8, 8), neck=8).eval()
    config = DetectorConfig(
        task="detector", source=(Source("a", "b"),), validation=Validation("a", "b"),
        network=Network("small_ssd", numbers), phase=(Phase("all", 8, (128, 128), 1e-3),),
    )  # fmt: skip
    card = write_detector_model(tmp_path, "average", network, config, (128, 128))
    words = ["score_scale", str(card), "--a", "2", "--b", "0.5", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", words)
    score_scale.main()
    detector = load_card(tmp_path / "out/detector.toml").detector
    assert (detector.threshold, detector.nms_iou) == (0.25, 0.43)
    image = torch.rand(1, 3, 128, 128)
    before, after = (
        load_detector(path).network(image) for path in (card, tmp_path / "out/detector.toml")
    )
    torch.testing.assert_close(after[0], before[0])
    odds, changed = (logits[..., 1] - logits[..., 0] for _, logits in (before, after))
    torch.testing.assert_close(changed, 2 * odds + 0.5, rtol=0.01, atol=0.02)
