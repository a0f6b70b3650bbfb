"""Tracks: identities over crossings, gaps and doubtful people."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rmpe.people import People
from rmpe.skeletons import AIC_14, COCO_17
from rmpe.trackers.parameters import SIMILARITIES, TrackingParameters
from rmpe.trackers.tracker import LONGEST, TrackerState, track

POSE = np.random.default_rng(3).uniform(0.1, 0.9, (17, 2))


def frame(*boxes, scores=None, poses=None):
    """One image with a person in each box, whose pose is the same part of it."""
    boxes = np.array(boxes, float).reshape(-1, 4)
    poses = [POSE] * len(boxes) if poses is None else poses
    keypoints = np.array(
        [box[:2] + pose * (box[2:] - box[:2]) for box, pose in zip(boxes, poses, strict=True)]
    )
    p = len(boxes)
    scores = torch.ones(p) if scores is None else torch.tensor(scores, dtype=torch.float32)
    return People(
        keypoints=torch.tensor(keypoints.reshape(p, 17, 2), dtype=torch.float32),
        keypoint_scores=torch.ones(p, 17),
        boxes=torch.tensor(boxes, dtype=torch.float32),
        box_scores=torch.ones(p),
        scores=scores,
        image_index=torch.zeros(p, dtype=torch.int64),
        image_sizes=((480, 640),),
        skeleton=COCO_17,
    )


def ids_of(frames, parameters=None):
    """The identities in each frame, frame by frame."""
    state, ids = None, []
    for one in frames:
        state, people = track(state, one, parameters or TrackingParameters())
        ids.append(people.track_ids.tolist())
    return ids


def person(x, y=100, width=40, height=100):
    return (x, y, x + width, y + height)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_people_keep_their_identities_in_whatever_order_they_come(similarity):
    frames = [frame(person(10 + 3 * t), person(200 - 2 * t), person(400, y=20 + t))
              for t in range(20)]  # fmt: skip
    frames = [
        one if t % 2 else one.__class__.concatenate([_reversed(one)])
        for t, one in enumerate(frames)
    ]
    got = ids_of(frames, TrackingParameters(similarity=similarity))
    assert all(ids == ([1, 2, 3] if t % 2 == 0 else [3, 2, 1]) for t, ids in enumerate(got))


def _reversed(people):
    order = torch.arange(len(people) - 1, -1, -1)
    return dataclasses.replace(people, **{
        name: getattr(people, name)[order]
        for name in ("keypoints", "keypoint_scores", "boxes", "box_scores", "scores",
                     "image_index")
    })  # fmt: skip


def test_poses_tell_apart_who_meets_in_one_box():
    """Two people meet in the very same box; only their poses differ."""
    other = POSE[::-1]
    left = [100 + 5 * t for t in range(21)]
    right = [300 - 5 * t for t in range(21)]
    frames = [
        frame(person(a), person(b), poses=[POSE, other]) for a, b in zip(left, right, strict=True)
    ]
    # At the end they turn round, as nobody who only watches their motion expects.
    frames += [frame(person(200 - 5 * t), person(200 + 5 * t), poses=[POSE, other])
               for t in range(1, 15)]  # fmt: skip
    assert all(ids == [1, 2] for ids in ids_of(frames, TrackingParameters(similarity="oks")))
    assert ids_of(frames, TrackingParameters(similarity="iou"))[-1] == [2, 1]


def test_motion_carries_a_track_over_a_gap():
    def frames(gap):
        return [frame(*([] if 10 <= t < 10 + gap else [person(10 + 8 * t)])) for t in range(40)]

    assert ids_of(frames(5))[-1] == [1]
    short = TrackingParameters(patience=4)
    assert ids_of(frames(4), short)[-1] == [1]
    assert ids_of(frames(5), short)[-1] == [2]


def test_who_turns_back_behind_somebody_is_found_where_they_were_seen_last():
    frames = [frame(person(10 + 12 * t)) for t in range(10)] + [frame()] * 12
    frames += [frame(person(118 - 2 * t)) for t in range(3)]
    assert ids_of(frames)[-3:] == [[1]] * 3


def test_the_longer_nobody_was_seen_the_further_they_may_be():
    """Where the pose may be follows from how sure the motion is."""
    keypoints = TrackingParameters(similarity="oks")

    def found(missing):
        frames = [frame(person(100))] * 5 + [frame()] * missing + [frame(person(135))] * 2
        return ids_of(frames, keypoints)[-1] == [1]

    assert [found(missing) for missing in (0, 10)] == [False, True]


def test_a_doubtful_person_continues_a_track_and_begins_none():
    scores = [1.0, 1.0, 0.2, 0.2, 1.0]
    frames = [frame(person(10 + t), person(300), scores=[s, 0.2]) for t, s in enumerate(scores)]
    assert ids_of(frames) == [[1, -1]] * 5
    frames = [frame(person(10 + t), scores=[0.05 if t == 1 else 1.0]) for t in range(3)]
    assert ids_of(frames) == [[1], [-1], [1]]


def test_who_is_seen_once_gets_neither_patience_nor_an_identity():
    blink = person(300)
    frames = [frame(person(10)), frame(person(10), blink), frame(person(10)),
              frame(person(10), blink)]  # fmt: skip
    assert ids_of(frames) == [[1], [1, -1], [1], [1, -1]]
    frames += [frame(person(10), blink)] * 2
    assert ids_of(frames)[4:] == [[1, 2]] * 2


def test_a_batch_of_frames_is_one_frame_after_the_other():
    frames = [frame(person(10 + 3 * t), person(200 - 2 * t)) for t in range(6)]
    state, people = track(None, People.concatenate(frames))
    assert people.track_ids.tolist() == [i for ids in ids_of(frames) for i in ids]
    assert people.image_index.tolist() == [t for t in range(6) for _ in range(2)]
    assert len(people.image_sizes) == 6
    assert len(state) == 2


def test_frames_that_were_left_out_are_bridged_by_the_time_elapsed():
    state = None
    for t in range(10):
        state, _ = track(state, frame(person(6 * t)))
    far = frame(person(6 * 9 + 6 * 8))
    assert track(state, far)[1].track_ids.tolist() == [-1]
    assert track(state, far, elapsed=8)[1].track_ids.tolist() == [1]


def test_the_state_that_was_given_is_unchanged():
    state, _ = track(None, frame(person(10), person(200)))
    before = [array.copy() for array in _arrays(state)]
    first = track(state, frame(person(20)))[1].track_ids.tolist()
    for array, copy in zip(_arrays(state), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert track(state, frame(person(20)))[1].track_ids.tolist() == first


def _arrays(state):
    return [state.motion.mean, state.motion.covariance, state.poses.boxes, state.poses.keypoints,
            state.poses.keypoint_scores, state.poses.variances, state.ids, state.missed]  # fmt: skip


def test_what_is_not_finite_is_no_person_and_harms_nobody():
    bad = frame(person(10), person(200), person(400))
    bad.boxes[0] = torch.nan
    bad.scores[1] = torch.nan
    bad.keypoints[2, 3] = torch.nan
    good = frame(person(10), person(200), person(400))
    assert ids_of([good, bad, good]) == [[1, 2, 3], [-1, -1, 3], [1, 2, 3]]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_identity_is_there_twice_and_none_returns_after_its_end(data):
    coordinate = st.integers(0, 200)
    box = st.builds(lambda x, y: person(x, y), coordinate, coordinate)
    scored = st.tuples(box, st.floats(0, 1, width=32))
    frames = [
        frame(*[b for b, _ in people], scores=[s for _, s in people])
        for people in data.draw(st.lists(st.lists(scored, max_size=5), min_size=1, max_size=8))
    ]
    state = None
    for one in frames:
        state, people = track(state, one)
        ids = [i for i in people.track_ids.tolist() if i != -1]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(state.ids.tolist())
        known = state.ids[state.ids != -1].tolist()
        assert len(set(known)) == len(known)
        assert all(0 < i < state.next_id for i in known)


def test_it_takes_a_million_frames_as_it_takes_ten():
    state = None
    for t in range(300):  # Somebody new in every frame.
        state, _ = track(state, frame(person(5000 * t)))
    assert isinstance(state, TrackerState)
    assert len(state) <= 2


def test_wrong_arguments_are_named():
    state, _ = track(None, frame(person(10)))
    with pytest.raises(
        ValueError, match=r"elapsed must be above 0 and at most 1e\+09, in frames, got 0"
    ):
        track(state, frame(person(10)), elapsed=0)
    empty = People(
        torch.zeros(0, 14, 2), torch.zeros(0, 14), torch.zeros(0, 4), torch.zeros(0),
        torch.zeros(0), torch.zeros(0, dtype=torch.int64), ((9, 9),), AIC_14,
    )  # fmt: skip
    with pytest.raises(ValueError, match="must be that of the frames before, coco_17, got aic_14"):
        track(state, empty)
    with pytest.raises(ValueError, match="at least one image, got none"):
        track(state, dataclasses.replace(frame(), image_sizes=()))
    for name, value, error in (
        ("similarity", "dtw", "similarity must be one of both, oks, iou, got 'dtw'"),
        ("patience", -1, "patience must be at least 0, got -1"),
        ("min_similarity", 1.5, "min_similarity must be in 0..1, got 1.5"),
        ("high_score", float("nan"), "high_score must be in 0..1, got nan"),
    ):
        with pytest.raises(ValueError, match=error):
            TrackingParameters(**{name: value})
    for name in ("high_score", "low_score", "min_similarity", "min_similarity_low"):
        for value in ("0.3", None, True, [1]):
            with pytest.raises(TypeError, match=f"^{name} must be a number, got "):
                TrackingParameters(**{name: value})
        with pytest.raises(ValueError, match=f"^{name} must be in 0...*, got a number of thous"):
            TrackingParameters(**{name: 16**5000})
    with pytest.raises(ValueError, match=r"similarity must be one of both, oks, iou, got \[\]"):
        TrackingParameters(similarity=[])
    with pytest.raises(TypeError, match="patience must be a whole number, got 2.5"):
        TrackingParameters(patience=2.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, None), "people must be People, got NoneType"),
        (("x", frame([0, 0, 9, 9])), "state must be TrackerState, got str"),
        ((None, frame([0, 0, 9, 9]), {}), "parameters must be TrackingParameters, got dict"),
    ],
)
def test_arguments_of_other_types_are_named(arguments, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        track(*arguments)


@pytest.mark.filterwarnings("error")
def test_times_without_a_frame_are_any_number_up_to_the_longest():
    state, _ = track(None, frame([0, 0, 10, 20]))
    for elapsed in ("1", None, True, [1]):
        with pytest.raises(TypeError, match="^elapsed must be a number, got "):
            track(state, frame([0, 0, 10, 20]), elapsed=elapsed)
    for elapsed in (-1, np.nan, np.inf, 1e300, 10**400, 16**5000):
        with pytest.raises(ValueError, match="^elapsed must be above 0 and at most 1e.09, in fra"):
            track(state, frame([0, 0, 10, 20]), elapsed=elapsed)
    for _ in range(50):
        state, _ = track(state, frame([0, 0, 3e38, 3e38]), elapsed=LONGEST)
        assert np.isfinite(state.motion.covariance).all() and np.isfinite(state.motion.mean).all()


def of_classes(people, *names):
    """The same people, of these classes."""
    classes = tuple(dict.fromkeys(names))
    index = torch.tensor([classes.index(name) for name in names])
    return dataclasses.replace(
        people, class_index=index if len(classes) > 1 else None, classes=classes
    )


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("least", [0.0, 0.2])
def test_nobody_continues_a_track_of_another_class(similarity, least):
    """A horse takes the very place of its rider, who goes on beside it."""
    parameters = TrackingParameters(similarity=similarity, min_similarity=least)
    frames = [
        of_classes(frame(person(100), person(112)), "person", "horse"),
        of_classes(frame(person(100), person(112)), "horse", "person"),
        of_classes(frame(person(100)), "horse"),
        of_classes(frame(person(112), person(100)), "person", "horse"),
    ]
    assert ids_of(frames, parameters) == [[1, 2], [2, 1], [2], [1, 2]]


@pytest.mark.parametrize("box", [(60, 50, 10, 5), (-1e30, -1e30, 1e30, 1e30)])
def test_boxes_turned_inside_out_or_beyond_areas_harm_nobody_else(box):
    state, first = track(None, frame((0, 0, 10, 20), box))
    _, second = track(state, frame((1, 0, 11, 20), box), elapsed=LONGEST)
    _, near = track(state, frame((1, 0, 11, 20), box))
    assert first.track_ids.tolist() == [1, 2]
    assert near.track_ids[0] == 1
    assert len(second) == 2


def test_a_similarity_that_is_no_name_is_named():
    with pytest.raises(ValueError, match="similarity must be one of both, oks, iou, got array"):
        TrackingParameters(similarity=np.array(["oks", "iou"]))
