"""The state of a training run, and one step of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from ..models.card import PoseCard
from ..models.read import load_card
from ..models.store import obtain
from ..networks.precision import Precision, choose_precision
from ..networks.weights import read_weights
from .checkpoint import CheckpointError, brief, read_checkpoint
from .config import TrainingConfig
from .muon import MuonForConvolutions
from .optimization import MovingAverage, build_optimizer, moments
from .task import Task

__all__ = ["Run", "read_trained", "take_step"]


@dataclass
class Run:
    """A training run: what a checkpoint holds.

    Attributes
    ----------
    config : TrainingConfig
    text : str
        The file of the configuration; a checkpoint goes with one configuration.
    network : nn.Module
    step : int
        The next one.
    skipped : int
        Steps that were not taken, because the gradient was not finite.
    best : float
        Best validation so far, of the moving average.
    values : list of dict
        The loss and its details in each step since the last line of the log.
    overfit : int or None
        How many samples are learned by heart; a checkpoint goes with this, too.
    sources : dict of str to str
        What it is trained on, `rmpe.training.task.Task.contents`; and with this.
    precision : str
        What convolutions are computed in: ``"bfloat16"`` or ``"float32"``.
    """

    config: TrainingConfig
    text: str
    network: nn.Module
    step: int = 0
    skipped: int = 0
    best: float = -1.0
    values: list[dict[str, float]] = field(default_factory=list)
    overfit: int | None = None
    sources: dict[str, str] = field(default_factory=dict)
    average: MovingAverage = field(init=False)
    optimizer: torch.optim.Optimizer | MuonForConvolutions = field(init=False)
    precision: Precision = field(init=False)

    def __post_init__(self) -> None:
        self.precision = choose_precision(self.config.precision)
        self.average = MovingAverage(self.network, self.config.optimizer.ema)
        self.optimizer = build_optimizer(self.config.optimizer, self.network)

    def state(self) -> dict[str, Any]:
        """What `restore` needs. The samples depend on the seed and the step alone."""
        return {
            "config": self.text,
            "overfit": self.overfit,
            "sources": self.sources,
            "step": self.step,
            "skipped": self.skipped,
            "best": self.best,
            "values": self.values,
            "precision": self.precision,
            "random": torch.get_rng_state(),
            **self._weights(),
        }

    def _weights(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "optimizer": self.optimizer.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint of this very configuration was written.

        Raises
        ------
        CheckpointError
            Where the checkpoint is of another configuration, or other samples were overfitted or
            trained on.
        """
        if state["config"] != self.text:
            raise CheckpointError(
                "the checkpoint was written with another configuration; give that one again, or "
                "start a run of its own from the checkpoint's weights with --from"
            )
        # Early checkpoints do not say.
        overfit = state.get("overfit", self.overfit)
        if overfit != self.overfit:
            given = "without --overfit" if overfit is None else f"with --overfit {overfit}"
            raise CheckpointError(
                f"the checkpoint was written {given}; go on as the run began, or start one of its "
                "own"
            )
        # The names are those of one configuration. What early checkpoints do not say is none.
        for name, before in (state.get("sources") or {}).items():
            now = self.sources.get(name, "nothing")
            if before != now:
                raise CheckpointError(
                    f"the checkpoint was written with another {name}: it had {before}, and has "
                    f"{now} now; bring that back, or start a run of its own from the checkpoint's "
                    "weights with --from"
                )
        self.start_from(state)
        self.step, self.skipped = state["step"], state["skipped"]
        self.best, self.values = state["best"], list(state["values"])
        # On another processor, too: the losses are those of one run. Early checkpoints do not say.
        self.precision = state.get("precision") or self.precision
        torch.set_rng_state(state["random"])

    def start_from(self, state: dict[str, Any]) -> None:
        """Take over weights, their average and the optimizer's state.

        Raises
        ------
        CheckpointError
            Where they are of another network or optimizer, or no finite numbers.
        """
        for network, weights in (
            (self.network, state["network"]),
            (self.average.network, state["average"]),
        ):
            for name, value in network.state_dict().items():
                if name in weights and not _is_like(weights[name], value):
                    raise CheckpointError(
                        f"the checkpoint is of another network, or damaged: {name} must be finite "
                        f"{value.dtype} {tuple(value.shape)}"
                    )
            try:
                network.load_state_dict(weights)
            except RuntimeError as error:
                raise CheckpointError(
                    f"the checkpoint is of another network: {brief(error)}"
                ) from None
        self._fill_optimizer(state["optimizer"]["state"])
        self.average.updates = state["updates"]

    def _fill_optimizer(self, state: dict[Any, Any]) -> None:
        """Take over what the optimizer knows of each parameter; its settings stay."""
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        for key, known in state.items():
            fits = type(key) is int and 0 <= key < len(parameters) and isinstance(known, dict)
            models = moments(self.config.optimizer, parameters[key]) if fits else {}
            if not (
                fits
                and known.keys() == models.keys()
                and all(_is_like(known[name], model) for name, model in models.items())
            ):
                raise CheckpointError(
                    "the checkpoint is of another optimizer, or damaged: "
                    f"{self.config.optimizer.kind} must have finite "
                    f"{', '.join(models) or 'moments'} of the shape of each parameter, "
                    f"got another thing at number {key!r}"
                )
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def _is_like(value: Any, model: torch.Tensor) -> bool:
    """Whether a value is an ordinary tensor of the type and shape of another, and finite."""
    return (
        isinstance(value, torch.Tensor)
        and (value.dtype, value.shape, value.layout) == (model.dtype, model.shape, torch.strided)
        and value.device == model.device
        and bool(value.isfinite().all())
    )


def read_trained(path: Path) -> dict[str, torch.Tensor]:
    """Read trained weights: a checkpoint's moving average, a file of weights alone, or a card's.

    Raises
    ------
    CheckpointError, rmpe.ModelError
        Where the file cannot be read.
    """
    if path.suffix == ".toml":
        card = load_card(path)
        if card.runtime != "pytorch":
            raise CheckpointError(
                f"{path} is the card of an ONNX file, whose weights cannot be trained; give that "
                "of a PyTorch network"
            )
        values = read_weights(obtain(card.network))
        if isinstance(card, PoseCard) and card.transformer is not None:
            localization = read_weights(obtain(card.transformer.network))
            # As the weights of `rmpe.method.parallel.RMPE` are called.
            values = {f"sppe.{name}": value for name, value in values.items()} | {
                f"transformer.localization.{name}": value for name, value in localization.items()
            }
    elif path.suffix == ".safetensors":
        values = read_weights(path)
    else:
        values = read_checkpoint(path)["average"]
    trained = {k: v.float() if v.is_floating_point() else v for k, v in values.items()}
    for name, value in trained.items():
        if value.is_complex() or not _is_like(value, torch.empty_like(value, device="cpu")):
            raise CheckpointError(f"{path}: the weight {name} must be a tensor of finite numbers")
    return trained


def take_step(run: Run, task: Task, model: nn.Module, batch: Any, rate: float) -> tuple[float, Any]:
    """One step of the optimizer, unless the gradient is not finite.

    Parameters
    ----------
    run : Run
    task : Task
    model : nn.Module
        ``run.network``, or what spreads it over processes.
    batch
        Of this process.
    rate : float
        Learning rate.

    Returns
    -------
    loss : float
        Of the whole batch. NaN where no step was taken.
    outputs
        Of the network, for `Task.picture`.
    """
    config = run.config
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    statistics = [buffer.clone() for buffer in run.network.buffers()]
    model.train()
    with torch.autocast("cpu", torch.bfloat16, run.precision == "bfloat16"):
        loss, outputs = task.loss(model, batch)
    world = dist.get_world_size() if dist.is_initialized() else 1
    # The average of the processes' gradients becomes their sum, as of one whole batch.
    torch.autograd.backward(loss * world)
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), config.optimizer.clip)
    value = loss.detach().clone()
    if world > 1:
        dist.all_reduce(value)
        _average_statistics(run.network, world)
    if math.isfinite(norm):
        run.optimizer.step()
        run.average.update()
    else:
        # What is not finite has also gone into the running statistics of batch norm.
        for buffer, before in zip(run.network.buffers(), statistics, strict=True):
            buffer.copy_(before)
        run.skipped += 1
        value.fill_(math.nan)
    run.optimizer.zero_grad()
    run.step += 1
    run.values.append({"loss": float(value), **task.details(outputs)})
    return float(value), outputs


def _average_statistics(network: nn.Module, world: int) -> None:
    """Give all processes the mean of the running statistics that each took of its own samples.

    Each normalizes by its own samples, as PyTorch has batch norm over all processes for GPUs alone;
    but what the network will be used with, every sample has contributed to. Frozen norms have
    nothing to average, and stay as they are, bit for bit.
    """
    values = [
        statistic
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training
        for statistic in (module.running_mean, module.running_var)
        if statistic is not None
    ]
    if values:
        flat = torch.cat(values)
        dist.all_reduce(flat)
        start = 0
        for value in values:
            value.copy_(flat[start : start + len(value)] / world)
            start += len(value)
