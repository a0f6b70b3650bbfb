"""The SSD networks of torchvision."""

from __future__ import annotations

import torch
from torch import nn

from ...errors import ModelError

__all__ = ["TorchvisionSSD"]

_TORCHVISION = ("ssd300_vgg16", "ssdlite320_mobilenet_v3_large")


class TorchvisionSSD(nn.Module):
    """An SSD of torchvision without what it does before and after: images in, raw heads out.

    Parameters
    ----------
    architecture : str
        ``"ssd300_vgg16"`` or ``"ssdlite320_mobilenet_v3_large"``. Weights are random; nothing is
        downloaded.
    """

    def __init__(self, architecture: str) -> None:
        super().__init__()
        from torchvision.models import detection

        if architecture not in _TORCHVISION:
            raise ModelError(
                f"architecture must be one of {', '.join(_TORCHVISION)}, got {architecture!r}"
            )
        self.ssd = getattr(detection, architecture)(weights=None, weights_backbone=None)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, h, w) -> encoded boxes (N, A, 4) and logits (N, A, classes)."""
        heads = self.ssd.head(list(self.ssd.backbone(images).values()))
        return heads["bbox_regression"], heads["cls_logits"]

    @torch.no_grad()
    def anchors(self, size: tuple[int, int]) -> torch.Tensor:
        """(A, 4) ``x1, y1, x2, y2`` in fractions of an input of ``size``, height and width."""
        from torchvision.models.detection.image_list import ImageList

        was_training = self.training
        device = next(self.parameters()).device
        images = torch.zeros(1, 3, *size, device=device)
        features = list(self.eval().ssd.backbone(images).values())
        self.train(was_training)
        boxes = self.ssd.anchor_generator(ImageList(images, [size]), features)[0]
        return boxes / torch.tensor(size[::-1], device=device).repeat(2)
