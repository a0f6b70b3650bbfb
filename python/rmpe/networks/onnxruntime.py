"""ONNX networks through onnxruntime, on torch tensors."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import ModelError
from .network import Shape, check_batch, check_shapes, run_in_calls

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["OnnxNetwork"]


class OnnxNetwork:
    """An ONNX file as a function of torch tensors, which onnxruntime reads and writes in place.

    On a CPU, a batch is cut into small calls that run side by side, one thread each: for the small
    networks of this field that is 1.2 to 1.4 times as fast as all threads on one call. A batch with
    fewer items than threads is one call for all threads. The number of threads is
    ``torch.get_num_threads()`` at the time of loading.

    Parameters
    ----------
    path : path
        The file. Its first axis must be free, or 1.
    input_name : str
        Of its only input.
    input_shape : tuple of int
        Of one item: channels, height, width.
    output_names : sequence of str
        Those to return, in this order.
    output_shapes : sequence of tuples
        Of one item of each; None where any size will do.
    device : str or torch.device
        ``"cpu"``, or ``"cuda"`` (``"cuda:1"``), which takes the package onnxruntime-gpu.
    batch_size : int
        Most items of one call. It shrinks where a GPU's memory is short.

    Raises
    ------
    rmpe.ModelError
        Where the file cannot be read, or has other inputs and outputs, or the device is not there.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        input_name: str,
        input_shape: tuple[int, ...],
        output_names: Sequence[str],
        output_shapes: Sequence[Shape],
        device: str | torch.device = "cpu",
        batch_size: int = 1,
    ) -> None:
        self.device = torch.device(device)
        self.input_shape = tuple(input_shape)
        self._input_name = input_name
        self._output_names = tuple(output_names)
        provider = _provider(self.device)
        self._threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        self._batch_size = batch_size
        self._single = _open(path, provider, threads=1)
        self._wide = self._single
        self.output_shapes, fixed_batch = self._check_file(str(path), output_shapes)
        if fixed_batch:
            self._batch_size = 1
        elif self._threads > 1:
            self._wide = _open(path, provider, self._threads)
        self._pool = ThreadPoolExecutor(self._threads, "rmpe-onnx")

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run float32 (N, 3, h, w); see `Network`."""
        check_batch(batch, self.input_shape, self.device)
        batch = batch.contiguous()
        outputs = tuple(batch.new_empty((len(batch), *shape)) for shape in self.output_shapes)
        if self.device.type == "cuda":
            # onnxruntime works on a stream of its own: what made the batch must have finished.
            torch.cuda.current_stream(self.device).synchronize()
        if len(batch) < self._threads and self._wide is not self._single:
            session, size = self._wide, self._threads
        else:
            share = -(-len(batch) // self._threads)
            session, size = self._single, max(1, min(self._batch_size, share))

        def run(part: slice) -> None:
            self._run(session, batch[part], [output[part] for output in outputs])

        if len(batch) > size and self._threads > 1:
            parts = [slice(start, start + size) for start in range(0, len(batch), size)]
            # Exhausting the results raises what a call raised.
            deque(self._pool.map(run, parts), maxlen=0)
        else:
            # onnxruntime has no error of its own for lack of memory. Any other comes again.
            fitting = run_in_calls(run, len(batch), size, Exception)
            if fitting < size:
                self._batch_size = fitting
        return outputs

    def _run(
        self,
        session: onnxruntime.InferenceSession,
        batch: torch.Tensor,
        outputs: Sequence[torch.Tensor],
    ) -> None:
        """Make one call, on contiguous pieces of the input and the outputs."""
        binding = session.io_binding()
        place = (self.device.type, self.device.index or 0, np.float32)
        binding.bind_input(self._input_name, *place, tuple(batch.shape), batch.data_ptr())
        for name, output in zip(self._output_names, outputs, strict=True):
            binding.bind_output(name, *place, tuple(output.shape), output.data_ptr())
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    def _check_file(
        self, source: str, expected: Sequence[Shape]
    ) -> tuple[tuple[tuple[int, ...], ...], bool]:
        """Compare the file with the card; return the outputs' shapes, and whether N must be 1."""
        inputs = self._single.get_inputs()
        if (
            [i.name for i in inputs] != [self._input_name]
            or tuple(inputs[0].shape[1:]) != self.input_shape
            or inputs[0].type != "tensor(float)"
        ):
            want = ", ".join(map(str, self.input_shape))
            raise ModelError(
                f"{source}: by the model card the only input is {self._input_name} (N, {want}) "
                f"float, got {', '.join(map(_describe, inputs))}"
            )
        found = {output.name: output for output in self._single.get_outputs()}
        missing = [name for name in self._output_names if name not in found]
        if missing:
            raise ModelError(
                f"{source}: by the model card there is an output {missing[0]}, "
                f"got {', '.join(map(_describe, found.values()))}"
            )
        outputs = [found[name] for name in self._output_names]
        for put in (inputs[0], *outputs):
            if isinstance(put.shape[0], int) and put.shape[0] != 1:
                raise ModelError(
                    f"{source}: the first axis is the batch and must be free or 1, "
                    f"got {_describe(put)}"
                )
        shapes = tuple(tuple(output.shape[1:]) for output in outputs)
        check_shapes(source, shapes, expected)
        return shapes, any(put.shape[0] == 1 for put in (inputs[0], *outputs))


def _provider(device: torch.device) -> str | tuple[str, dict[str, int]]:
    """Name the part of onnxruntime that serves a device."""
    import onnxruntime

    if device.type == "cpu":
        return "CPUExecutionProvider"
    if device.type != "cuda":
        raise ModelError(f"device of an ONNX network must be cpu or cuda, got {device}")
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError(
            f"the installed onnxruntime {onnxruntime.__version__} cannot use CUDA: replace it by "
            "onnxruntime-gpu (pip uninstall onnxruntime; pip install onnxruntime-gpu), or choose "
            "the device cpu"
        )
    return ("CUDAExecutionProvider", {"device_id": device.index or 0})


def _open(
    path: str | Path, provider: str | tuple[str, dict[str, int]], threads: int
) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take the cores from the next step, which is torch's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime has a class of its own for each kind of failure.
        raise ModelError(f"onnxruntime cannot load {path}: {error}") from error


def _describe(put: onnxruntime.NodeArg) -> str:
    return f"{put.name} ({', '.join(map(str, put.shape))}) {put.type[len('tensor(') : -1]}"
