"""How detectors see whole images: stretched over the input, or in proportion, with a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from ..models.card import InputSpec

__all__ = ["letterbox", "stretch"]


def stretch(spec: InputSpec, images: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stretch images over a network's whole input.

    Parameters
    ----------
    spec : InputSpec
        Of the network.
    images : sequence of Tensor (H, W, 3)
        uint8, RGB.

    Returns
    -------
    batch : Tensor (N, 3, h, w)
    ratios : Tensor (N, 2)
        Pixels of the input per pixel of each image, along x and y.
    """
    import torch

    device = images[0].device
    sizes = torch.tensor([image.shape[1::-1] for image in images], device=device)
    # Whole numbers would be divided in torch's default dtype, which callers may have changed.
    scale = torch.tensor(spec.size[::-1], dtype=torch.float32, device=device) / sizes
    # With pixel centers at integers, a pixel x becomes scale * (x + .5) - .5.
    matrices = scale.new_zeros(len(sizes), 2, 3)
    matrices[:, :, :2] = torch.diag_embed(scale)
    matrices[:, :, 2] = 0.5 * scale - 0.5
    return spec.crop(images, matrices, torch.arange(len(sizes), device=device)), scale


def letterbox(
    spec: InputSpec, images: Sequence[torch.Tensor], fill: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale images to fit into a network's input, in the upper left corner of it.

    Parameters
    ----------
    spec : InputSpec
        Of the network.
    images : sequence of Tensor (H, W, 3)
        uint8, RGB.
    fill : float
        8-bit value of the margin.

    Returns
    -------
    batch : Tensor (N, 3, h, w)
    ratios : Tensor (N, 2)
        Pixels of the input per pixel of each image, along x and y. Whole pixels of the input are
        filled, so an image can be up to a pixel smaller there than this says.
    """
    import torch

    height, width = spec.size
    ratios, sizes, sources, matrices = [], [], [], []
    for image in images:
        ratio = min(height / max(image.shape[0], 1), width / max(image.shape[1], 1))
        size = [max(1, int(side * ratio)) for side in image.shape[:2]]
        scale_y, scale_x = (
            new / max(old, 1) for new, old in zip(size, image.shape[:2], strict=True)
        )
        # With pixel centers at integers, a pixel x becomes scale * (x + .5) - .5.
        shift_x, shift_y = 0.5 * scale_x - 0.5, 0.5 * scale_y - 0.5
        if max(scale_x, scale_y) > 1:
            # Pixels at the border of a small image lie between it and the margin; they are the
            # image's alone.
            image = _repeat_border(image)
            shift_x, shift_y = shift_x - scale_x, shift_y - scale_y
        ratios.append([ratio, ratio])
        sizes.append(size)
        sources.append(image)
        matrices.append([[scale_x, 0, shift_x], [0, scale_y, shift_y]])
    device = images[0].device
    index = torch.arange(len(images), device=device)
    placed = torch.tensor(matrices, dtype=torch.float64, device=device)
    batch = spec.crop(sources, placed, index, fill)
    margin = batch.new_tensor(
        [(fill * spec.scale - m) / s for m, s in zip(spec.mean, spec.std, strict=True)]
    )
    for item, (rows, columns), source, image in zip(batch, sizes, sources, images, strict=True):
        if source is not image:
            item[:, rows:] = margin[:, None, None]
            item[:, :, columns:] = margin[:, None, None]
    return batch, torch.tensor(ratios, dtype=torch.float32, device=device)


def _repeat_border(image: torch.Tensor) -> torch.Tensor:
    """Give an image (H, W, 3) another row and column on each side, like the outermost one."""
    import torch

    rows, columns = (
        torch.arange(-1, side + 1, device=image.device).clamp(0, side - 1)
        for side in image.shape[:2]
    )
    return image[rows[:, None], columns]
