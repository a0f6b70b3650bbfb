"""The people that were found: one batch of tensors for any number of images."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, SupportsIndex

import torch

from rmpe_ext.validation.checks import show

from .arguments import as_device, check_kind
from .class_names import PERSON, check_class_index
from .listing import listed
from .people_fields import check_fields, check_image_index
from .skeletons import Skeleton

if TYPE_CHECKING:
    from .result import Result

__all__ = ["People"]


@dataclass(frozen=True, eq=False)
class People:
    """P people in B images, as dense tensors on one device.

    Numbers that are not whole may be float16, bfloat16, float32 or float64. NaN stands for what is
    not known: a keypoint at NaN is not drawn, and files have null, or 0, in its place.

    ``people[i]`` is the result of image i, with the names that programs know, such as
    ``people[i].keypoints.xy``; iterating gives the results of all images, and ``split`` the same
    batches of tensors, an image each.

    Parameters
    ----------
    keypoints : Tensor (P, K, 2)
        x, y in image pixels, pixel centers at integers.
    keypoint_scores : Tensor (P, K)
        Confidences; higher is surer, most networks stay within 0..1.
    boxes : Tensor (P, 4)
        ``x1, y1, x2, y2`` in image pixels: where the person was looked for.
    box_scores : Tensor (P,)
        Confidence of the detector.
    scores : Tensor (P,)
        Confidence in the whole person, by which results are ranked: that in the box times the root
        mean square of those in the keypoints.
    image_index : Tensor (P,)
        int64, in 0..B-1: the image that each person is in.
    image_sizes : tuple of (int, int)
        Height and width of each of the B images.
    skeleton : Skeleton
        What the K keypoints are.
    track_ids : Tensor (P,), optional
        int64: the same number, from 1, for the same person in all frames, -1 where it is not known.
        None where nobody was tracked.
    class_index : Tensor (P,), optional
        int64, in 0..len(classes)-1: what each box holds, where the detector looks for several
        classes; None where there is only one.
    classes : tuple of str
        The names of these classes.
    drawn_score : float, optional
        In 0..1: keypoints that score lower are not worth drawing, as the card of the network says
        that found them. None: its scores call for no threshold of their own.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, dtype, device or value; the message names the field. Values are
        looked at on the CPU alone: elsewhere that would wait for the device.

    Examples
    --------
    >>> import torch
    >>> from rmpe.skeletons import COCO_17
    >>> people = People(
    ...     keypoints=torch.zeros(3, 17, 2), keypoint_scores=torch.ones(3, 17),
    ...     boxes=torch.zeros(3, 4), box_scores=torch.ones(3), scores=torch.ones(3),
    ...     image_index=torch.tensor([0, 2, 0]), image_sizes=((480, 640),) * 3, skeleton=COCO_17)
    >>> len(people), [len(one) for one in people.split()]
    (3, [2, 0, 1])
    """

    keypoints: torch.Tensor
    keypoint_scores: torch.Tensor
    boxes: torch.Tensor
    box_scores: torch.Tensor
    scores: torch.Tensor
    image_index: torch.Tensor
    image_sizes: tuple[tuple[int, int], ...]
    skeleton: Skeleton
    track_ids: torch.Tensor | None = None
    class_index: torch.Tensor | None = None
    classes: tuple[str, ...] = (PERSON,)
    drawn_score: float | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    def __len__(self) -> int:
        """Return the number of people, P."""
        return self.keypoints.shape[0]

    @property
    def class_names(self) -> list[str]:
        """The class of each box. Waits for the device.

        Raises
        ------
        ValueError
            Where ``class_index`` points at no class.
        """
        if self.class_index is None:
            return list(self.classes) * len(self)
        indices = self.class_index.tolist()
        check_class_index(indices, self.classes)
        return [self.classes[index] for index in indices]

    def __getitem__(self, image: SupportsIndex) -> Result:
        """Give the result of image ``image``, 0..B-1, or from the end below 0.

        Waits for the device.

        Raises
        ------
        IndexError
            There is no such image.
        """
        from .result import Result

        images = len(self.image_sizes)
        try:
            # Of one value, tensors and arrays of truth values are numbers for Python, too.
            if str(getattr(image, "dtype", type(image).__name__)).endswith("bool"):
                raise TypeError
            index = operator.index(image)
        except TypeError:
            raise TypeError(
                f"image must be a whole number, got {show(image)}; split() gives all images, and "
                "select(mask) some of the people"
            ) from None
        if not -images <= index < images:
            there = f"image must be in 0..{images - 1}" if images else "there are no images"
            raise IndexError(f"{there}, got {show(index)}")
        index %= images
        one = self.select(self.image_index == index)
        return Result(
            replace(
                one,
                image_index=torch.zeros_like(one.image_index),
                image_sizes=(self.image_sizes[index],),
            )
        )

    def __iter__(self) -> Iterator[Result]:
        """Give the result of each of the B images. Waits for the device."""
        from .result import Result

        return map(Result, self.split())

    def select(self, mask: torch.Tensor) -> People:
        """Keep the people where ``mask``, (P,) bool, is true; their images all stay.

        Raises
        ------
        TypeError, ValueError
            Where the mask is no tensor, or has another shape or dtype.
        """
        check_kind("mask", mask, torch.Tensor)
        if mask.dtype != torch.bool or tuple(mask.shape) != (len(self),):
            raise ValueError(
                f"mask must be ({len(self)},) bool, got {tuple(mask.shape)} {mask.dtype}"
            )
        return replace(self, **{name: value[mask] for name, value in self._tensors().items()})

    @classmethod
    def concatenate(cls, parts: Sequence[People]) -> People:
        """Join at least one batch; the images of each follow those of the one before.

        ``drawn_score`` is that of the parts, None where they differ: no one number suits the
        scores of different networks.

        Raises
        ------
        TypeError, ValueError
            A part is something else, there is none, the skeletons differ, or some are tracked and
            some are not.
        """
        check_kind("parts", parts, Sequence)
        for number, part in enumerate(parts):
            check_kind(f"parts[{number}]", part, People)
        if not parts or any(part.skeleton != parts[0].skeleton for part in parts):
            names = listed({part.skeleton.name: None for part in parts}) or "none"
            raise ValueError(f"parts must be one or more of the same skeleton, got {names}")
        classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
        parts = [part._among(classes) for part in parts]
        tensors = [part._tensors() for part in parts]
        if any(one.keys() != tensors[0].keys() for one in tensors):
            raise ValueError("parts must all have track_ids, or none of them")
        joined = {name: torch.cat([one[name] for one in tensors]) for name in tensors[0]}
        images = [len(part.image_sizes) for part in parts]
        first = itertools.accumulate(images, initial=0)
        joined["image_index"] = torch.cat(
            [part.image_index + start for part, start in zip(parts, first, strict=False)]
        )
        sizes = tuple(size for part in parts for size in part.image_sizes)
        drawn = {part.drawn_score for part in parts}
        return cls(
            **joined,
            image_sizes=sizes,
            skeleton=parts[0].skeleton,
            classes=classes,
            drawn_score=drawn.pop() if len(drawn) == 1 else None,
        )

    def split(self) -> list[People]:
        """Give each of the B images its own people, in the order they have here.

        Waits for the device.

        Returns
        -------
        list of People
            One for each image, also where nobody was found; its ``image_index`` is 0.

        Raises
        ------
        ValueError
            Where ``image_index`` points at no image.
        """
        check_image_index(self)
        order = self.image_index.argsort(stable=True)
        counts = torch.bincount(self.image_index, minlength=len(self.image_sizes)).tolist()
        parts = {name: torch.split(value[order], counts) for name, value in self._tensors().items()}
        parts["image_index"] = torch.split(torch.zeros_like(self.image_index), counts)
        return [
            People(
                **{name: part[image] for name, part in parts.items()},
                image_sizes=(size,),
                skeleton=self.skeleton,
                classes=self.classes,
                drawn_score=self.drawn_score,
            )
            for image, size in enumerate(self.image_sizes)
        ]

    def to(self, device: torch.device | str) -> People:
        """Copy the tensors to a device; those that are there already are shared.

        Raises
        ------
        ValueError
            It is no device.
        """
        device = as_device(device)
        return replace(self, **{name: value.to(device) for name, value in self._tensors().items()})

    def _among(self, classes: tuple[str, ...]) -> People:
        """Number the classes as a list has them that holds them all."""
        if classes == self.classes:
            return self
        numbers = torch.tensor([classes.index(name) for name in self.classes])
        own = torch.zeros_like(self.image_index) if self.class_index is None else self.class_index
        return replace(self, class_index=numbers.to(own)[own], classes=classes)

    def _tensors(self) -> dict[str, Any]:
        """All fields that have a value for each person."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("image_sizes", "skeleton", "classes", "drawn_score")
        }
        return {name: value for name, value in values.items() if value is not None}
