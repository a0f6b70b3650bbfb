"""Labels from a network that finds keypoints again in the mirror."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from rmpe.cli import main
from rmpe.commands import label
from rmpe.datasets import load_dataset
from rmpe.people import People
from rmpe.skeletons import COCO_17, MPII_16
from rmpe.training import labeling
from rmpe.training.labeling import Sureness, sure_keypoints

WIDTH = 200
BOX = torch.tensor([[50.0, 20.0, 110.0, 180.0]])


def people(points, scores, skeleton=COCO_17):
    return People(
        keypoints=points, keypoint_scores=scores, boxes=BOX, box_scores=torch.ones(1),
        scores=torch.ones(1), image_index=torch.zeros(1, dtype=torch.int64),
        image_sizes=((200, WIDTH),), skeleton=skeleton,
    )  # fmt: skip


def pair(shift):
    """A pose, and its mirror image with each keypoint moved by `shift` pixels to the left."""
    random = torch.Generator().manual_seed(0)
    points = BOX[:, None, :2] + torch.rand(1, 17, 2, generator=random) * 60
    back = points.clone()
    back[..., 0] -= shift
    swap = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    mirrored = back[:, swap] * torch.tensor([-1, 1]) + torch.tensor([WIDTH - 1, 0])
    return points, mirrored, swap


def test_what_is_found_again_in_the_mirror_is_sure():
    points, mirrored, _ = pair(0.0)
    ones = torch.ones(1, 17)
    assert sure_keypoints(people(points, ones), people(mirrored, ones), Sureness()).all()


def test_similarity_is_that_of_oks():
    area, sigma = 0.53 * 60 * 160, COCO_17.sigmas[5]
    # The distance at which the similarity of a shoulder is a half.
    distance = (8 * sigma**2 * area * np.log(2)) ** 0.5
    for shift, sure in ((0.98 * distance, True), (1.02 * distance, False)):
        points, mirrored, _ = pair(shift)
        ones = torch.ones(1, 17)
        found = sure_keypoints(people(points, ones), people(mirrored, ones), Sureness(keypoints=1))
        assert found[0, 5] == sure


def test_both_scores_count_and_few_sure_keypoints_are_none():
    points, mirrored, swap = pair(0.0)
    scores, theirs = torch.ones(1, 17), torch.ones(1, 17)
    scores[0, 3] = 0.2
    theirs[0, swap[10]] = 0.2
    found = sure_keypoints(people(points, scores), people(mirrored, theirs), Sureness())
    assert np.flatnonzero(~found[0]).tolist() == [3, 10]
    scores[0, :10] = 0.2
    found = sure_keypoints(people(points, scores), people(mirrored, theirs), Sureness())
    assert not found.any()
    points[0, 4] = torch.nan
    ones = torch.ones(1, 17)
    assert not sure_keypoints(people(points, ones), people(mirrored, ones), Sureness())[0, 4]


def test_skeletons_without_sigmas_are_refused():
    points, scores = torch.zeros(1, 16, 2), torch.ones(1, 16)
    same = people(points, scores, MPII_16)
    with pytest.raises(ValueError, match="must have sigmas, mpii_16 has none"):
        sure_keypoints(same, same, Sureness())


@pytest.mark.parametrize("boxes", [False, True])
def test_photographs_get_annotations_that_can_be_trained_on(
    data_dir, models_dir, tmp_path, capsys, boxes
):
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    source = data_dir / "mmpose-fixtures/coco"
    for path in sorted(source.glob("*.jpg")):
        (photographs / path.name).write_bytes(path.read_bytes())
    (photographs / "broken.jpg").write_bytes(b"no photograph")
    out = tmp_path / "labels.json"
    extra = ["--boxes", str(source / "test_coco.json")] if boxes else []
    status = main([
        "label", str(photographs), "--out", str(out), "--models", str(models_dir),
        "--detector", "ssd_mobilenet_v1_coco", "--pose", "simplepose_coco17", *extra,
    ])  # fmt: skip
    # Of a folder the file that is none is skipped; annotations do not name it.
    assert status == (0 if boxes else 1)
    captured = capsys.readouterr()
    assert ("broken.jpg" in captured.err) is not boxes
    dataset = load_dataset(out, photographs)
    truth = load_dataset(source / "test_coco.json", photographs)
    assert len(dataset) == 4 and dataset.skeleton == COCO_17
    labeled = dataset.visibility > 0
    assert set(labeled.sum(axis=1).tolist()) <= {0, *range(8, 18)} and labeled.any()
    if boxes:
        assert len(dataset.boxes) == len(truth.boxes)
        both = labeled & (truth.visibility > 0)
        distance = np.linalg.norm(dataset.keypoints - truth.keypoints, axis=2)
        sides = np.sqrt(truth.areas)[:, None].repeat(17, axis=1)
        # What it is sure of is mostly right.
        assert np.median((distance / sides)[both]) < 0.1
    assert json.loads(out.read_text())["categories"][0]["keypoints"] == list(COCO_17.keypoints)


def test_a_single_photograph_has_its_own_name(tmp_path, monkeypatch, capsys):
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    pose = SimpleNamespace(card=SimpleNamespace(skeleton=COCO_17))
    estimator = SimpleNamespace(device=torch.device("cpu"), pose=pose)
    monkeypatch.setattr(label, "build_estimator", lambda *arguments, **options: estimator)
    monkeypatch.setattr(labeling, "label_images", lambda *arguments: [[]])
    assert main(["label", str(tmp_path / "a.png"), "--out", str(tmp_path / "l\x1b.json")]) == 0
    found = json.loads((tmp_path / "l\x1b.json").read_text())["images"]
    assert found == [{"id": 1, "file_name": "a.png", "height": 6, "width": 8}]
    assert "\x1b" not in capsys.readouterr().out


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(tmp_path, capsys):
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    assert main(["label", str(tmp_path), "--out", str(tmp_path / "gone/l.json")]) == 2
    assert "gone: there is no such folder" in capsys.readouterr().err
