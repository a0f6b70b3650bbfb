"""Stand-ins for networks, whose results depend on the images alone."""

import torch

from rmpe.people import People
from rmpe.skeletons import COCO_17
from rmpe.timing import StageTimer


class PixelEstimator:
    """Finds as many people in an image as its first pixel says; chokes on red ones."""

    def __init__(self):
        self.device = torch.device("cpu")
        self.timer = StageTimer()
        self.batches = []

    def __call__(self, images):
        self.batches.append(len(images))
        if any((image == (255, 0, 0)).all() for image in images):
            raise RuntimeError("red is not my color")
        counts = [int(image[0, 0, 2]) % 4 for image in images]
        count = sum(counts)
        # The same for the first person of every image, however images share batches.
        order = torch.cat([torch.arange(count, dtype=torch.float32) for count in [0, *counts]])
        place = torch.arange(17 * 2, dtype=torch.float32).reshape(1, 17, 2) + order[:, None, None]
        return People(
            keypoints=place * 1.2345 % 20,
            keypoint_scores=place[..., 0] * 0.1234 % 1,
            boxes=torch.tensor([[1.0, 1.0, 20.0, 20.0]]).repeat(count, 1),
            box_scores=torch.full((count,), 0.8),
            scores=torch.full((count,), 0.7),
            image_index=torch.repeat_interleave(torch.arange(len(images)), torch.tensor(counts)),
            image_sizes=tuple(image.shape[:2] for image in images),
            skeleton=COCO_17,
        )
