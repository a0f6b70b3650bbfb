"""The SSD networks of torchvision.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325).
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList

__all__ = ["TorchvisionSSD", "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"]


class TorchvisionSSD(nn.Module):
    """An SSD of torchvision without what it does before and after: images in, raw heads out.

    Its state dict is torchvision's.

    Parameters
    ----------
    ssd : torchvision.models.detection.ssd.SSD
        Which shares its weights with this module.
    """

    def __init__(self, ssd: detection.ssd.SSD) -> None:
        super().__init__()
        self.backbone, self.head, self.anchor_generator = (
            ssd.backbone,
            ssd.head,
            ssd.anchor_generator,
        )

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, h, w) -> encoded boxes (N, A, 4) and logits (N, A, classes)."""
        outputs = self.head(list(self.backbone(images).values()))
        return outputs["bbox_regression"], outputs["cls_logits"]

    @torch.no_grad()
    def anchors(self, size: tuple[int, int]) -> torch.Tensor:
        """(A, 4) ``x1, y1, x2, y2`` in fractions of an input of ``size``, height and width."""
        was_training = self.training
        device = next(self.parameters()).device
        images = torch.zeros(1, 3, *size, dtype=torch.float32, device=device)
        features = list(self.eval().backbone(images).values())
        self.train(was_training)
        boxes: torch.Tensor = self.anchor_generator(ImageList(images, [size]), features)[0]
        return boxes / torch.tensor(size[::-1], device=device).repeat(2)


def ssd300_vgg16() -> TorchvisionSSD:
    """SSD300 on VGG-16; its weights are random, nothing is downloaded."""
    return TorchvisionSSD(detection.ssd300_vgg16(weights=None, weights_backbone=None))


def ssdlite320_mobilenet_v3_large() -> TorchvisionSSD:
    """SSDlite320 on MobileNet V3; its weights are random, nothing is downloaded."""
    ssd = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    return TorchvisionSSD(ssd)
