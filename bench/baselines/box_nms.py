"""Box NMS; each gives the kept boxes, best first."""

from __future__ import annotations

__all__ = ["BASELINES", "THRESHOLD"]

THRESHOLD = 0.5


def torchvision_nms(boxes, scores, image_index):
    """The boxes of one image."""
    import torchvision

    return torchvision.ops.nms(boxes, scores, THRESHOLD)


def torchvision_batched_nms(boxes, scores, image_index):
    import torchvision

    return torchvision.ops.batched_nms(boxes, scores, image_index, THRESHOLD)


BASELINES = {
    "torchvision nms": torchvision_nms,
    "torchvision batched_nms": torchvision_batched_nms,
}
