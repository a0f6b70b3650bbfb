"""A suppression with its parameters, checked when it is made and not when people are there.

Importing this module imports neither torch nor numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rmpe_ext.validation.checks import TYPES, check_choice, check_real

from .suppressions import PRESET_KINDS, SUPPRESSIONS, Parameters

if TYPE_CHECKING:
    import torch

    from ..people import People

__all__ = ["FittedSuppression"]


@dataclass(frozen=True)
class FittedSuppression:
    """A kind of suppression with its parameters, as `rmpe.method.preset_file` reads it.

    Attributes
    ----------
    kind : str
        A key of `SUPPRESSIONS` that is no form of pose NMS, which has presets.
    parameters : mapping of str to float
        A value for each that the kind has.

    Raises
    ------
    ValueError, TypeError
        There is no such kind, or its parameters are others; the message says which.

    Examples
    --------
    >>> FittedSuppression("oks-nms", {"threshold": 0.85}).replaced({"threshold": 0.9}).parameters
    {'threshold': 0.9}
    """

    kind: str
    parameters: Parameters

    def __post_init__(self) -> None:
        kinds = [kind for kind in SUPPRESSIONS if kind not in PRESET_KINDS]
        check_choice("kind", self.kind, kinds)
        known = SUPPRESSIONS[self.kind].ranges
        if self.parameters.keys() != known.keys():
            given = ", ".join(map(str, self.parameters)) or "none"
            raise ValueError(
                f"the parameters of {self.kind} must be {', '.join(known)}, got {given}"
            )
        for name, value in self.parameters.items():
            check_real(TYPES, name, value, "0 or more", least=0)
        # Each op has further rules for its parameters, and says them.
        self(_nobody())

    def replaced(self, parameters: Parameters | None) -> FittedSuppression:
        """Give the same kind with some values replaced."""
        return replace(self, parameters={**self.parameters, **(parameters or {})})

    def __call__(self, people: People) -> tuple[torch.Tensor, People]:
        """Suppress: see `Suppression.apply`."""
        return SUPPRESSIONS[self.kind].apply(people, self.parameters)


def _nobody() -> People:
    import torch

    from ..people import People
    from ..skeletons import COCO_17

    return People(
        keypoints=torch.zeros(0, len(COCO_17), 2),
        keypoint_scores=torch.zeros(0, len(COCO_17)),
        boxes=torch.zeros(0, 4),
        box_scores=torch.zeros(0),
        scores=torch.zeros(0),
        image_index=torch.zeros(0, dtype=torch.int64),
        image_sizes=(),
        skeleton=COCO_17,
    )
