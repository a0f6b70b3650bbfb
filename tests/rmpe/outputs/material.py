"""People and labels that the tests of output files share."""

import json

import torch

from rmpe.outputs.labels import ImageLabel
from rmpe.people import People
from rmpe.skeletons import COCO_17

LABEL = ImageLabel("photos/b/x.jpg", "b_x.jpg", 42)


def make_people(count, size=(40, 60)):
    generator = torch.Generator().manual_seed(count)
    return People(
        keypoints=torch.rand(count, 17, 2, generator=generator) * 40,
        keypoint_scores=torch.rand(count, 17, generator=generator),
        boxes=torch.tensor([[1.0, 2.0, 31.5, 22.25]]).repeat(count, 1),
        box_scores=torch.full((count,), 0.75),
        scores=torch.full((count,), 0.5),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=(size,),
        skeleton=COCO_17,
    )


def write(writer_type, path, *entries):
    with writer_type(path) as writer:
        for entry in entries:
            writer.append(entry)
    return json.loads(path.read_text()) if path.suffix == ".json" else path.read_text()
