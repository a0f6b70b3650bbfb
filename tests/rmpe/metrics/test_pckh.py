"""PCKh, against loops over people."""

from pathlib import Path

import numpy as np
import pytest

from rmpe.datasets.dataset import Dataset, DatasetError
from rmpe.metrics.pckh import LEFT_OUT, head_sizes, pckh
from rmpe.skeletons import COCO_17, MPII_16

NAMES = MPII_16.keypoints
NECK, TOP, WRIST = (NAMES.index(name) for name in ("neck", "head_top", "left_wrist"))


def data_set(images, keypoints, visibility, skeleton=MPII_16):
    p = len(keypoints)
    count = max(images, default=0) + 1
    return Dataset(
        annotations=Path("mpii.json"),
        skeleton=skeleton,
        image_ids=tuple(range(count)),
        paths=tuple(Path(f"{i}.jpg") for i in range(count)),
        image_sizes=np.zeros((count, 2)),
        person_ids=tuple(range(p)),
        image_index=np.array(images, int),
        keypoints=keypoints,
        visibility=visibility,
        boxes=np.zeros((p, 4)),
        areas=np.ones(p),
        crowd=np.zeros(p, bool),
    )


def random_people(rng, p=15, images=4):
    keypoints = rng.uniform(0, 300, (p, 16, 2))
    # A head of 20 pixels, so 15 of head size.
    keypoints[:, TOP] = keypoints[:, NECK] + [12, 16]
    visibility = rng.integers(0, 3, (p, 16))
    visibility[:, [NECK, TOP]] = 2
    visibility[0, TOP] = 0  # someone without a head
    return data_set(np.sort(rng.integers(0, images, p)), keypoints, visibility)


# ---- By hand


def heads_by_hand(dataset):
    sizes = []
    for points, visible in zip(dataset.keypoints, dataset.visibility, strict=True):
        known = visible[NECK] and visible[TOP]
        # .6 of the head box's diagonal, of which the distance of the joints is .8.
        sizes.append(0.6 * np.hypot(*(points[TOP] - points[NECK])) / 0.8 if known else None)
    return sizes


@pytest.mark.parametrize("seed", range(5))
def test_pckh_by_hand(seed):
    rng = np.random.default_rng(seed)
    dataset = random_people(rng)
    poses = dataset.keypoints + rng.normal(0, 6, dataset.keypoints.shape)
    poses[3, WRIST] = np.nan
    heads = heads_by_hand(dataset)
    hits = {name: [] for name in NAMES if name not in LEFT_OUT}
    for p, head in enumerate(heads):
        for k, name in enumerate(NAMES):
            if head and dataset.visibility[p, k] and name in hits:
                distance = np.hypot(*(poses[p, k] - dataset.keypoints[p, k]))
                hits[name].append(distance <= 0.5 * head)
    measure = pckh(dataset, poses)
    assert measure.keypoints == pytest.approx({k: np.mean(v) for k, v in hits.items()})
    assert measure.mean == pytest.approx(np.mean(sum(hits.values(), [])))


# ---- Numbers that can be told at sight


@pytest.fixture
def one_person():
    keypoints = np.arange(32.0).reshape(1, 16, 2) * 10
    keypoints[0, TOP] = keypoints[0, NECK] + [0, -20]
    return data_set([0], keypoints, np.full((1, 16), 2))


def test_head_size_is_three_quarters_of_the_way_from_neck_to_top(one_person):
    assert head_sizes(one_person).tolist() == [15]


def test_keypoint_is_right_up_to_the_threshold(one_person):
    moved = one_person.keypoints.copy()
    moved[0, WRIST] += [7.5, 0]
    assert pckh(one_person, moved).mean == 1
    moved[0, WRIST] += [0.01, 0]
    assert pckh(one_person, moved).keypoints["left_wrist"] == 0
    assert pckh(one_person, moved).mean == pytest.approx(13 / 14)
    assert pckh(one_person, moved, leave_out=()).mean == pytest.approx(15 / 16)
    assert pckh(one_person, moved, threshold=0.6).mean == 1


def test_pelvis_and_thorax_are_left_out_unless_asked_for(one_person):
    assert not {"pelvis", "thorax"} & pckh(one_person, one_person.keypoints).keypoints.keys()
    assert len(pckh(one_person, one_person.keypoints, leave_out=()).keypoints) == 16


def test_keypoint_that_nobody_has_is_not_in_the_mean(one_person):
    visibility = one_person.visibility.copy()
    visibility[0, WRIST] = 0
    dataset = data_set([0], one_person.keypoints, visibility)
    measure = pckh(dataset, one_person.keypoints)
    assert np.isnan(measure.keypoints["left_wrist"])
    assert measure.mean == 1


def test_what_cannot_be_measured(one_person):
    nobody = data_set([0], one_person.keypoints, np.zeros((1, 16)))
    with pytest.raises(
        DatasetError, match="mpii.json: at least one person must have a labeled neck"
    ):
        pckh(nobody, one_person.keypoints)
    coco = data_set([0], np.zeros((1, 17, 2)), np.zeros((1, 17)), skeleton=COCO_17)
    with pytest.raises(
        DatasetError, match="must have the keypoints neck and head_top.*coco_17 has"
    ):
        head_sizes(coco)
    with pytest.raises(ValueError, match=r"keypoints must be \(1, 16, 2\), got \(2, 16, 2\)"):
        pckh(one_person, np.zeros((2, 16, 2)))
    with pytest.raises(
        ValueError, match=r"leave_out must be among right_ankle, .*, got \['nose'\]"
    ):
        pckh(one_person, one_person.keypoints, leave_out=["nose"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"keypoints": [[1]]}, TypeError, "keypoints must be a numpy array of real numbers, got"),
        ({"keypoints": np.zeros((1, 16, 2)) * 1j}, TypeError, "keypoints must hold real numbers"),
        ({"threshold": np.nan}, ValueError, "threshold must be a finite number from 0, got nan"),
        ({"threshold": -0.5}, ValueError, "threshold must be a finite number from 0, got -0.5"),
        ({"threshold": 10**400}, ValueError, "threshold must be a finite number from 0, got"),
        ({"threshold": None}, TypeError, "threshold must be a number, got None"),
        ({"leave_out": "pelvis"}, TypeError, "leave_out must be a collection of names, got"),
        ({"leave_out": 5}, TypeError, "leave_out must be a collection of names, got 5"),
        ({"leave_out": [3, "nose"]}, ValueError, r"leave_out must be among .*, got \[3, 'nose'\]"),
        ({"dataset": None}, TypeError, "dataset must be a Dataset, got None"),
    ],
)
def test_wrong_arguments_are_named(one_person, options, error, message):
    given = {"dataset": one_person, "keypoints": one_person.keypoints, **options}
    with pytest.raises(error, match=message):
        pckh(**given)


@pytest.mark.filterwarnings("error")
def test_keypoints_beyond_numbers_are_wrong(one_person):
    for value in (np.nan, np.inf, 1e300):
        assert pckh(one_person, np.full((1, 16, 2), value)).mean == 0
