"""The configuration of the training of a detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...class_names import PERSON
from ...networks.architectures import ARCHITECTURES
from ..config import TrainingConfig
from ..rules import Fraction, NotNegative, Number, Positive, UpTo10

__all__ = ["Augmentation", "DetectorConfig", "Input", "Loss", "Source", "Teacher", "Validation"]


@dataclass(frozen=True)
class Source:
    """``[[source]]``: photographs with boxes, one table for each set that is mixed in.

    Attributes
    ----------
    annotations, images
        COCO annotations and the folder of the images, relative to the folder of the data.
    more_boxes
        The field of an image that lists boxes [x, y, width, height] of all people in it, also of
        those who are not annotated by themselves; empty where there is none, and where classes have
        no person.
    weight
        Share of the samples, relative to the other sources.
    """

    annotations: str
    images: str
    more_boxes: str = ""
    weight: Positive = 1.0


@dataclass(frozen=True)
class Validation:
    """``[validation]``: what the average precision is measured on; fields as in a source."""

    annotations: str
    images: str
    more_boxes: str = ""


@dataclass(frozen=True)
class Input:
    """``[input]``: what the network sees.

    Attributes
    ----------
    mean, std
        Of each channel, in 0..1.
    """

    mean: tuple[Number, Number, Number] = (0.485, 0.456, 0.406)
    std: tuple[Positive, Positive, Positive] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Augmentation:
    """``[augmentation]``: how much the samples vary; every 0 switches something off.

    Attributes
    ----------
    flip
        Probability that a sample is mirrored.
    expand_chance, expand
        How often a photograph is shrunk into a larger empty one, and by how much at most: 2 is half
        its size.
    crop_chance, crop
        How often a part of a photograph is shown, and its smallest side as a fraction.
    mosaic_chance
        How often a sample is four photographs of half the size.
    blend_chance
        How often another photograph is blended with a sample, half and half; both keep their boxes.
    color, gray_chance, erase_chance, erase_size
        See :class:`rmpe.training.appearance.Appearance`.
    """

    flip: Fraction = 0.5
    expand_chance: Fraction = 0.2
    expand: UpTo10 = 2.0
    crop_chance: Fraction = 0.6
    crop: Positive = 0.3
    mosaic_chance: Fraction = 0.3
    blend_chance: Fraction = 0.0
    color: UpTo10 = 0.15
    gray_chance: Fraction = 0.05
    erase_chance: Fraction = 0.0
    erase_size: Fraction = 0.3


@dataclass(frozen=True)
class Loss:
    """``[loss]``: which anchors count, and how.

    Attributes
    ----------
    matching
        ``"iou"``: by the overlap of anchors and boxes, as in SSD; or ``"aligned"`` (Feng et al.,
        "TOOD", ICCV 2021): each person has up to ten anchors near them that the network finds them
        best with by now. It needs ``scores = "quality"``.
    positive_iou, negative_iou
        An anchor is a person where its intersection over union (IoU) with one is the former or
        more (and the best anchor of each person always), nobody where it is under the latter, and
        does not count in between. Not for ``"aligned"``.
    scores
        ``"focal"`` (Lin et al., 2017; alpha .25, gamma 2); ``"quality"`` (Li et al., "Generalized
        focal loss", NeurIPS 2020), whose score is the IoU that a box will have, so that the better
        of two boxes ranks first; or ``"mined"``: cross-entropy with three hard negatives for each
        positive, as in SSD.
    boxes
        ``"giou"`` (Rezatofighi et al., 2019) or ``"smooth_l1"``, as in SSD.
    box_weight
        Of the latter against the former.
    """

    matching: Literal["iou", "aligned"] = "iou"
    positive_iou: Fraction = 0.5
    negative_iou: Fraction = 0.4
    scores: Literal["focal", "quality", "mined"] = "focal"
    boxes: Literal["giou", "smooth_l1"] = "giou"
    box_weight: NotNegative = 1.0


@dataclass(frozen=True)
class Teacher:
    """``[teacher]``: another detector of people, which judges each sample beside its labels.

    Attributes
    ----------
    detector
        A name or a card, as :func:`rmpe.load_detector` takes it; empty where there is none.
    share
        How much it has to say: someone labeled is to be found with a score of ``1 - share`` plus
        ``share`` times the score that the teacher gives, and someone who is not with the latter.
    threshold
        The lowest of its scores that counts.
    hint_weight
        Of its scores of all its classes at all places, which a head for training alone learns, too
        (`rmpe.training.detector.hints`). Their loss is summed, and divided by the weight of all
        positives, as the others are. For the architecture `small_ssd`, and a teacher that is an
        SSD.
    """

    detector: str = ""
    share: Fraction = 0.5
    threshold: Fraction = 0.05
    hint_weight: NotNegative = 0.0


@dataclass(frozen=True, kw_only=True)
class DetectorConfig(TrainingConfig):
    """The whole file.

    Attributes
    ----------
    classes
        What is to be found: names of categories of the annotations, in the order of the network's
        outputs behind the background.
    """

    classes: tuple[str, ...] = (PERSON,)
    source: tuple[Source, ...]
    validation: Validation
    input: Input = field(default_factory=Input)
    augmentation: Augmentation = field(default_factory=Augmentation)
    loss: Loss = field(default_factory=Loss)
    teacher: Teacher = field(default_factory=Teacher)

    @property
    def numbers(self) -> dict[str, int]:
        """What the architecture takes: its parameters, and how many classes there are."""
        row, given = ARCHITECTURES[self.network.architecture], self.network.parameters
        if "classes" in given or "classes" not in row.parameters | row.optional:
            return given
        if "classes" in row.optional and len(self.classes) == 1:
            return given
        return given | {"classes": 1 + len(self.classes)}
