"""PyTorch networks behind the interface of `Network`, and their weights from files."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..card import ModelError
from .network import Shape, check_batch, check_shapes, run_in_calls

__all__ = ["TorchNetwork", "load_weights", "read_weights"]

# Dictionaries that training code wraps around the weights.
_WRAPPERS = ("state_dict", "model")
# How numpy numbers are pickled, under the names of numpy 1 and 2.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY_NUMBERS = [
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    np.dtypes.Float64DType,
    np.dtypes.Float32DType,
]


class TorchNetwork:
    """A module, in evaluation mode and without gradients, for batches of any size.

    Parameters
    ----------
    module : torch.nn.Module
        Takes (N, 3, h, w) and returns a tensor or a tuple of tensors, N in front. It is moved to
        the device, set to evaluation, and run once on a black image to learn its outputs' shapes.
    input_shape : tuple of int
        Of one item: channels, height, width.
    output_shapes : sequence of tuples
        Of one item of each output; None where any size will do.
    device : str or torch.device
        Where it runs.
    batch_size : int
        Most items of one call; more are cut into several. It shrinks where a GPU's memory is short.

    Raises
    ------
    rmpe.card.ModelError
        Where the outputs have other shapes.

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
    ) -> None:
        self.device = torch.device(device)
        self.input_shape = tuple(input_shape)
        self._module = module.to(self.device, torch.float32).eval()
        self._batch_size = batch_size
        outputs = self._run(torch.zeros(1, *self.input_shape, device=self.device))
        self.output_shapes = tuple(tuple(output.shape[1:]) for output in outputs)
        check_shapes(type(module).__name__, self.output_shapes, output_shapes)

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

    def _run(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.inference_mode():
            outputs = self._module(batch)
        return (outputs,) if isinstance(outputs, torch.Tensor) else tuple(outputs)


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read a state dict, without running code that the file may hold.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file, or what ``torch.save`` wrote: the state dict itself, or a
        dictionary that holds it under ``"state_dict"`` or ``"model"``.

    Returns
    -------
    dict of str to Tensor
        On the CPU. The prefix ``module.``, which ``DataParallel`` adds, is gone.

    Raises
    ------
    rmpe.card.ModelError
        Where the file cannot be read, or holds anything else.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            values = load_file(path)
        else:
            # Training code keeps its best score as a numpy number, which is only data.
            with torch.serialization.safe_globals(_NUMPY_NUMBERS):
                values = torch.load(path, map_location="cpu", weights_only=True)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # Unpickling raises anything.
        raise ModelError(f"cannot read weights from {path}: {error}") from error
    for wrapper in _WRAPPERS:
        if isinstance(values, dict) and isinstance(values.get(wrapper), dict):
            values = values[wrapper]
    if not isinstance(values, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in values.items()
    ):
        raise ModelError(f"{path} must hold a state dict: names and their tensors")
    return {key.removeprefix("module."): value for key, value in values.items()}


def load_weights(module: nn.Module, path: str | Path) -> None:
    """Fill a module from a file; see `read_weights`.

    Raises
    ------
    rmpe.card.ModelError
        Where a weight is missing, unknown or of another shape; the message names the first few.
    """
    try:
        # Assigned, not copied, so that the module may have been built on the meta device.
        module.load_state_dict(read_weights(path), assign=True)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise ModelError(
            f"{path} does not fit {type(module).__name__}: "
            f"{textwrap.shorten(' '.join(lines[1:]), 600, placeholder=' ...')}"
        ) from None
