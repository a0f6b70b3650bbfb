"""Average precision of a network on people it was not trained on, with their true boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rmpe_ext import crop, crop_matrices, decode

from ..datasets import load_dataset
from ..datasets.coco import PERSON
from ..metrics.keypoint_ap import average_precision
from ..skeleton import Skeleton
from .batches import OFFSET, STRIDE
from .config import TrainingConfig
from .people import TrainingPeople
from .photographs import cache_photographs

__all__ = ["KeypointValidation", "PeopleValidation"]

_BATCH = 16


class KeypointValidation:
    """Measures a pose network, its photographs being decoded once.

    Parameters
    ----------
    config : TrainingConfig
    data : Path
        Folder that the configuration's paths start from.
    cache : Path
        Folder for decoded photographs.

    Raises
    ------
    ValueError
        Where the annotations cannot be used.
    """

    def __init__(self, config: TrainingConfig, data: Path, cache: Path) -> None:
        self._config = config
        self._dataset = load_dataset(
            data / config.validation.annotations, data / config.validation.images
        )
        photographs = cache_photographs(
            self._dataset.paths, cache, longest_side=config.longest_side
        )
        if photographs.problems:
            raise ValueError(
                f"the validation set must be readable: {'; '.join(photographs.problems)}"
            )
        self._images = [image for image in photographs.images if image is not None]
        self._scales = photographs.scales
        counts = [len(boxes) for boxes in self._dataset.boxes]
        self._image_index = np.repeat(np.arange(len(counts)), counts)
        self._boxes = np.concatenate(self._dataset.boxes)

    def __call__(self, network: nn.Module, size: tuple[int, int]) -> dict[str, float]:
        """Measure a network, in evaluation mode, on crops of a size: AP, AP50, AP75, AR."""
        rows: list[dict[str, Any]] = []
        for start in range(0, len(self._boxes), _BATCH):
            rows += self._rows(network, size, slice(start, start + _BATCH))
        found = average_precision(self._dataset, rows)
        return {"ap": found.ap, "ap50": found.ap50, "ap75": found.ap75, "ar": found.ar}

    @torch.inference_mode()
    def _rows(self, network: nn.Module, size: tuple[int, int], part: slice) -> list[dict[str, Any]]:
        index = self._image_index[part]
        scales = self._scales[index]
        boxes = torch.from_numpy(self._boxes[part] * scales[:, None]).float()
        keypoints, scores = _estimate(
            network, self._config, self._images, boxes, torch.from_numpy(index), size
        )
        points = (keypoints.numpy() + 0.5) / scales[:, None, None] - 0.5
        triples = np.concatenate([points, np.ones((*points.shape[:2], 1))], axis=2)
        return [
            {
                "image_id": self._dataset.image_ids[i],
                "category_id": PERSON,
                "keypoints": row.tolist(),
                "score": float(score),
            }
            for i, row, score in zip(
                index, triples.reshape(len(triples), -1), scores.mean(1), strict=True
            )
        ]


class PeopleValidation:
    """Measures a pose network on the very people that it is trained on.

    Parameters
    ----------
    config : TrainingConfig
    people : TrainingPeople
    skeleton : Skeleton
        With sigmas.
    """

    def __init__(self, config: TrainingConfig, people: TrainingPeople, skeleton: Skeleton) -> None:
        self._config, self._people = config, people
        self._sigmas = np.array(skeleton.sigmas)

    @torch.inference_mode()
    def __call__(self, network: nn.Module, size: tuple[int, int]) -> dict[str, float]:
        """Mean object keypoint similarity (OKS) over the labelled joints of all people."""
        people = self._people
        index = torch.from_numpy(people.image_index)
        boxes = torch.from_numpy(people.boxes).float()
        keypoints, _ = _estimate(network, self._config, people.images, boxes, index, size)
        distance = np.square(keypoints.numpy() - people.keypoints).sum(2)
        # COCO's people cover about 0.53 of their boxes, and OKS asks for the area covered.
        area = 0.53 * np.prod(people.boxes[:, 2:] - people.boxes[:, :2], axis=1)
        similarity = np.exp(-distance / (8 * self._sigmas**2 * area[:, None]))
        counts = people.labelled.sum(1)
        return {"oks": float(((similarity * people.labelled).sum(1) / counts).mean())}


def _estimate(
    network: nn.Module,
    config: TrainingConfig,
    images: Sequence[torch.Tensor],
    boxes: torch.Tensor,
    image_index: torch.Tensor,
    size: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Keypoints (N, K, 2) in the images, and their scores (N, K)."""
    matrices = crop_matrices(boxes, size, padding=config.input.padding)
    crops = crop(
        images,
        matrices,
        size,
        image_index=image_index,
        mean=config.input.mean,
        std=config.input.std,
    ).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, config.precision == "bfloat16"):
        heatmaps = network(crops)[:, -1].float()
    return decode(
        heatmaps,
        convention=config.validation.decode,
        matrices=matrices,
        stride=STRIDE,
        offset=OFFSET,
        grid="half_pixel",
    )
