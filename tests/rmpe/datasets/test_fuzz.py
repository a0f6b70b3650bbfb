"""Mutated annotations: a data set that can be measured on, or the reader's own error."""

import copy
import json
import random

import numpy as np
import pytest

from rmpe.datasets import load_dataset
from rmpe.datasets.dataset import DatasetError
from rmpe.metrics.keypoint_ap import average_precision
from rmpe.metrics.pckh import pckh
from rmpe.metrics.predictions import Predictions
from rmpe.skeletons import COCO_17

from ...fuzz import inputs
from ..coco_annotations import annotations, person

INPUTS = inputs(1000)

ODD = (
    None, True, False, 0, 1, 2, -1, 0.5, 1e308, -1e308, 2**31, 2**63, 10**400, float("nan"),
    float("inf"), "", "1", "person", "1.png", "../1.png", "/", "\0", "\ud800", "x" * 5000, [], {},
    [[]], [0] * 4, [0] * 51, ["nose"] * 17, {"id": 1}, list(COCO_17.keypoints),
)  # fmt: skip


def nodes(value):
    """Every list or object within a value, itself included, that has something in it."""
    if isinstance(value, (list, dict)) and value:
        yield value
        for child in value if isinstance(value, list) else value.values():
            yield from nodes(child)


def mutated(content, chance):
    """Change values of annotations, then perhaps bytes of the file."""
    content = copy.deepcopy(content)
    for _ in range(chance.choice([1, 1, 2, 3])):
        node = chance.choice(list(nodes(content)) or [content])
        key = chance.choice(range(len(node)) if isinstance(node, list) else list(node) or ["id"])
        action = chance.randrange(6)
        if action == 0 and node:
            del node[key]
        elif action == 1 and isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        elif action >= 4:
            node[key] = chance.choice([0, 1, 2, 1.5, chance.randrange(10_000), chance.random()])
        else:
            node[key] = copy.deepcopy(chance.choice(ODD))
    text = json.dumps(content, ensure_ascii=chance.random() < 0.5)
    data = text.encode(chance.choice(["utf-8", "utf-8-sig", "utf-16"]), "surrogatepass")
    if chance.random() < 0.1:
        position = chance.randrange(len(data))
        insertion = chance.choice([b"", b"\0", b"\xff", b"[" * 3000, b"9" * 5000, b'"', b"}"])
        data = data[:position] + insertion + data[position + chance.randrange(3) :]
    return data


def coco():
    images = [{"id": i, "file_name": f"{i}.png", "width": 9, "height": 9} for i in (1, 2)]
    people = [person(id=1), person(id=2, image_id=2), person(id=3, iscrowd=1)]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO_17.keypoints)}]
    return annotations(*people, images=images, categories=categories)


def mpii():
    one = [[float(i), 2.0 * i, i % 2] for i in range(1, 17)]
    two = [[x + 9, y, v] for x, y, v in one]
    fields = {"isValidation": 0.0, "img_width": 9, "img_height": 9, "joint_self": one}
    return [
        fields | {"img_paths": "1.png", "joint_others": two, "numOtherPeople": 1},
        fields | {"img_paths": "2.png", "joint_others": [one, two], "numOtherPeople": 2},
        fields | {"img_paths": "2.png", "joint_others": {}, "numOtherPeople": 0},
    ]


def keypoint_ap(dataset):
    p, k, _ = dataset.keypoints.shape
    found = Predictions(dataset.image_index, dataset.keypoints, np.ones(p), np.ones((p, k)))
    return average_precision(dataset, found).ap


def keypoint_shares(dataset):
    return pckh(dataset, dataset.keypoints).mean


@pytest.mark.parametrize(
    "format, content, measure", [("coco", coco(), keypoint_ap), ("mpii", mpii(), keypoint_shares)]
)
def test_mutated_annotations(tmp_path, format, content, measure):
    chance = random.Random(0)
    file = tmp_path / "annotations.json"
    for name in ("1.png", "2.png"):
        (tmp_path / name).touch()
    outcomes = {"measured": 0, "refused": 0}
    for _ in range(INPUTS):
        file.write_bytes(mutated(content, chance))
        try:
            dataset = load_dataset(file, tmp_path, format=format)
            assert 0 <= measure(dataset) <= 1.0000001
            outcomes["measured"] += 1
        except DatasetError as error:
            assert str(file) in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > INPUTS / 20
