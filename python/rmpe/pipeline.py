"""From images to people: detect, crop, estimate, decode, suppress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from rmpe_ext.conventions import ConventionName
from rmpe_ext.presets import DEFAULT_PRESET, PoseNMSPreset

from .arguments import as_device, check_kind, check_name
from .carrying import carry
from .class_names import PERSON
from .detectors.detections import Detections
from .detectors.detector import Detector
from .estimator_inputs import Image, boxes_as_detections, images_as_frames, is_one_image
from .inputs.clip import Excerpt
from .inputs.live import Connection
from .inputs.raw import RawVideo
from .method.fitted_suppression import FittedSuppression
from .method.modes import STN, StnMode
from .method.preset_file import load_preset
from .method.suppress import suppress, with_parameters
from .models import DEFAULT_DETECTOR, DEFAULT_POSE
from .models.build import CardNetwork, build_detector, build_pose
from .models.pose import PoseNetwork, check_parts
from .models.read import load_card
from .models.run_options import RunOptions, check_run_options, run_options
from .networks.autocast import inference
from .networks.precision import WantedPrecision
from .people import People
from .timing import StageTimer
from .views import look

if TYPE_CHECKING:
    from .result import Result
    from .skeletons import Skeleton
    from .trackers.parameters import TrackingParameters

__all__ = ["PoseEstimator", "suppress"]

# All people of a batch are cut, estimated and decoded together, up to this many bytes of crops;
# the people of a larger crowd go in pieces. On the CPU, glibc gives blocks above 32 MiB back to the
# system at once, and fetching them again page by page takes as long as cutting the crops.
_CROP_BYTES = {"cpu": 32 << 20, "cuda": 512 << 20}
_ALL = Excerpt()
_CONNECTION = Connection()


class PoseEstimator:
    """The whole RMPE pipeline on pretrained networks.

    An estimator can be pickled. After a fork it can be used on a CPU: the process reads the files
    of the networks again, and torch computes on one thread, as in the workers of a DataLoader.

    Parameters
    ----------
    detector : str, path, Detector or None
        A known name (``rmpe models`` lists them), a model card, or a detector. None where every
        call passes its own boxes.
    pose : str, path or PoseNetwork
        Likewise.
    classes : sequence of str
        What a detector that is given by name or card looks for, among what it knows: the pose
        network gets all of these boxes.
    device : str or torch.device
        Where tensors live and networks run.
    models_dir : path, optional
        Folder of the networks' files; see :func:`rmpe.models.store.obtain`.
    provider, compiled, precision
        How ONNX files and PyTorch networks run, each for the networks that it concerns, of which
        there must be one; see :func:`rmpe.load_pose`.
    nms : str, path, PoseNMSPreset, FittedSuppression or None
        Preset of :func:`rmpe_ext.pose_nms`, or another suppression, that removes repeated people,
        as :func:`rmpe.method.preset_file.load_preset` takes it; None keeps them all.
    nms_parameters : mapping, optional
        Overrides of its parameters.
    flip : bool
        Estimate the mirrored crops too and average the outputs: better, and twice the work.
    convention : str, optional
        Decode convention in place of the pose network's own, such as ``"dark"``; for networks that
        give heatmaps.
    threshold : float, optional
        Lowest detection score in place of the detector's own.
    stn : str
        How the transformer of a pose network that has one is used: a key of
        :data:`rmpe.method.modes.STN`.
    timer : StageTimer, optional
        Collects the seconds of each stage.

    Raises
    ------
    rmpe.ModelError
        If a network is unknown, its files are missing, or they are not what the card says.
    ValueError, TypeError
        If there is no such preset, parameter or convention.

    Examples
    --------
    >>> from rmpe import PoseEstimator
    >>> estimator = PoseEstimator()
    >>> people = estimator([torch.full((480, 640, 3), 128, dtype=torch.uint8)])
    >>> people[0].keypoints.xy.shape  # nobody
    torch.Size([0, 17, 2])
    """

    def __init__(
        self,
        detector: str | os.PathLike[str] | Detector | None = DEFAULT_DETECTOR,
        pose: str | os.PathLike[str] | PoseNetwork = DEFAULT_POSE,
        *,
        classes: Sequence[str] = (PERSON,),
        device: str | torch.device = "cpu",
        models_dir: str | os.PathLike[str] | None = None,
        provider: str | None = None,
        compiled: bool = False,
        precision: WantedPrecision = "float32",
        nms: str | os.PathLike[str] | PoseNMSPreset | FittedSuppression | None = DEFAULT_PRESET,
        nms_parameters: Mapping[str, Any] | None = None,
        flip: bool = False,
        convention: ConventionName | None = None,
        threshold: float | None = None,
        stn: StnMode = "compose",
        timer: StageTimer | None = None,
    ) -> None:
        check_name("stn", stn, STN)
        check_kind("nms_parameters", {} if nms_parameters is None else nms_parameters, Mapping)
        self.stn: StnMode = stn
        self.nms = None if nms is None else with_parameters(load_preset(nms), nms_parameters)
        self.device = as_device(device)
        cards = {
            name: load_card(given)
            for name, given in (("detector", detector), ("pose", pose))
            if isinstance(given, (str, os.PathLike))
        }
        run: RunOptions = {"provider": provider, "compiled": compiled, "precision": precision}
        check_run_options(list(cards.values()), **run)
        parts = {
            name: CardNetwork(card, self.device, models_dir, **run_options(card, **run))
            for name, card in cards.items()
        }
        if isinstance(detector, (str, os.PathLike)):
            detector = build_detector(parts["detector"], classes)
        if isinstance(pose, (str, os.PathLike)):
            pose = build_pose(parts["pose"])
        check_parts(detector, pose, threshold)
        self.detector, self.pose = detector, pose
        self.flip, self.threshold, self.drawn_score = flip, threshold, pose.card.drawn_score
        head = pose.card.head
        self.head = head if convention is None else head.with_convention(convention)
        self.timer = timer or StageTimer(self.device)

    @inference
    def __call__(
        self,
        images: Image | Sequence[Image],
        *,
        boxes: Sequence[Any] | None = None,
        channels: str = "rgb",
    ) -> People:
        """Find the people in one image or many.

        Parameters
        ----------
        images : array (H, W, 3), tensor, path, or a sequence of these
            uint8. A 4-D array or tensor is a batch.
        boxes : sequence of arrays (M_i, 4), optional
            ``x1, y1, x2, y2`` of the people in each image, in place of the detector's; a fifth
            column holds their scores, 1 without it. For one image, one array. Where a box is empty
            or not finite, nothing is seen: the person's keypoints are NaN, and the scores of no
            meaning. ``x1 > x2``, ``y1 > y2`` and masked values are errors.
        channels : str
            ``"rgb"``, or ``"bgr"`` for arrays as OpenCV reads them. Files are read right anyway.

        Returns
        -------
        People
            Of all images; ``people[i]`` are those of one.

        Raises
        ------
        rmpe.ImageError
            If a file cannot be read.
        ValueError, TypeError
            If an argument has the wrong shape or type.
        """
        if boxes is not None and is_one_image(images):
            boxes = [boxes]
        with self.timer.stage("read"):
            frames = images_as_frames(images, channels, self.device)
        with self.timer.stage("detect"):
            if boxes is None:
                found = self._detect(frames)
            else:
                found = boxes_as_detections(boxes, len(frames), self.device)
        return self._estimate(frames, found)

    @inference
    def follow(self, image: Image, before: People, *, channels: str = "rgb") -> People:
        """Find the people of a frame where they were in the one before, without the detector.

        The image is one as for a call; `rmpe.carrying.carry` says where people are looked for.

        Examples
        --------
        >>> estimator = PoseEstimator()
        >>> frame = torch.full((480, 640, 3), 128, dtype=torch.uint8)
        >>> len(estimator.follow(frame, estimator(frame)))  # nobody
        0
        """
        with self.timer.stage("read"):
            frames = images_as_frames([image], channels, self.device)
        with self.timer.stage("carry"):
            found = carry(
                before,
                frames[0],
                skeleton=self.skeleton,
                classes=getattr(self.detector, "classes", (PERSON,)),
            )
        return self._estimate(frames, found)

    @property
    def skeleton(self) -> Skeleton:
        """What the keypoints are."""
        return self.pose.card.skeleton

    def stream(
        self,
        source: Any,
        *,
        excerpt: Excerpt = _ALL,
        connection: Connection = _CONNECTION,
        raw: RawVideo | None = None,
        channels: str = "rgb",
        batch_size: int = 1,
        detect_every: int = 1,
        tracking: TrackingParameters | None = None,
        report: Callable[[str], object] | None = None,
    ) -> Iterator[Result]:
        """Find the people in the frames of a source, one by one, in constant memory.

        See :func:`rmpe.stream.stream`.
        """
        from .stream import stream

        return stream(
            self, source, excerpt=excerpt, connection=connection, raw=raw, channels=channels,
            batch_size=batch_size, detect_every=detect_every, tracking=tracking, report=report,
        )  # fmt: skip

    def _detect(self, frames: list[torch.Tensor]) -> Detections:
        if self.detector is None:
            raise ValueError("boxes must be given, because this estimator has no detector")
        return self.detector(frames, threshold=self.threshold)

    def _estimate(self, frames: list[torch.Tensor], found: Detections) -> People:
        """One pose for each box, but for those that are suppressed."""
        spec = self.pose.card.input
        limit = _CROP_BYTES.get(self.device.type, _CROP_BYTES["cpu"])
        step = max(1, limit // (4 * 3 * spec.size[0] * spec.size[1]))
        pieces = [
            self._estimate_piece(frames, found.boxes[i : i + step], found.image_index[i : i + step])
            for i in range(0, len(found.boxes), step)
        ]
        if pieces:
            keypoints, scores = (torch.cat(parts) for parts in zip(*pieces, strict=True))
        else:
            joints = len(self.skeleton)
            keypoints = found.boxes.new_empty(0, joints, 2)
            scores = found.boxes.new_empty(0, joints)
        told = found.class_index is not None
        classes = getattr(self.detector, "classes", (PERSON,)) if told else (PERSON,)
        people = People(
            keypoints=keypoints,
            keypoint_scores=scores,
            boxes=found.boxes,
            box_scores=found.scores,
            scores=found.scores * _confidence(scores),
            image_index=found.image_index,
            image_sizes=tuple((frame.shape[0], frame.shape[1]) for frame in frames),
            skeleton=self.skeleton,
            class_index=found.class_index if len(classes) > 1 else None,
            classes=classes,
            drawn_score=self.drawn_score,
        )
        if self.nms is None:
            return people
        with self.timer.stage("nms"):
            return suppress(people, self.nms)

    def _estimate_piece(
        self, frames: list[torch.Tensor], boxes: torch.Tensor, image_index: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        card = self.pose.card
        with self.timer.stage("crop"):
            views = look(self.pose, frames, boxes, image_index, self.stn)
        with self.timer.stage("pose"):
            outputs = self.pose.network(views.crops)
            mirrored = self.pose.network(views.crops.flip(3)) if self.flip else None
        with self.timer.stage("decode"):
            return self.head.decode(
                views.restore(outputs),
                views.matrices,
                mirrored=None if mirrored is None else views.restore(mirrored, mirrored=True),
                flip_pairs=card.skeleton.flip_pairs,
            )


def _confidence(scores: torch.Tensor) -> torch.Tensor:
    """Root mean square (P,) of the scores of each person's joints (P, K).

    Ranked by it, people have a greater keypoint AP than by the mean of the scores above .2, which
    is usual (docs/method.md): joints that are not found count, and sure ones count more.
    """
    return scores.square().mean(1).sqrt()
