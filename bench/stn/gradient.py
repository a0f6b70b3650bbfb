"""Does the parallel branch tell a transformer where to look? ``python -m bench.stn.gradient``.

    python -m bench.stn.gradient bench/stn/transformer.toml --data ../shared/data \\
        --weights runs/stn/sppe-0/checkpoint.pt

The boxes are drawn around true ones, so the theta that would show each person in the true box is
known. At the identity, where training begins, the gradient of the branch's loss is compared with
the way to that theta, person by person: how they correlate, and for how many of those who need a
change of .05 or more they have one sign. Beside it the same of the gradient that comes back through
the de-transformer, from the pose network's own loss, and how much of both is the branch's. Prints
also what the branch's loss is at the identity and at the known theta, and that of the pose network
on the boxes as they are.

With ``--localize N``, a localization network learns these thetas from N samples, which is as much
as a gradient could tell it, and is measured on the people of the validation set.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import trange

from rmpe.method.limits import LIMITS, Limits
from rmpe.method.parallel import RMPE
from rmpe.method.transformer import detransform
from rmpe.networks.architectures import architecture_builder
from rmpe.training.pose.batches import Batch
from rmpe.training.pose.config import PoseConfig, PosePhase, Source
from rmpe.training.pose.targets import heatmap_loss
from rmpe.training.pose.task import PoseTask
from rmpe.training.pose.transformers import window_loss
from rmpe.training.read import parse_config
from rmpe.training.run import read_trained
from rmpe.training.schedule import Schedule

# Batches that are measured.
MEASURED = 12
# Of theta: row and column.
PARAMETERS = {"shift x": (0, 2), "shift y": (1, 2), "zoom x": (0, 0), "zoom y": (1, 1)}
NEEDED = 0.05
RATE = 2e-3


def samples(task: PoseTask, count: int) -> Callable[[int], Batch]:
    """Make the batches of a phase that needs the known thetas."""
    size = task.config.phase[-1].size
    phase = PosePhase(name="windows", samples=count, size=size, rate=RATE, transformer=True)
    return task.batches(Schedule((phase,), task.config.batch_size), 0, 1)


def compare(task: PoseTask, weights: Path) -> None:
    """Print what the branch's gradient says, and what there is to gain."""
    network = task.network()
    assert isinstance(network, RMPE)
    task.adopt(network, read_trained(weights))
    network.start_parallel()
    network.eval()
    make = samples(task, MEASURED * task.config.batch_size)
    losses, wanted = [], []
    found: dict[str, list[npt.NDArray[np.float32]]] = {"branch": [], "own loss": []}
    for step in trange(MEASURED, desc="gradients", unit=" batches", disable=None):
        batch = make(step)
        assert batch.window is not None and batch.centered is not None
        whole = torch.eye(2, 3).expand_as(batch.window)

        def loss(
            theta: torch.Tensor, target: torch.Tensor, batch: Batch = batch, *, back: bool = False
        ) -> torch.Tensor:
            maps = network.parallel(network.transformer.transform(batch.crops, theta))
            if back:
                maps, _ = detransform(maps, theta)
            summed = heatmap_loss(maps, target, batch.labeled, task.config.input.sigma)
            return summed / (batch.joints * maps.shape[1])

        theta = whole.clone().requires_grad_()
        at_identity, own = loss(theta, batch.centered), loss(theta, batch.target, back=True)
        for name, value in (("branch", at_identity), ("own loss", own)):
            (gradient,) = torch.autograd.grad(value, theta)
            found[name].append(-gradient.numpy())
        with torch.no_grad():
            known = loss(batch.window, batch.centered)
        losses.append([at_identity.item(), known.item(), own.item()])
        wanted.append((batch.window - whole).numpy())
    identity, known_theta, own_boxes = np.mean(losses, axis=0)
    print(f"loss of the branch at the identity  {identity:.3f}")
    print(f"loss of the branch, theta known     {known_theta:.3f}")
    print(f"loss in the boxes as they are       {own_boxes:.3f}")
    steps, needed = {k: np.concatenate(v) for k, v in found.items()}, np.concatenate(wanted)
    share = shares(steps["branch"], steps["own loss"])
    print(f"share of the branch in the gradient {share.mean():.0%}\n")
    heads = (f"{name}: correlation | same sign" for name in steps)
    print(f"| of theta | needed, standard deviation | {' | '.join(heads)} |")
    print("|---|---:|" + "---:|---:|" * len(steps))
    for name, (row, column) in PARAMETERS.items():
        need = needed[:, row, column]
        cells = (agreement(step[:, row, column], need) for step in steps.values())
        print(f"| {name} | {need.std():.3f} | {' | '.join(cells)} |")


def shares(
    branch: npt.NDArray[np.float32], own: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Share (P,) of the branch in the lengths of both gradients (P, 2, 3), over `PARAMETERS`."""
    rows, columns = zip(*PARAMETERS.values(), strict=True)
    first, second = (np.linalg.norm(part[:, rows, columns], axis=1) for part in (branch, own))
    both = first + second
    # Of people whom the crop does not show, there is none.
    share: npt.NDArray[np.float32] = first[both > 0] / both[both > 0]
    return share


def agreement(step: npt.NDArray[np.float32], need: npt.NDArray[np.float32]) -> str:
    """Two cells: correlation, and for how many who need `NEEDED` or more the sign is right."""
    far = np.abs(need) >= NEEDED
    agree = (np.sign(step) == np.sign(need))[far].mean()
    return f"{np.corrcoef(step, need)[0, 1]:.2f} | {agree:.0%}"


def localize(task: PoseTask, held_out: PoseTask, count: int) -> None:
    """Print how near to the known thetas a localization network comes that learns nothing else."""
    spec = task.config.transformer
    assert spec is not None
    size = task.config.phase[-1].size
    limits = Limits(spec.limits, spec.shift, spec.zoom, spec.angle)
    torch.manual_seed(task.config.seed)
    network = architecture_builder(spec.localization)(LIMITS[spec.limits], **spec.numbers)
    steps = count // task.config.batch_size
    make = samples(task, count)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in trange(steps, desc="localization", unit=" batches", disable=None):
        batch = make(step)
        assert batch.window is not None
        loss = window_loss(limits.theta(network(batch.crops), size), batch.window)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
    make = samples(held_out, count)
    errors = []
    for step in range(MEASURED):
        batch = make(step)
        assert batch.window is not None
        with torch.no_grad():
            theta = limits.theta(network(batch.crops), size)
        whole = torch.eye(2, 3).expand_as(theta)
        errors.append([window_loss(part, batch.window).item() for part in (theta, whole)])
    learned, identity = np.mean(errors, axis=0)
    print(
        f"\ncorners of the windows off by {learned:.4f} after {count:,} samples, "
        f"by {identity:.4f} at the identity"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, help="of a network behind a transformer")
    parser.add_argument("--data", type=Path, required=True, help="folder with coco-people")
    parser.add_argument("--weights", type=Path, required=True, help="of its pose network")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/rmpe/photographs"))
    parser.add_argument("--localize", type=int, metavar="N", help="samples of a localization")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = parse_config(arguments.config.read_text(), arguments.config.name)
    assert isinstance(config, PoseConfig)
    folders = {
        "data": arguments.data,
        "cache": arguments.cache.expanduser(),
        "folder": arguments.config.parent,
    }
    task = PoseTask(config, **folders)
    compare(task, arguments.weights)
    if arguments.localize is not None:
        validation = config.validation
        source = Source(annotations=validation.annotations, images=validation.images)
        held_out = PoseTask(replace(config, source=(source,)), **folders)
        localize(task, held_out, arguments.localize)


if __name__ == "__main__":
    main()
