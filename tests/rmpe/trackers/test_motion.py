"""The Kalman filter: what it predicts, and that a batch is many single ones."""

import numpy as np
import pytest

from rmpe.trackers.motion import Motion


def walk(start, velocity, frames):
    """Boxes (frames, 4) that move by `velocity` a frame."""
    return np.array(start, float) + np.arange(frames)[:, None] * np.array(velocity, float)


@pytest.mark.parametrize("velocity", [(3, 0, 3, 0), (-2, 5, -2, 5), (0, -1, 2, 3)])
def test_a_constant_velocity_is_found(velocity):
    boxes = walk((100, 100, 140, 200), velocity, 40)
    motion = Motion.begin(boxes[:1])
    for box in boxes[1:]:
        motion = motion.predict().update(box[None])
    np.testing.assert_allclose(motion.predict(10).boxes[0], boxes[-1] + 10 * np.array(velocity),
                               atol=1.0)  # fmt: skip


def test_it_is_the_textbooks_filter():
    # One coordinate by hand, with matrices of two rows.
    boxes = walk((0, 0, 20, 50), (4, 0, 4, 0), 6)
    motion = Motion.begin(boxes[:1])
    x, p = np.array([10.0, 0.0]), np.diag([(2 / 20 * 50) ** 2, (10 / 160 * 50) ** 2])
    f = np.array([[1.0, 1.0], [0.0, 1.0]])
    for box in boxes[1:]:
        motion = motion.predict().update(box[None])
        x = f @ x
        p = f @ p @ f.T + np.diag([(50 / 20) ** 2, (50 / 160) ** 2])
        gain = p[:, 0] / (p[0, 0] + (50 / 20) ** 2)
        x = x + gain * ((box[0] + box[2]) / 2 - x[0])
        p = p - np.outer(gain, p[0])
        np.testing.assert_allclose(motion.mean[0, [0, 4]], x)
        np.testing.assert_allclose(motion.covariance[0][np.ix_([0, 4], [0, 4])], p)


def test_a_batch_is_many_single_boxes():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 300, (5, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 100, (5, 2))], axis=1)
    moved = boxes + rng.normal(0, 3, boxes.shape)
    together = Motion.begin(boxes).predict(2).update(moved)
    for i in range(5):
        alone = Motion.begin(boxes[i : i + 1]).predict(2).update(moved[i : i + 1])
        np.testing.assert_allclose(together.mean[i], alone.mean[0])
        np.testing.assert_allclose(together.covariance[i], alone.covariance[0])


def test_nobody_is_a_batch_too():
    nobody = Motion.begin(np.zeros((0, 4))).predict().update(np.zeros((0, 4)))
    assert nobody.boxes.shape == (0, 4)


def test_a_shrinking_box_never_turns_inside_out():
    boxes = walk((0, 0, 40, 40), (0, 0, -8, -8), 5)
    motion = Motion.begin(boxes[:1])
    for box in boxes[1:]:
        motion = motion.predict().update(box[None])
    x1, y1, x2, y2 = motion.predict(50).boxes[0]
    assert x2 - x1 >= 1
    assert y2 - y1 >= 1


def test_uncertainty_grows_while_nothing_is_seen_and_shrinks_when_something_is():
    motion = Motion.begin(np.array([[0.0, 0, 10, 20]]))
    later = motion.predict().predict()
    assert np.trace(later.covariance[0]) > np.trace(motion.covariance[0])
    seen = later.update(np.array([[0.0, 0, 10, 20]]))
    assert np.trace(seen.covariance[0]) < np.trace(later.covariance[0])
    np.linalg.cholesky(seen.covariance[0])
