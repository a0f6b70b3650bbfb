"""PyTorch networks behind the interface of `Network`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..errors import ModelError
from .autocast import without_autocast
from .network import Shape, as_tuple, check_batch, check_finite, check_shapes, run_in_calls
from .precision import Precision

__all__ = ["TorchNetwork", "fold_batch_norms"]


class TorchNetwork:
    """A module, in evaluation mode and without gradients, for batches of any size.

    Parameters
    ----------
    module : torch.nn.Module
        Takes (N, 3, h, w) and returns a tensor or a tuple of tensors, N in front. It is changed: it
        moves to the device, its batch norms go into the convolutions before them, and it runs once
        on a black image to learn its outputs' shapes.
    input_shape : tuple of int
        Of one item: channels, height, width.
    output_shapes : sequence of tuples
        Of one item of each output; None where any size will do.
    device : str or torch.device
        Where it runs.
    batch_size : int
        Most items of one call; more are cut into several. It shrinks where a GPU's memory is short.
    compiled : bool
        Whether torch.compile makes code of it, which takes a minute or so at the first call, and a
        C++ compiler on a CPU. A copy in another process compiles anew.
    precision : str
        ``"float32"`` or ``"bfloat16"``: of weights and computation; outputs are float32.

    Raises
    ------
    rmpe.ModelError
        Where it does not run, or its outputs have other shapes or are NaN.

    Examples
    --------
    >>> network = TorchNetwork(
    ...     nn.Conv2d(3, 17, 4, stride=4), input_shape=(3, 64, 48), output_shapes=[(17, 16, 12)])
    >>> [output.shape for output in network(torch.zeros(5, 3, 64, 48))]
    [torch.Size([5, 17, 16, 12])]
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        input_shape: tuple[int, ...],
        output_shapes: Sequence[Shape],
        device: str | torch.device = "cpu",
        batch_size: int = 4,
        compiled: bool = False,
        precision: Precision = "float32",
    ) -> None:
        self.device = torch.device(device)
        self.input_shape = tuple(input_shape)
        module = module.to(self.device, torch.float32).eval()
        fold_batch_norms(module)
        # Pixel by pixel: convolutions are a fifth faster on a CPU, and made for it on a GPU.
        self._dtype: torch.dtype = getattr(torch, precision)
        self._module = module.to(self._dtype).to(memory_format=torch.channels_last)
        self._batch_size = batch_size
        self._compiled = compiled
        self._code: Callable[..., Any] | None = None
        name = type(module).__name__
        black = torch.zeros(1, *self.input_shape, dtype=torch.float32, device=self.device)
        try:
            outputs = self._run(black)
        except (RuntimeError, ValueError) as error:  # Sizes that do not fit, or too little memory.
            raise ModelError(f"{name} does not run on a black image: {error}") from error
        self.output_shapes = tuple(tuple(output.shape[1:]) for output in outputs)
        check_shapes(name, self.output_shapes, output_shapes)
        check_finite(name, outputs)

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run float32 (N, 3, h, w); see `Network`."""
        check_batch(batch, self.input_shape, self.device)
        outputs = tuple(batch.new_empty((len(batch), *shape)) for shape in self.output_shapes)

        def run(part: slice) -> None:
            for output, values in zip(outputs, self._run(batch[part]), strict=True):
                output[part] = values

        self._batch_size = run_in_calls(
            run, len(batch), self._batch_size, torch.cuda.OutOfMemoryError
        )
        return outputs

    def __getstate__(self) -> dict[str, Any]:
        """Leave out compiled code, which belongs to this process."""
        return {**self.__dict__, "_code": None}

    def _run(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if self._code is None:
            # Batches are of any size: one code for all.
            compiled = self._compiled
            self._code = torch.compile(self._module, dynamic=True) if compiled else self._module
        with torch.inference_mode(), without_autocast(self.device):
            batch = batch.to(dtype=self._dtype, memory_format=torch.channels_last)
            outputs = self._code(batch)
        return as_tuple(outputs)


def fold_batch_norms(module: nn.Module) -> None:
    """Where a batch norm follows a convolution in a sequence, let the convolution do its work."""
    for sequence in module.modules():
        if not isinstance(sequence, nn.Sequential):
            continue
        for (place, before), (after, norm) in itertools.pairwise(list(sequence.named_children())):
            if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(sequence, place, fuse_conv_bn_eval(before, norm))
                setattr(sequence, after, nn.Identity())
