"""Pose-guided proposals generator (PGPG): boxes with the errors that a detector makes.

As in the RMPE paper: the offsets between detected and true boxes depend on the pose, so a Gaussian
mixture is fitted to them for each atomic pose. In training, a person's proposals are drawn from the
mixture of its atomic pose. `rmpe.method.fit_proposals`
fits, this module samples.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..datasets.dataset import DatasetError
from ..datasets.json_file import read_json
from ..output_file import write_output
from ..skeletons import SKELETONS
from ..toml_table import is_integer, show
from .atomic_poses import AtomicPoses, Bools, Floats
from .mixtures import Mixture

__all__ = [
    "FITTED",
    "RELEASED",
    "Proposals",
    "ProposalsError",
    "random_jitter",
    "read_proposals",
]

# What `rmpe fit-proposals` wrote and the package brings along; each file says what it comes from.
FITTED = {name: Path(__file__).parent / "fitted" / f"{name}.json" for name in ("coco", "mpii")}

_KIND = "rmpe proposals"
# How often offsets that would turn a box inside out are drawn again.
_TRIES = 10
# Offsets are in sides of a box: what is computed of these stays finite.
_LARGEST = 1e9
_MOST_PEOPLE = 10**9


class ProposalsError(ValueError):
    """A file of fitted proposals cannot be read; the message names file, field and rule."""


class Proposals:
    """Draws proposals around true boxes.

    Parameters
    ----------
    mixtures : sequence of Mixture
        A single one for everybody; or, with ``poses``, one for each atomic pose and a last one for
        people without torso.
    poses : AtomicPoses, optional

    Raises
    ------
    ValueError
        If the number of mixtures does not fit.

    Examples
    --------
    >>> boxes = np.array([[10.0, 20.0, 50.0, 120.0]] * 1000)
    >>> drawn = RELEASED.sample(boxes, np.zeros(1000, int), np.random.default_rng(0))
    >>> drawn.shape, bool(abs(drawn[:, 0].mean() - 10) < 1)
    ((1000, 4), True)
    """

    def __init__(
        self, mixtures: list[Mixture] | tuple[Mixture, ...], poses: AtomicPoses | None = None
    ) -> None:
        wanted = 1 if poses is None else len(poses) + 1
        if len(mixtures) != wanted:
            raise ValueError(f"mixtures must be {wanted}, got {len(mixtures)}")
        self.mixtures = tuple(mixtures)
        self.poses = poses
        # All components of all groups in a row, so that a batch is drawn without a loop.
        counts = [len(mixture.weights) for mixture in mixtures]
        self._first = np.cumsum([0, *counts[:-1]])
        self._last = np.cumsum(counts) - 1
        ends = [np.cumsum(m.weights) / m.weights.sum() + group for group, m in enumerate(mixtures)]
        self._ends = np.concatenate(ends)
        self._means = np.concatenate([mixture.means for mixture in mixtures])
        self._roots = np.linalg.cholesky(np.concatenate([m.covariances for m in mixtures]))

    def groups(self, keypoints: Floats, labeled: Bools) -> npt.NDArray[np.int64]:
        """Say which mixture each person's proposals come from.

        Parameters
        ----------
        keypoints : array (N, K, 2)
            Pixels, in the order of the skeleton of ``poses``.
        labeled : array (N, K) of bool

        Returns
        -------
        array (N,), int64
            To be computed once for a data set, and given to `sample`.
        """
        if self.poses is None:
            return np.zeros(len(keypoints), np.int64)
        return self.poses.assign(keypoints, labeled)

    def offsets(self, groups: npt.NDArray[np.int64], generator: np.random.Generator) -> Floats:
        """Draw one offset for each person; (N,) -> (N, 4), in sides of the true box."""
        position = np.searchsorted(self._ends, groups + generator.random(len(groups)), side="right")
        component = np.clip(position, self._first[groups], self._last[groups])
        normal = generator.standard_normal((len(groups), 4, 1))
        drawn: Floats = self._means[component] + (self._roots[component] @ normal)[..., 0]
        return drawn

    def sample(
        self, boxes: Floats, groups: npt.NDArray[np.int64], generator: np.random.Generator
    ) -> Floats:
        """Draw one proposal for each person.

        Parameters
        ----------
        boxes : array (N, 4)
            True boxes, ``x1, y1, x2, y2``, x1 < x2 and y1 < y2.
        groups : array (N,), int64
            See `groups`.
        generator : numpy.random.Generator

        Returns
        -------
        array (N, 4)
            x1 < x2 and y1 < y2 here too: offsets that would turn a box inside out are drawn again.
        """
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        proposals = boxes + sides * self.offsets(groups, generator)
        for _ in range(_TRIES):
            bad = np.flatnonzero((proposals[:, 2:] <= proposals[:, :2]).any(axis=1))
            if not len(bad):
                return proposals
            again = self.offsets(groups[bad], generator)
            proposals[bad] = boxes[bad] + sides[bad] * again
        bad = np.flatnonzero((proposals[:, 2:] <= proposals[:, :2]).any(axis=1))
        proposals[bad] = boxes[bad]
        return proposals

    def overall(self) -> tuple[Floats, Floats]:
        """Mean (4,) and covariance (4, 4) of everybody's offsets, by the groups' people."""
        people = np.array([mixture.people for mixture in self.mixtures], np.float64)
        share = people / people.sum() if people.sum() else np.full(len(people), 1 / len(people))
        means = np.stack([mixture.mean() for mixture in self.mixtures])
        mean: Floats = share @ means
        covariance = sum(
            part * (mixture.covariance() + np.outer(own - mean, own - mean))
            for part, mixture, own in zip(share, self.mixtures, means, strict=True)
        )
        return mean, np.asarray(covariance)

    def write(self, path: str | os.PathLike[str], **provenance: Any) -> None:
        """Write a JSON file that `read_proposals` reads.

        Parameters
        ----------
        path : path
        **provenance
            What the numbers come from, as JSON values; kept in the file for people.

        Raises
        ------
        OSError
            It cannot be written; a file that was there stays.
        """
        content: dict[str, Any] = {"kind": _KIND, "provenance": provenance}
        if self.poses is not None:
            content["skeleton"] = self.poses.skeleton.name
        content["groups"] = [self._group(i) for i in range(len(self.mixtures))]
        write_output(path, _laid_out(content).encode())

    def _group(self, index: int) -> dict[str, Any]:
        mixture = self.mixtures[index]
        group: dict[str, Any] = {"people": mixture.people}
        if self.poses is not None and index < len(self.poses):
            group["atomic_pose"] = self.poses.centers[index].round(4).tolist()
        group["weights"] = mixture.weights.round(6).tolist()
        group["means"] = mixture.means.round(6).tolist()
        group["covariances"] = mixture.covariances.round(8).tolist()
        return group


def _laid_out(content: dict[str, Any]) -> str:
    """JSON with each group's fields on a line of their own: short, and readable in a diff."""
    groups = ",\n".join(
        "  {\n" + ",\n".join(f'    "{k}": {json.dumps(v)}' for k, v in group.items()) + "\n  }"
        for group in content["groups"]
    )
    head = ",\n".join(f' "{k}": {json.dumps(v)}' for k, v in content.items() if k != "groups")
    return "{\n" + head + ',\n "groups": [\n' + groups + "\n ]\n}\n"


def read_proposals(path: str | os.PathLike[str]) -> Proposals:
    """Read what `Proposals.write` wrote.

    Raises
    ------
    ProposalsError
        If the file cannot be read or holds anything else; the message names the field.
    """
    try:
        content = read_json(Path(path))
    except DatasetError as error:
        raise ProposalsError(f"{error}; it must be JSON of fitted proposals") from None
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise ProposalsError(f'{path} must be a JSON object with "kind": "{_KIND}"')
    groups = content.get("groups")
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise ProposalsError(f"{path}: groups must be a list of objects")
    mixtures = []
    for i, group in enumerate(groups):
        try:
            mixtures.append(_read_mixture(group))
        except ValueError as error:
            raise ProposalsError(f"{path}: groups[{i}]: {error}") from None
    try:
        return Proposals(mixtures, _read_poses(content, groups))
    except ValueError as error:
        raise ProposalsError(f"{path}: {error}") from None


def _read_mixture(group: dict[str, Any]) -> Mixture:
    people = group.get("people", 0)
    if not is_integer(people, 0, _MOST_PEOPLE):
        raise ValueError(f"people must be a whole number, 0 to {_MOST_PEOPLE}, got {show(people)}")
    return Mixture(
        _numbers(group, "weights"),
        _numbers(group, "means"),
        _numbers(group, "covariances"),
        people=people,
    )


def _read_poses(content: dict[str, Any], groups: list[dict[str, Any]]) -> AtomicPoses | None:
    if "skeleton" not in content:
        return None
    name = content["skeleton"]
    if not isinstance(name, str) or name not in SKELETONS:
        raise ValueError(f"skeleton must be one of {', '.join(SKELETONS)}, got {name!r}")
    skeleton = SKELETONS[name]
    centers = [_numbers(group, "atomic_pose") for group in groups[:-1]]
    for center in centers:
        if center.shape != (len(skeleton), 2):
            raise ValueError(f"atomic_pose must be ({len(skeleton)}, 2), got {center.shape}")
    if not centers:
        raise ValueError("with a skeleton there must be two groups or more")
    return AtomicPoses(skeleton, np.stack(centers))


def _numbers(group: dict[str, Any], key: str) -> Floats:
    """A field as an array of numbers, none beyond `_LARGEST`."""
    if key not in group:
        raise ValueError(f"{key} is missing")
    try:
        values = np.array(group[key])
        if values.dtype.kind not in "if" or not (np.abs(values) <= _LARGEST).all():
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise ValueError(
            f"{key} must be nested lists of finite numbers of equal length, none beyond "
            f"{_LARGEST:g}"
        ) from None
    return values.astype(np.float64)


def random_jitter(proposals: Proposals) -> Proposals:
    """What PGPG is compared with: jitter of equal variance that knows nothing else.

    Each edge moves by itself, by a Gaussian around 0 whose variance is the mean square of that
    edge's offsets.
    """
    mean, covariance = proposals.overall()
    square = np.diag(np.diag(covariance) + mean**2)
    return Proposals([Mixture(np.ones(1), np.zeros((1, 4)), square[None])])


# The one Gaussian that the authors released, for all poses: each edge by itself.
RELEASED = Proposals(
    [
        Mixture(
            np.ones(1),
            np.array([[-0.0142, 0.0043, 0.0154, -0.0013]]),
            np.diag(np.square([0.1158, 0.068, 0.1337, 0.0711]))[None],
        )
    ]
)
