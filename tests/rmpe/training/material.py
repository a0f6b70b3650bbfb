"""Photographs of drawn people with their annotations, and a configuration small enough for tests."""

import json

import cv2
import numpy as np
import torch

from rmpe.skeletons import COCO_17

# A person who stands, arms away from the body: x, y in 0..1.
STANDING = np.array([
    (0.50, 0.08), (0.53, 0.06), (0.47, 0.06), (0.56, 0.08), (0.44, 0.08), (0.65, 0.22),
    (0.35, 0.22), (0.78, 0.36), (0.22, 0.36), (0.90, 0.48), (0.10, 0.48), (0.60, 0.52),
    (0.40, 0.52), (0.62, 0.75), (0.38, 0.75), (0.63, 0.96), (0.37, 0.96),
])  # fmt: skip

CONFIG = """
task = "pose"
batch_size = 4
precision = "float32"
log_every = 1
checkpoint_every = 3
validate_every = 16

[[source]]
annotations = "people.json"
images = "images"

[validation]
annotations = "people.json"
images = "images"

[network]
architecture = "basic_hourglass"
parameters = {stacks = 2, stem = 8, width_4 = 8, width_8 = 8, width_16 = 8, width_32 = 8}

[[phase]]
name = "only"
samples = 40
size = [64, 64]
rate = 1e-3
warmup = 8
"""


def draw_people(folder, count, size=(120, 160)):
    """Write `count` photographs of one drawn person each, and ``people.json``."""
    random = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images, people = [], []
    for i in range(count):
        corner, side = random.uniform(5, 40, 2), random.uniform(50, 75, 2)
        points = corner + STANDING * side + random.normal(0, 1.5, (17, 2))
        picture = random.integers(0, 90, (*size, 3), dtype=np.uint8)
        for limb, (a, b) in enumerate(COCO_17.limbs):
            ends = [tuple(int(v) for v in points[joint].round()) for joint in (a, b)]
            cv2.line(picture, *ends, (120 + 7 * limb, 250 - 9 * limb, 60 + 10 * limb), 2)
        cv2.imwrite(str(folder / f"images/{i}.png"), picture)
        images.append({"id": i, "file_name": f"{i}.png", "height": size[0], "width": size[1]})
        visible = np.full((17, 1), 2)
        people.append({
            "id": i, "image_id": i, "category_id": 1, "iscrowd": 0,
            "bbox": [*corner.tolist(), *side.tolist()], "area": float(0.5 * side.prod()),
            "keypoints": np.hstack([points, visible]).ravel().tolist(), "num_keypoints": 17,
        })  # fmt: skip
    content = {
        "images": images, "annotations": people, "categories": [{"id": 1, "name": "person"}],
    }  # fmt: skip
    (folder / "people.json").write_text(json.dumps(content))
    return folder


def change(folder, edit):
    """Let `edit` change the annotations of a folder."""
    path = folder / "people.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def equal(first, second):
    """Whether two nested states are the same, bit for bit; NaN equals NaN."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first.nan_to_num(nan=7.0), second.nan_to_num(nan=7.0))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(equal(first[k], second[k]) for k in first)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(equal, first, second))
    return first == second
