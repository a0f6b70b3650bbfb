"""ONNX networks through onnxruntime, on torch tensors."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import ModelError
from .external_data import has_external_data
from .forks import leave_to_the_parent
from .network import Shape, check_batch, check_finite, check_shapes, run_in_calls
from .telemetry import import_onnxruntime

__all__ = ["OnnxNetwork"]

# A file may hold a loop without an end; large networks take seconds for an image.
_LONGEST_TRIAL = 120.0
# What an input may hold.
_INPUT_TYPES = {
    "tensor(float)": torch.float32,
    "tensor(int32)": torch.int32,
    "tensor(uint8)": torch.uint8,
}
_NUMPY_TYPES = {torch.float32: np.float32, torch.int32: np.int32, torch.uint8: np.uint8}
# Errors come as exceptions; the library would print them as well, as they stand in the file.
_LOG_NOTHING_BUT_FATAL = 4


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
    batch_size : int
        Most items of one call. It shrinks where a GPU's memory is short.

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
        batch_size: int = 1,
    ) -> None:
        self.device = torch.device(device)
        self.input_shape = tuple(input_shape)
        self._channels_last = channels_last
        self._path = Path(path).absolute()
        self._input_name = input_name
        self._output_names = tuple(output_names)
        self._provider = _provider(self.device)
        content = _read(self._path)
        self._digest = hashlib.sha256(content).digest()
        session = _open(self._path, content, self._provider, threads=1)
        self._input_type = torch.float32
        self.output_shapes, self._fixed_batch = self._check_file(session, output_shapes)
        self._batch_size = 1 if self._fixed_batch else batch_size
        self._sessions: _Sessions | None = self._open_sessions(content, session)
        self._try(session)

    def __call__(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run float32 (N, 3, h, w); see `Network`."""
        check_batch(batch, self.input_shape, self.device)
        sessions = self._sessions_here()
        outputs = tuple(batch.new_empty((len(batch), *shape)) for shape in self.output_shapes)
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

    def _sessions_here(self) -> _Sessions:
        """Give the sessions of this process, which it has to open after a fork or a pickle."""
        sessions = self._sessions
        if sessions is not None and sessions.process == os.getpid():
            return sessions
        if sessions is not None and self.device.type == "cuda":
            raise RuntimeError(
                "CUDA cannot be used after a fork: make the network in the process that uses it, "
                "or start that process by spawn"
            )
        content = _read(self._path)
        if hashlib.sha256(content).digest() != self._digest:
            raise ModelError(f"{self._path} has changed since the network was loaded")
        single = _open(self._path, content, self._provider, threads=1)
        self._sessions = self._open_sessions(content, single)
        return self._sessions

    def _open_sessions(self, content: bytes, single: Any) -> _Sessions:
        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        wide = single
        if threads > 1 and not self._fixed_batch:
            wide = _open(self._path, content, self._provider, threads)
        pool = ThreadPoolExecutor(threads, "rmpe-onnx")
        return _Sessions(os.getpid(), threads, single, wide, pool)

    def _as_input(self, batch: torch.Tensor) -> torch.Tensor:
        """Bring a batch to the form that the file takes."""
        if self._channels_last:
            batch = batch.permute(0, 2, 3, 1)
        if self._input_type != torch.float32:
            batch = batch.round().clamp(0, 255).to(self._input_type)
        return batch.contiguous()

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
            binding.bind_output(name, *place, np.float32, tuple(output.shape), output.data_ptr())
        session.run_with_iobinding(binding, options)
        binding.synchronize_outputs()

    def _try(self, session: Any) -> None:
        """Run a black image, as a file's description of its outputs need not be true."""
        options = import_onnxruntime().RunOptions()
        options.log_severity_level = _LOG_NOTHING_BUT_FATAL
        timer = threading.Timer(_LONGEST_TRIAL, setattr, (options, "terminate", True))
        timer.start()
        try:
            batch = torch.zeros(1, *self.input_shape, dtype=torch.float32, device=self.device)
            outputs = [batch.new_empty((1, *shape)) for shape in self.output_shapes]
            self._run(session, self._as_input(batch), outputs, options)
        except Exception as error:  # onnxruntime has a class of its own for each kind of failure.
            raise ModelError(f"{self._path} does not run on a black image: {error}") from error
        finally:
            timer.cancel()
        check_finite(str(self._path), outputs)

    def _check_file(
        self, session: Any, expected: Sequence[Shape]
    ) -> tuple[tuple[tuple[int, ...], ...], bool]:
        """Compare the file with the card; return the outputs' shapes, and whether N must be 1."""
        try:
            inputs = [_Port.read(port) for port in session.get_inputs()]
            found = {port.name: _Port.read(port) for port in session.get_outputs()}
        except UnicodeDecodeError as error:
            raise ModelError(f"{self._path}: the names in it must be UTF-8: {error}") from None
        channels, height, width = self.input_shape
        shape = (height, width, channels) if self._channels_last else self.input_shape
        if (
            [port.name for port in inputs] != [self._input_name]
            or inputs[0].type not in _INPUT_TYPES
            or inputs[0].shape[1:] != shape
        ):
            want = ", ".join(map(str, shape))
            raise ModelError(
                f"{self._path}: by the model card the only input is {self._input_name} (N, {want}) "
                f"float, int32 or uint8, got {', '.join(map(str, inputs))}"
            )
        self._input_type = _INPUT_TYPES[inputs[0].type]
        missing = [name for name in self._output_names if name not in found]
        if missing:
            raise ModelError(
                f"{self._path}: by the model card there is an output {missing[0]}, "
                f"got {', '.join(map(str, found.values()))}"
            )
        outputs = [found[name] for name in self._output_names]
        for output in outputs:
            if output.type != "tensor(float)" or not output.shape:
                raise ModelError(
                    f"{self._path}: outputs must be float tensors of known shape, got {output}"
                )
        for port in (inputs[0], *outputs):
            if isinstance(port.shape[0], int) and port.shape[0] != 1:
                raise ModelError(
                    f"{self._path}: the first axis is the batch and must be free or 1, got {port}"
                )
        shapes = tuple(output.shape[1:] for output in outputs)
        check_shapes(str(self._path), shapes, expected)
        for output in outputs:
            if not all(isinstance(size, int) and size > 0 for size in output.shape[1:]):
                raise ModelError(
                    f"{self._path}: all axes but the first must have known sizes, got {output}"
                )
        return shapes, any(port.shape[0] == 1 for port in (inputs[0], *outputs))


@dataclass(frozen=True)
class _Port:
    """An input or output: sequences and maps have no shape."""

    name: str
    type: str
    shape: tuple[Any, ...]

    @classmethod
    def read(cls, port: Any) -> _Port:
        shape = tuple(port.shape) if port.type.startswith("tensor(") else ()
        return cls(port.name, port.type, shape)

    def __str__(self) -> str:
        if not self.type.startswith("tensor("):
            return f"{self.name} {self.type}"
        return f"{self.name} ({', '.join(map(str, self.shape))}) {self.type[len('tensor(') : -1]}"


@dataclass(frozen=True)
class _Sessions:
    """What one process runs a network with."""

    process: int
    threads: int
    single: Any  # Runs on one thread.
    wide: Any  # Runs on all of them.
    pool: ThreadPoolExecutor


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        outside = has_external_data(content)
    except OSError as error:
        raise ModelError(f"cannot read the network {path}: {error.strerror}") from None
    except ValueError as error:
        raise ModelError(f"{path} is damaged or no ONNX file: {error}") from None
    if outside:
        raise ModelError(
            f"{path} keeps weights in another file, which the SHA-256 in its card does not cover; "
            "save the network as one file (onnx.save does so by default)"
        )
    return content


def _provider(device: torch.device) -> str | tuple[str, dict[str, int]]:
    """Name the part of onnxruntime that serves a device."""
    if device.type == "cpu":
        return "CPUExecutionProvider"
    if device.type != "cuda":
        raise ModelError(f"device of an ONNX network must be cpu or cuda, got {device}")
    onnxruntime = import_onnxruntime()
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError(
            f"the installed onnxruntime {onnxruntime.__version__} cannot use CUDA: replace it by "
            "onnxruntime-gpu (pip uninstall onnxruntime; pip install onnxruntime-gpu), or choose "
            "the device cpu"
        )
    return ("CUDAExecutionProvider", {"device_id": device.index or 0})


def _open(
    path: Path, content: bytes, provider: str | tuple[str, dict[str, int]], threads: int
) -> Any:
    """Make a session; of what has been read and checked, and not of the file."""
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_NOTHING_BUT_FATAL
    # Threads that spin while they wait take the cores from the next step, which is torch's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        session = onnxruntime.InferenceSession(
            content, options, providers=[provider], enable_fallback=0
        )
    except Exception as error:  # onnxruntime has a class of its own for each kind of failure.
        raise ModelError(f"onnxruntime cannot load {path}: {error}") from error
    leave_to_the_parent(session)
    wanted = provider if isinstance(provider, str) else provider[0]
    if session.get_providers()[0] != wanted:
        raise ModelError(
            f"onnxruntime cannot run {path} on CUDA: libraries that it needs are missing, or of "
            "another version"
        )
    return session
