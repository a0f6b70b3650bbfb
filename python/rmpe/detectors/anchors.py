"""The anchors (prior boxes) of an SSD, from files."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import torch

from ..errors import ModelError

__all__ = ["read_anchors"]

# As numbers of 8 bytes, two million anchors; SSD512 has 24,564.
_MOST_BYTES = 64 << 20


def read_anchors(path: str | os.PathLike[str], key: str) -> torch.Tensor:
    """Read an array of an ``.npz`` archive.

    Parameters
    ----------
    path : path
        The archive.
    key : str
        The array's name.

    Returns
    -------
    Tensor (A, 4)
        float32, finite.

    Raises
    ------
    rmpe.ModelError
        Where there is no such array, it is too large, or holds anything else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(f"{key}.npy")
            if member.file_size > _MOST_BYTES:
                raise ValueError(f"it must be at most {_MOST_BYTES >> 20} MiB unpacked")
            with archive.open(member) as stream:
                values = np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # Archives and headers of arrays raise anything when damaged.
        raise ModelError(f"cannot read the anchors {key} from {path}: {error}") from error
    if values.ndim != 2 or values.shape[1] != 4 or not len(values) or values.dtype.kind != "f":
        raise ModelError(
            f"{path}: the anchors {key} must be (A, 4) floating-point numbers, "
            f"got {values.shape} {values.dtype}"
        )
    anchors = torch.from_numpy(values.astype(np.float32))
    if not anchors.isfinite().all():
        raise ModelError(f"{path}: the anchors {key} must be finite, got NaN or infinity")
    return anchors
