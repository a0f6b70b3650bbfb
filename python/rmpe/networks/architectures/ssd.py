"""The SSD networks of the paper, on VGG-16, and torchvision's small one.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016 (arXiv 1512.02325). They are built of
torchvision's parts, and named as there.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.func import functional_call
from torchvision.models import detection, vgg16
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSDFeatureExtractorVGG, SSDHead

__all__ = [
    "TorchvisionSSD",
    "read_numbers",
    "ssd300_vgg16",
    "ssd512_vgg16",
    "ssdlite320_mobilenet_v3_large",
]

# Of each level: pixels from anchor to anchor, and channels.
_STEPS_300 = (8, 16, 32, 64, 100, 300)
_STEPS_512 = (8, 16, 32, 64, 128, 256, 512)
_CHANNELS = (512, 1024, 512, 256, 256, 256, 256)
# The size of the last level's anchors is about this part of the image, in percent.
_LARGEST = 90


class TorchvisionSSD(nn.Module):
    """An SSD of torchvision without what it does before and after: images in, raw heads out.

    Its state dict is torchvision's.

    Parameters
    ----------
    backbone : Module
        Images to a dictionary of feature maps.
    head : SSDHead
        Feature maps to boxes and logits.
    anchor_generator : DefaultBoxGenerator
        The sizes of the feature maps to anchors.
    """

    def __init__(
        self, backbone: nn.Module, head: nn.Module, anchor_generator: DefaultBoxGenerator
    ) -> None:
        super().__init__()
        self.backbone, self.head, self.anchor_generator = backbone, head, anchor_generator

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, h, w) -> encoded boxes (N, A, 4) and logits (N, A, classes)."""
        outputs = self.head(list(self.backbone(images).values()))
        return outputs["bbox_regression"], outputs["cls_logits"]

    @torch.no_grad()
    def anchors(self, size: tuple[int, int]) -> torch.Tensor:
        """(A, 4) ``x1, y1, x2, y2`` in fractions of an input of ``size``, height and width."""
        # Only the sizes of the feature maps matter: on the meta device nothing is computed.
        was_training = self.training
        weights = {name: value.to("meta") for name, value in self.backbone.state_dict().items()}
        images = torch.empty(1, 3, *size, device="meta")
        features = functional_call(self.eval().backbone, weights, (images,)).values()
        self.train(was_training)
        maps = [torch.empty(feature.shape, dtype=torch.float32) for feature in features]
        boxes: torch.Tensor = self.anchor_generator(ImageList(images, [size]), maps)[0]
        return boxes / torch.tensor(size[::-1]).repeat(2)


def ssd300_vgg16(*, classes: int, smallest: int, second: int) -> TorchvisionSSD:
    """Make the SSD300 of the paper; its weights are random, nothing is downloaded.

    Parameters
    ----------
    classes : int
        Columns of the logits, nothing among them.
    smallest, second : int
        Sizes of the anchors of the first level and of the second, in percent of the image: 10 and
        20 for PASCAL VOC, 7 and 15 for COCO. Those of further levels are spaced evenly.
    """
    backbone = SSDFeatureExtractorVGG(vgg16(weights=None).features, highres=False)
    return _with_head(backbone, _STEPS_300, classes, smallest, second)


def ssd512_vgg16(*, classes: int, smallest: int, second: int) -> TorchvisionSSD:
    """Make the SSD512 of the paper; its weights are random, nothing is downloaded.

    Parameters
    ----------
    classes : int
        Columns of the logits, nothing among them.
    smallest, second : int
        Sizes of the anchors of the first level and of the second, in percent of the image: 7 and
        15 for PASCAL VOC, 4 and 10 for COCO. Those of further levels are spaced evenly.
    """
    backbone = SSDFeatureExtractorVGG(vgg16(weights=None).features, highres=True)
    # In the paper's network the fifth and the sixth level halve the size, too; in torchvision's
    # they shrink it by two pixels.
    finer = list(backbone.extra)[:3]
    backbone.extra = nn.ModuleList([*finer, _coarser(3, 2), _coarser(3, 2), _coarser(4, 1)])
    return _with_head(backbone, _STEPS_512, classes, smallest, second)


def ssdlite320_mobilenet_v3_large(*, classes: int) -> TorchvisionSSD:
    """Make torchvision's SSDlite320 on MobileNet V3, with random weights."""
    ssd = detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=classes
    )
    return TorchvisionSSD(ssd.backbone, ssd.head, ssd.anchor_generator)


def read_numbers(weights: Mapping[str, torch.Tensor]) -> tuple[str, dict[str, int]] | None:
    """Tell what made these weights, and the number of classes; None: something else."""
    lite = weights.get("head.classification_head.module_list.0.1.weight")
    if lite is not None and lite.dim() == 4 and "backbone.features.0.0.0.weight" in weights:
        # Six anchors at each place of every level.
        return "ssdlite320_mobilenet_v3_large", {"classes": len(lite) // 6}
    logits = weights.get("head.classification_head.module_list.0.weight")
    if logits is None or logits.dim() != 4 or "backbone.scale_weight" not in weights:
        return None
    finest = "head.classification_head.module_list.6.weight" in weights
    # The first level has four anchors at each place.
    return "ssd512_vgg16" if finest else "ssd300_vgg16", {"classes": len(logits) // 4}


def _coarser(kernel: int, stride: int) -> nn.Sequential:
    """One of the last levels, from the one before."""
    return nn.Sequential(
        nn.Conv2d(256, 128, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(128, 256, kernel, stride, padding=1),
        nn.ReLU(inplace=True),
    )


def _with_head(
    backbone: nn.Module, steps: tuple[int, ...], classes: int, smallest: int, second: int
) -> TorchvisionSSD:
    levels = len(steps)
    # As the paper's own code spaces them, in whole percents.
    spacing = (_LARGEST - second) // (levels - 2)
    percents = [smallest, *(second + spacing * level for level in range(levels))]
    # The first and the last two levels have no anchors that are three times as wide as high.
    inner: list[list[int]] = [[2, 3]] * (levels - 3)
    anchors = DefaultBoxGenerator(
        [[2], *inner, [2], [2]],
        scales=[percent / 100 for percent in percents],
        steps=list(steps),
    )
    head = SSDHead(list(_CHANNELS[:levels]), anchors.num_anchors_per_location(), classes)
    return TorchvisionSSD(backbone, head, anchors)
