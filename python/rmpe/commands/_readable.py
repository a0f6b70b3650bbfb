"""Leave out images that cannot be read, before the networks run, which takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._messages import say

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset

__all__ = ["keep_readable"]


def keep_readable(dataset: Dataset) -> Dataset:
    """Keep the images that can be read, and say how many cannot, and why the first one.

    Raises
    ------
    rmpe.datasets.dataset.DatasetError
        None can be read, or one has another size than the annotations state.
    """
    from tqdm import tqdm

    from ..datasets.dataset import DatasetError
    from ..readable import readable

    with tqdm(total=len(dataset), desc="read", unit="image", delay=1, disable=None) as bar:
        kept, problems = readable(dataset, progress=bar.update)
    if not len(kept):
        raise DatasetError(
            f"{dataset.annotations}: none of its {len(dataset)} images can be read: {problems[0]}"
        )
    if problems:
        say(
            f"{len(problems)} of {len(dataset)} images of {dataset.annotations} cannot be read, "
            f"and are left out: {problems[0]}" + (", ..." if len(problems) > 1 else "")
        )
    return kept
