"""ONNX networks through onnxruntime, on torch tensors."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from ..errors import ModelError
from .network import Shape, check_batch, check_finite, check_shapes, run_in_calls
from .onnx_file import INPUT_TYPES, Port, check_input, check_outputs, read_onnx
from .onnx_session import LOG_NOTHING_BUT_FATAL, Sessions, choose_provider, open_session
from .onnx_weights import encode_weights
from .telemetry import import_onnxruntime

__all__ = ["OnnxNetwork"]

# A file may hold a loop without an end; large networks take seconds for an image.
_LONGEST_TRIAL = 120.0
_Result = TypeVar("_Result")
_NUMPY_TYPES = {torch.float32: np.float32, torch.int32: np.int32, torch.uint8: np.uint8}


class OnnxNetwork:
    """An ONNX file as a function of torch tensors, which onnxruntime reads and writes in place.

    On a CPU, a batch is cut into small calls that run side by side, one thread each: for the small
    networks of this field that is 1.2 to 1.4 times as fast as all threads on one call. A batch with
    fewer items than threads is one call for all threads. The number of threads is
    ``torch.get_num_threads()`` at the time of loading.

    A network can be pickled, and used after a fork: the process that gets it reads the file again.

    Parameters
    ----------
    path : path
        The file. Its first axis must be free, or 1. It is run once on a black image.
    input_name : str
        Of its only input: float32, or int32 or uint8: the batch is then
        rounded, to 0..255.
    input_shape : tuple of int
        Of one item: channels, height, width.
    channels_last : bool
        Whether the input of the file is (N, height, width, channels); batches are not.
    output_names : sequence of str
        Those to return, in this order.
    output_shapes : sequence of tuples
        Of one item of each; None where any size will do.
    device : str or torch.device
        ``"cpu"``, or ``"cuda"`` (``"cuda:1"``), which takes the package onnxruntime-gpu.
    provider : str, optional
        What computes there, one of :data:`rmpe.networks.providers.PROVIDERS`; onnxruntime's own
        part for the device, unless given.
    batch_size : int
        Most items of one call. It shrinks where a GPU's memory is short.
    rows : int, optional
        Where the first axis of each output of an item is as long as there were things to find: how
        long it may become. What is missing there is 0.
    weights : mapping of str to Tensor, optional
        float32: those that the file's nodes name, and that are not in it.

    Attributes
    ----------
    metadata : dict of str
        What the file says of itself, by the names of whoever wrote it.

    Raises
    ------
    rmpe.ModelError
        Where the file cannot be read or run, keeps weights in another file, or has other inputs
        and outputs, or the device is not there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        input_name: str,
        input_shape: tuple[int, ...],
        output_names: Sequence[str],
        output_shapes: Sequence[Shape],
        channels_last: bool = False,
        device: str | torch.device = "cpu",
        provider: str | None = None,
        batch_size: int = 1,
        rows: int | None = None,
        weights: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.input_shape = tuple(input_shape)
        self._channels_last = channels_last
        self._path = Path(path).absolute()
        self._input_name = input_name
        self._output_names = tuple(output_names)
        self._provider = choose_provider(self.device, provider)
        self._weights = b"" if weights is None else encode_weights(weights)
        content = read_onnx(self._path, graph=weights is not None)
        self._digest = hashlib.sha256(content).digest()
        content += self._weights
        session = open_session(self._path, content, self._provider, threads=1)
        self.metadata = dict(session.get_modelmeta().custom_metadata_map)
        shape = (*self.input_shape[1:], self.input_shape[0])
        shape = shape if channels_last else self.input_shape
        given = check_input(self._path, session, input_name, shape)
        self._input_type = INPUT_TYPES[given.type]
        self._rows = rows
        ports = check_outputs(self._path, session, output_names, output_shapes, rows)
        self.output_shapes = self._find_shapes(session, given, ports, output_shapes)
        self._fixed_batch = any(port.shape[0] == 1 for port in (given, *ports))
        self._batch_size = 1 if self._fixed_batch else batch_size
        self._sessions: Sessions | None = self._open_sessions(content, session)
        outputs = self._try(lambda options: self._run_black(session, options))
        check_finite(str(self._path), outputs)

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run float32 (N, 3, h, w); see `Network`."""
        check_batch(batch, self.input_shape, self.device)
        sessions = self._sessions_here()
        outputs = self._make_outputs(batch)
        batch = self._as_input(batch)
        if self.device.type == "cuda":
            # onnxruntime works on a stream of its own: what made the batch must have finished.
            torch.cuda.current_stream(self.device).synchronize()
        if len(batch) < sessions.threads and sessions.wide is not sessions.single:
            session, size = sessions.wide, sessions.threads
        else:
            share = -(-len(batch) // sessions.threads)
            session, size = sessions.single, max(1, min(self._batch_size, share))

        def run(part: slice) -> None:
            self._run(session, batch[part], [output[part] for output in outputs])

        if len(batch) > size and sessions.threads > 1:
            parts = [slice(start, start + size) for start in range(0, len(batch), size)]
            # Exhausting the results raises what a call raised.
            deque(sessions.pool.map(run, parts), maxlen=0)
        else:
            # onnxruntime has no error of its own for lack of memory. Any other comes again.
            fitting = run_in_calls(run, len(batch), size, Exception)
            if fitting < size:
                self._batch_size = fitting
        return outputs

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to this process."""
        return {**self.__dict__, "_sessions": None}

    def _sessions_here(self) -> Sessions:
        """Give the sessions of this process, which it has to open after a fork or a pickle."""
        sessions = self._sessions
        if sessions is not None and sessions.process == os.getpid():
            return sessions
        if sessions is not None and self.device.type == "cuda":
            raise RuntimeError(
                "CUDA cannot be used after a fork: make the network in the process that uses it, "
                "or start that process by spawn"
            )
        content = read_onnx(self._path)
        if hashlib.sha256(content).digest() != self._digest:
            raise ModelError(f"{self._path} has changed since the network was loaded")
        content += self._weights
        single = open_session(self._path, content, self._provider, threads=1)
        self._sessions = self._open_sessions(content, single)
        return self._sessions

    def _open_sessions(self, content: bytes, single: Any) -> Sessions:
        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        wide = single
        if threads > 1 and not self._fixed_batch:
            wide = open_session(self._path, content, self._provider, threads)
        pool = ThreadPoolExecutor(threads, "rmpe-onnx")
        return Sessions(os.getpid(), threads, single, wide, pool)

    def _as_input(self, batch: torch.Tensor) -> torch.Tensor:
        """Bring a batch to the form that the file takes."""
        if self._channels_last:
            batch = batch.permute(0, 2, 3, 1)
        if self._input_type != torch.float32:
            batch = batch.round().clamp(0, 255).to(self._input_type)
        return batch.contiguous()

    def _make_outputs(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Make the outputs of a batch."""
        make = batch.new_empty if self._rows is None else batch.new_zeros
        return tuple(make((len(batch), *shape)) for shape in self.output_shapes)

    def _run(
        self,
        session: Any,
        batch: torch.Tensor,
        outputs: Sequence[torch.Tensor],
        options: Any = None,
    ) -> None:
        """Make one call, on contiguous pieces of the input and the outputs."""
        binding = session.io_binding()
        place = (self.device.type, self.device.index or 0)
        number = _NUMPY_TYPES[batch.dtype]
        binding.bind_input(self._input_name, *place, number, tuple(batch.shape), batch.data_ptr())
        for name, output in zip(self._output_names, outputs, strict=True):
            if self._rows is None:
                size, pointer = tuple(output.shape), output.data_ptr()
                binding.bind_output(name, *place, np.float32, size, pointer)
            else:
                binding.bind_output(name)
        session.run_with_iobinding(binding, options)
        binding.synchronize_outputs()
        if self._rows is not None:
            self._copy_rows(binding.copy_outputs_to_cpu(), outputs)

    def _copy_rows(
        self, values: Sequence[np.ndarray[Any, Any]], outputs: Sequence[torch.Tensor]
    ) -> None:
        """Fill the beginnings of outputs."""
        for value, output in zip(values, outputs, strict=True):
            size = (len(output), min(value.shape[1], self._rows or 0), *output.shape[2:])
            if value.shape != size:
                raise ModelError(
                    f"{self._path}: an output may have at most {self._rows} rows, "
                    f"{tuple(output.shape)}, got {value.shape}"
                )
            output[:, : size[1]] = torch.from_numpy(value).to(output)

    def _find_shapes(
        self,
        session: Any,
        given: Port,
        ports: Sequence[Port],
        expected: Sequence[Shape],
    ) -> tuple[tuple[int, ...], ...]:
        """Return the outputs' sizes, which may follow from that of the input alone."""
        free = [port for port in ports if port.is_free]
        if not free:
            return tuple(port.shape[1:] for port in ports)
        if not given.is_free:
            raise ModelError(
                f"{self._path}: all axes but the first must have known sizes, got {free[0]}"
            )

        def run(options: Any) -> list[Any]:
            black = self._as_input(self._black_batch()).cpu().numpy()
            results: list[Any] = session.run(
                list(self._output_names), {self._input_name: black}, options
            )
            return results

        shapes = tuple(tuple(value.shape[1:]) for value in self._try(run))
        check_shapes(str(self._path), shapes, expected)
        return shapes

    def _black_batch(self) -> torch.Tensor:
        return torch.zeros(1, *self.input_shape, dtype=torch.float32, device=self.device)

    def _run_black(self, session: Any, options: Any) -> tuple[torch.Tensor, ...]:
        batch = self._black_batch()
        outputs = self._make_outputs(batch)
        self._run(session, self._as_input(batch), outputs, options)
        return outputs

    def _try(self, run: Callable[[Any], _Result]) -> _Result:
        """Run a black image, as a file's description of its outputs need not be true."""
        options = import_onnxruntime().RunOptions()
        options.log_severity_level = LOG_NOTHING_BUT_FATAL
        timer = threading.Timer(_LONGEST_TRIAL, setattr, (options, "terminate", True))
        timer.start()
        try:
            return run(options)
        except Exception as error:  # onnxruntime has a class of its own for each kind of failure.
            raise ModelError(f"{self._path} does not run on a black image: {error}") from error
        finally:
            timer.cancel()
