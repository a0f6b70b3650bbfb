"""The people of one image, for programs: known names, tables, drawings, other packages' types."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpe_ext.validation.checks import TYPES, check_whole

from .arguments import check_kind
from .arrays import as_array
from .result_parts import Boxes, Keypoints

if TYPE_CHECKING:
    import pandas
    import supervision
    import torch

    from .inputs.frames import Frame
    from .outputs.drawing_style import DrawingStyle
    from .people import People
    from .skeletons import Skeleton

__all__ = ["Result"]


@dataclass(frozen=True, eq=False)
class Result:
    """The P people of one image.

    Attributes
    ----------
    people : People
        Of one image; ``people[i]`` makes a result of them.
    frame : Frame, optional
        The image itself, and what is known of it; None where nobody kept it.
    as_arrays : bool
        Give arrays on the CPU in place of tensors.

    Raises
    ------
    TypeError, ValueError
        `people` or `frame` is something else, or there is not exactly one image.

    Examples
    --------
    >>> import torch
    >>> from rmpe import COCO_17, People
    >>> people = People(
    ...     keypoints=torch.full((1, 17, 2), 32.0), keypoint_scores=torch.ones(1, 17),
    ...     boxes=torch.tensor([[8.0, 8, 56, 40]]), box_scores=torch.ones(1),
    ...     scores=torch.ones(1), image_index=torch.tensor([1]),
    ...     image_sizes=((48, 64), (48, 64)), skeleton=COCO_17)
    >>> [len(result) for result in people]
    [0, 1]
    >>> people[1].numpy().keypoints.xyn[0, 0]
    array([0.5       , 0.6666667], dtype=float32)
    >>> people[1].keypoints.conf.shape, people[1].boxes.xyxyn.tolist()
    (torch.Size([1, 17]), [[0.125, 0.1666666716337204, 0.875, 0.8333333134651184]])
    >>> people[1].boxes.xywh.tolist(), people[1].orig_shape
    ([[32.0, 24.0, 48.0, 32.0]], (48, 64))
    >>> people[1].cpu().scores, people[1].track_ids
    (tensor([1.]), None)
    >>> keypoints, scores = people[1].to_rtmlib()
    >>> people[1].to_coco(image_id=790)[0]["keypoints"][:3]
    [32.0, 32.0, 1.0]
    >>> bool(people[1].plot(np.zeros((48, 64, 3), np.uint8)).any())
    True
    """

    people: People
    frame: Frame | None = None
    as_arrays: bool = False

    def __post_init__(self) -> None:
        from .people import People

        check_kind("people", self.people, People)
        if self.frame is not None:
            from .inputs.frames import Frame

            check_kind("frame", self.frame, Frame)
        if len(self.people.image_sizes) != 1:
            raise ValueError(
                f"people must be of one image, got {len(self.people.image_sizes)}; take one of "
                "them by people[i]"
            )

    def __len__(self) -> int:
        """Return the number of people, P."""
        return len(self.people)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the image."""
        return self.people.image_sizes[0]

    @property
    def orig_shape(self) -> tuple[int, int]:
        """`size`, as the package ultralytics calls it."""
        return self.size

    @property
    def skeleton(self) -> Skeleton:
        """What the keypoints are."""
        return self.people.skeleton

    @property
    def keypoints(self) -> Keypoints:
        """The keypoints of all people."""
        people = self.people
        return Keypoints(
            self._give(people.keypoints), self._give(people.keypoint_scores), self.size
        )

    @property
    def boxes(self) -> Boxes:
        """The boxes in which they were looked for."""
        return Boxes(self._give(self.people.boxes), self._give(self.people.box_scores), self.size)

    @property
    def scores(self) -> Any:
        """(P,): confidence in each whole person."""
        return self._give(self.people.scores)

    @property
    def track_ids(self) -> Any:
        """(P,) int64: identities, -1 for who has none; None where nobody was tracked."""
        return None if self.people.track_ids is None else self._give(self.people.track_ids)

    def numpy(self) -> Result:
        """Give the same with arrays in place of tensors; waits for the device."""
        return replace(self, people=self.people.to("cpu"), as_arrays=True)

    def to(self, device: torch.device | str) -> Result:
        """Give the same with tensors on a device."""
        return replace(self, people=self.people.to(device), as_arrays=False)

    def cpu(self) -> Result:
        """Give the same with tensors on the CPU."""
        return self.to("cpu")

    def to_rtmlib(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Give what rtmlib's models return: keypoints (P, K, 2) and scores (P, K), as arrays."""
        people = self.people
        with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinite.
            return (
                as_array(people.keypoints).astype(np.float32, copy=False),
                as_array(people.keypoint_scores).astype(np.float32, copy=False),
            )

    def to_coco(self, image_id: int = 0) -> list[dict[str, Any]]:
        """Give the people as COCO results have them, an item for each.

        Parameters
        ----------
        image_id : int
            The image's number in the annotations, from 0.

        Raises
        ------
        TypeError, ValueError
            `image_id` is no such number.
        """
        image_id = check_whole(TYPES, "image_id", image_id, 0)
        from .outputs.coco import coco_people
        from .outputs.labels import ImageLabel
        from .outputs.records import record

        return list(coco_people(record(ImageLabel("image", "image", image_id), self.people)))

    def to_pandas(self) -> pandas.DataFrame:
        """Give a table with a row for each keypoint of each person.

        Returns
        -------
        pandas.DataFrame
            Columns ``person`` (index in the image), ``track`` (identity, missing where there is
            none), ``class`` (of the box), ``keypoint`` (its name), ``x``, ``y`` (pixels),
            ``score``.

        Raises
        ------
        ModuleNotFoundError
            The package pandas is not installed.
        """
        import pandas

        from .outputs.table import KEYPOINT_COLUMNS

        p, k = len(self), len(self.skeleton)
        xy = as_array(self.people.keypoints)
        ids = np.full(p, -1) if self.people.track_ids is None else as_array(self.people.track_ids)
        tracks = pandas.array(np.repeat(ids, k), dtype="Int64")
        tracks[np.repeat(ids, k) < 1] = pandas.NA
        columns = (
            np.repeat(np.arange(p), k),
            tracks,
            np.repeat(np.array(self.people.class_names, dtype=object), k),
            np.array(list(self.skeleton.keypoints) * p, dtype=object),
            xy[..., 0].reshape(-1),
            xy[..., 1].reshape(-1),
            as_array(self.people.keypoint_scores).reshape(-1),
        )
        return pandas.DataFrame(dict(zip(KEYPOINT_COLUMNS, columns, strict=True)))

    def to_supervision(self) -> supervision.KeyPoints:
        """Give the people as the package supervision has them, with the class of each.

        Returns
        -------
        supervision.KeyPoints
            With the confidence of each keypoint and each person. Its ``data`` are ``class_name``,
            ``box`` and, where people were tracked, ``track_id``.

        Raises
        ------
        ModuleNotFoundError
            The package supervision is not installed.
        """
        import supervision

        people = self.people
        names = people.class_names
        data: dict[str, npt.NDArray[Any] | list[Any]]
        data = {"class_name": np.array(names, dtype=str), "box": as_array(people.boxes)}
        if people.track_ids is not None:
            data["track_id"] = as_array(people.track_ids)
        return supervision.KeyPoints(
            xy=as_array(people.keypoints),
            keypoint_confidence=as_array(people.keypoint_scores),
            detection_confidence=as_array(people.scores),
            class_id=np.array([people.classes.index(name) for name in names], int),
            data=data,
        )

    def plot(
        self,
        image: npt.NDArray[np.uint8] | str | os.PathLike[str] | None = None,
        style: DrawingStyle | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Draw the people on a copy of the image.

        Parameters
        ----------
        image : array (H, W, 3) or path, optional
            uint8, RGB; that of `frame` where omitted.
        style : DrawingStyle, optional
            Who and what is drawn.

        Returns
        -------
        array (H, W, 3)
            uint8, RGB.

        Raises
        ------
        TypeError, ValueError
            There is no image, it is none, or it is not of the people's size.
        rmpe.ImageError
            The file cannot be read.
        """
        from .inputs.images import read_image
        from .outputs.drawing import draw
        from .outputs.drawing_style import DrawingStyle

        if isinstance(image, (str, os.PathLike)):
            pixels = read_image(image)
        elif image is not None:
            pixels = as_array(image)
        elif self.frame is not None:
            pixels = as_array(self.frame.image)
        else:
            raise ValueError("image must be given, as this result does not hold its frame")
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise ValueError(
                f"image must be uint8 (H, W, 3) or a path, got {pixels.dtype} {pixels.shape}"
            )
        if pixels.shape[:2] != self.size:
            raise ValueError(
                f"image must be of the size of the result, {self.size}, got {pixels.shape[:2]}"
            )
        if style is None:
            style = DrawingStyle()
        check_kind("style", style, DrawingStyle)
        return draw(pixels, self.people, style)

    def _give(self, values: torch.Tensor) -> Any:
        return as_array(values) if self.as_arrays else values
