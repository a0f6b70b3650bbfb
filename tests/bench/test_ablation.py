"""The ablation: that its variants differ in one thing each, and that its rows measure."""

from dataclasses import replace

import pytest
import torch

from bench.ablation import __main__ as ablation
from rmpe.datasets import load_dataset
from rmpe.people import People
from rmpe.training.read import parse_config

CONFIGS = {name: parse_config(ablation.config_text(name, 1)) for name in ablation.VARIANTS}


def test_a_variant_differs_from_the_full_method_in_what_it_leaves_out():
    full = CONFIGS["full"]
    assert full.seed == 1 and full.phase[0].transformer and full.transformer.parallel
    assert full.proposals.kind == "fitted"
    assert CONFIGS["without the parallel branch"] == replace(
        full, transformer=replace(full.transformer, parallel=False)
    )
    assert CONFIGS["without transformer and parallel branch"] == replace(
        full, transformer=None, phase=(replace(full.phase[0], transformer=False),)
    )
    assert CONFIGS["without proposals, true boxes"] == replace(
        full,
        proposals=replace(full.proposals, kind="none", file=""),
        augmentation=replace(full.augmentation, shift=0, scale=0),
    )
    assert CONFIGS["random jitter in place of proposals"] == replace(
        full, proposals=replace(full.proposals, kind="jitter")
    )


def test_a_row_measures_what_was_found(data_dir, monkeypatch):
    monkeypatch.setattr(ablation, "RESAMPLES", 20)
    folder = data_dir / "coco-people"
    if not folder.is_dir():
        pytest.skip("needs coco-people")
    dataset = load_dataset(folder / "val.json", folder / "images")
    count = len(dataset.labeled)
    people = People(
        keypoints=torch.from_numpy(dataset.keypoints.copy()).float(),
        keypoint_scores=torch.ones(count, 17),
        boxes=torch.from_numpy(dataset.boxes.copy()).float(),
        box_scores=torch.ones(count),
        scores=torch.ones(count),
        image_index=torch.from_numpy(dataset.image_index.copy()),
        image_sizes=tuple((int(h), int(w)) for h, w in dataset.image_sizes),
        skeleton=dataset.skeleton,
    )
    row = ablation._row("the truth", dataset, people.select(torch.from_numpy(dataset.labeled)))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:2] == ["the truth", "1.000"] and cells[3:5] == ["1.000", "1.000"]


def test_boxes_move_toward_the_people_that_they_overlap_most():
    people = torch.tensor([[0.0, 0, 10, 20], [8, 0, 20, 20]])
    boxes = torch.tensor([[2.0, 0, 14, 20], [9, 0, 19, 20], [40, 0, 50, 20]])
    moved = ablation.toward(boxes, people, 0.5)
    wanted = torch.tensor([[1.0, 0, 12, 20], [8.5, 0, 19.5, 20], [40, 0, 50, 20]])
    torch.testing.assert_close(moved, wanted)
    torch.testing.assert_close(ablation.toward(boxes, people, 0.0), boxes)
    assert ablation.toward(boxes, people[:0], 1.0) is boxes
    assert ablation.toward(boxes[:0], people, 1.0).shape == (0, 4)
