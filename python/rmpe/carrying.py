"""Where people will be in the next frame, by their poses in this one: boxes without a detector."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .arguments import check_kind
from .class_names import PERSON
from .detectors.detections import Detections
from .listing import listed
from .people import People
from .skeletons import Skeleton

__all__ = ["carry"]

# A joint below this score says nothing of where its person is, unless the card has a score of its
# own from which joints are drawn.
_SURE_JOINT = 0.3
# Fewer joints make no person.
_LEAST_JOINTS = 3
# Share of the joints' extent by which a box reaches beyond them on each side. In the photographs of
# COCO with 8 joints or more, the medians of the four sides are 0.12 to 0.15.
_MARGIN = 0.15
# No side becomes shorter than this share of what it was: one that grew short because joints were
# not seen would hide them from the next frame, too.
_SHRINK = 0.9


def carry(
    people: People,
    image: torch.Tensor,
    *,
    skeleton: Skeleton,
    classes: Sequence[str] = (PERSON,),
) -> Detections:
    """Expect the people of one frame in the next, where their joints were.

    Who comes into the picture is not among them. Who had fewer than 3 joints that were sure, as one
    who is hidden or has left, is dropped. Sure are those from ``people.drawn_score`` on, or 0.3
    where that is None.

    Parameters
    ----------
    people : People
        Of one image.
    image : Tensor (H, W, 3)
        The next frame, of the same size.
    skeleton : Skeleton
        That of the people.
    classes : sequence of str
        What the detector tells apart, the people's classes among them.

    Returns
    -------
    Detections
        On the device of `image`: a box around the joints of each person who is carried on, with
        some margin, within the image; the scores and classes are those of the boxes before.

    Raises
    ------
    TypeError, ValueError
        The people are of another kind, size of image, skeleton or class.

    Examples
    --------
    >>> from rmpe.skeletons import COCO_17
    >>> keypoints = torch.linspace(20.0, 40.0, 17)[None, :, None].expand(1, 17, 2)
    >>> people = People(
    ...     keypoints=keypoints,
    ...     keypoint_scores=torch.full((1, 17), 0.9),
    ...     boxes=torch.tensor([[15.0, 15, 35, 35]]),
    ...     box_scores=torch.tensor([0.8]),
    ...     scores=torch.tensor([0.7]),
    ...     image_index=torch.tensor([0]),
    ...     image_sizes=((48, 64),),
    ...     skeleton=COCO_17,
    ... )
    >>> carry(people, torch.zeros(48, 64, 3, dtype=torch.uint8), skeleton=COCO_17).boxes
    tensor([[17., 17., 43., 43.]])
    """
    check_kind("people", people, People)
    height, width = image.shape[:2]
    if people.image_sizes != ((height, width),):
        raise ValueError(f"people must be of one image {(height, width)}, got {people.image_sizes}")
    if people.skeleton != skeleton:
        raise ValueError(
            f"people must have the skeleton {skeleton.name}, got {people.skeleton.name}"
        )
    if unknown := set(people.class_names) - set(classes):
        raise ValueError(f"people must be of {listed(classes)}, got {listed(sorted(unknown))}")
    of_class = [classes.index(name) for name in people.class_names]
    people = people.to(image.device)
    sure = people.keypoint_scores >= (
        _SURE_JOINT if people.drawn_score is None else people.drawn_score
    )
    low = people.keypoints.masked_fill(~sure[..., None], torch.inf).amin(1)
    high = people.keypoints.masked_fill(~sure[..., None], -torch.inf).amax(1)
    before = people.boxes[:, 2:] - people.boxes[:, :2]
    sides = torch.maximum((high - low) * (1 + 2 * _MARGIN), before * _SHRINK)
    center = (low + high) / 2
    edges = center.new_tensor([width, height])
    first, last = (
        torch.minimum((center + sign * sides / 2).clamp(min=0), edges) for sign in (-1, 1)
    )
    found = Detections(
        torch.cat([first, last], 1),
        people.box_scores,
        people.image_index,
        torch.tensor(of_class, dtype=torch.int64, device=image.device),
    )
    return found.select((sure.sum(1) >= _LEAST_JOINTS) & (last > first).all(1))
