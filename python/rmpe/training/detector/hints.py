"""What a teacher sees at each place of a sample: more to learn from a photograph.

A network that learns one class from few photographs learns them by heart. A teacher of many classes
says of every place how much it looks like each of them, which is far more than boxes say (Hinton et
al., "Distilling the knowledge in a neural network", 2015). What learns it is for training alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from ...networks.architectures.small_ssd import STRIDES, SmallSSD

__all__ = ["Pupil", "hint_loss", "place_scores"]

# The levels that learn: a teacher has few anchors as small as those of the finest one.
_FIRST, _END = 1, 4
# Of an anchor's size, the root of its area, to the stride of its level.
_SIZE = 2.5
_HIDDEN = 128
# Logit of a class, to begin with: training starts near the truth, which is mostly nothing.
_PRIOR = -5.0


class Pupil(nn.Module):
    """A detector that also says of each place which of its teacher's classes are there.

    Parameters
    ----------
    detector : SmallSSD
    classes : int
        C, how many the teacher has, without the background.
    """

    def __init__(self, detector: SmallSSD, classes: int) -> None:
        super().__init__()
        self.detector = detector
        self.hints = nn.ModuleList(_head(detector.neck, classes) for _ in STRIDES[_FIRST:_END])

    def forward(
        self, images: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
        """Find boxes.

        Parameters
        ----------
        images : Tensor (N, 3, h, w)

        Returns
        -------
        boxes, logits
            As the detector gives them.
        hints : tuple of Tensor (N, C, h / stride, w / stride)
            Logits of each class at each place, in the order of `place_scores`.
        """
        features = self.detector.features(images)
        boxes, logits = self.detector.predict(features)
        hints = [head(x) for head, x in zip(self.hints, features[_FIRST:_END], strict=True)]
        return boxes, logits, tuple(hints)


def place_scores(
    scores: torch.Tensor, anchors: torch.Tensor, size: tuple[int, int]
) -> tuple[torch.Tensor, ...]:
    """The best score of each class among a teacher's anchors at each place of each level.

    Parameters
    ----------
    scores : Tensor (N, A, C)
        0..1.
    anchors : Tensor (A, 4)
        x and y of the center, width, height, in fractions of the image.
    size : (int, int)
        Height and width of the pupil's input.

    Returns
    -------
    tuple of Tensor (N, C, h / stride, w / stride)
        One for each level that learns; -1 where the teacher has no anchor of such a size.
    """
    extent = anchors.new_tensor(size[::-1])
    centers, across = anchors[:, :2], (anchors[:, 2:] * extent).prod(dim=1).sqrt()
    strides = STRIDES[_FIRST:_END]
    level = (across / (_SIZE * strides[0])).log2().round().clamp(0, len(strides) - 1)
    count, _, classes = scores.shape
    placed = []
    for index, stride in enumerate(strides):
        height, width = size[0] // stride, size[1] // stride
        own = (level == index).nonzero()[:, 0]
        cells = (centers[own] * centers.new_tensor([width, height])).long()
        x, y = cells[:, 0].clamp(0, width - 1), cells[:, 1].clamp(0, height - 1)
        best = scores.new_full((count, height * width, classes), -1.0)
        place = (y * width + x)[:, None].expand(count, -1, classes)
        best.scatter_reduce_(1, place, scores[:, own], "amax")
        placed.append(best.transpose(1, 2).reshape(count, classes, height, width))
    return tuple(placed)


def hint_loss(hints: Sequence[torch.Tensor], placed: Sequence[torch.Tensor]) -> torch.Tensor:
    """How far logits are from a teacher's scores: 0 where they agree.

    Parameters
    ----------
    hints, placed : sequence of Tensor (N, C, h, w)
        As `Pupil` and `place_scores` give them.

    Returns
    -------
    Tensor ()
        The cross-entropy beyond the scores' own, summed over the places that have some.
    """
    total = torch.zeros(())
    for logits, scores in zip(hints, placed, strict=True):
        known = scores >= 0
        # Finite, for scores of 0, 1 and NaN, too.
        scores = torch.where(known, scores, 0.5).clamp(1e-6, 1 - 1e-6)
        entropy = F.binary_cross_entropy_with_logits(logits.float(), scores, reduction="none")
        least = F.binary_cross_entropy(scores, scores, reduction="none")
        total = total + ((entropy - least) * known).sum()
    return total


def _head(channels: int, classes: int) -> nn.Sequential:
    last = nn.Conv2d(_HIDDEN, classes, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, _PRIOR)  # type: ignore[arg-type]
    return nn.Sequential(nn.Conv2d(channels, _HIDDEN, 1), nn.ReLU(inplace=True), last)
