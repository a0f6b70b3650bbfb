"""Filters: what is smooth stays, what is noisy gets calmer, what is doubtful counts less."""

import numpy as np
import pytest

from rmpe.trackers.parameters import FILTERS, SmoothingParameters
from rmpe.trackers.smoothing import fill_gaps, smooth_track

N, K = 60, 3
TIMES = np.arange(float(N))
SIZES = np.full(N, 100.0)
EVERY_FILTER = pytest.mark.parametrize("name", FILTERS)


def smooth(points, weights=None, times=TIMES, **parameters):
    weights = np.ones(points.shape[:2]) if weights is None else weights
    return smooth_track(
        times, points, weights, SIZES[: len(times)], SmoothingParameters(**parameters)
    )


def walk(noise=0.0):
    """Keypoints that move along parabolas."""
    random = np.random.default_rng(1)
    t = TIMES[:, None, None]
    points = 50 + np.array([1.0, 2.0, 0.5])[None, :, None] * t + 0.01 * t**2 * np.array([1.0, -1.0])
    return points + random.normal(0, noise, points.shape) if noise else points


@EVERY_FILTER
def test_what_rests_stays(name):
    still = np.full((N, K, 2), 7.25)
    np.testing.assert_allclose(smooth(still, filter=name), still)


def test_a_parabola_stays_a_parabola():
    np.testing.assert_allclose(smooth(walk()), walk(), atol=1e-6)
    # Also where frames are missing, and whatever the confidences.
    left = np.delete(np.arange(N), [5, 6, 20])
    weights = np.random.default_rng(2).uniform(0.1, 1, (len(left), K))
    found = smooth(walk()[left], weights, TIMES[left])
    np.testing.assert_allclose(found, walk()[left], atol=1e-6)


@pytest.mark.parametrize("window", [21, 39, 41, 2 * 10**9 + 1])
def test_a_window_longer_than_a_track_takes_those_frames_that_there_are(window):
    """Of 20 frames, 21 reach over all of them in the middle, and 39 everywhere: one parabola."""
    noisy, reach = walk(noise=2.0)[:20], window // 2
    weights = np.random.default_rng(4).uniform(0.1, 1, (20, K))
    found = smooth(noisy, weights, TIMES[:20], window=window)
    for i in range(20):
        near = slice(max(i - reach, 0), i + reach + 1)
        for k in range(K):
            fit = np.polyfit(TIMES[:20][near], noisy[near, k], 2, w=np.sqrt(weights[near, k]))
            expected = [np.polyval(fit[:, axis], i) for axis in range(2)]
            np.testing.assert_allclose(found[i, k], expected, atol=1e-6)
    if reach >= 19:
        np.testing.assert_allclose(np.diff(found, 3, axis=0), 0, atol=1e-6)


@EVERY_FILTER
def test_noise_gets_less(name):
    random = np.random.default_rng(3)
    noisy = 80 + random.normal(0, 2, (N, K, 2))
    calm = smooth(noisy, filter=name)
    assert np.abs(np.diff(calm, axis=0)).mean() < 0.5 * np.abs(np.diff(noisy, axis=0)).mean()
    assert np.abs(calm[10:] - 80).mean() < 0.8 * np.abs(noisy[10:] - 80).mean()


def test_noise_of_a_walk_gets_less():
    noisy = walk(noise=2.0)
    assert np.abs(smooth(noisy) - walk()).mean() < 0.75 * np.abs(noisy - walk()).mean()


@EVERY_FILTER
def test_a_doubtful_outlier_moves_little(name):
    points = np.full((N, K, 2), 50.0)
    points[30] += 40
    sure, doubtful = np.ones((N, K)), np.ones((N, K))
    doubtful[30] = 0.05
    by_sure = np.abs(smooth(points, sure, filter=name)[29:32] - 50).max()
    by_doubtful = np.abs(smooth(points, doubtful, filter=name)[29:32] - 50).max()
    assert by_doubtful < 0.4 * by_sure


def test_one_euro_lags_less_with_more_beta():
    step = np.full((N, K, 2), 50.0)
    step[30:] += 60
    slow, fast = (smooth(step, filter="one-euro", beta=beta) for beta in (0.0, 20.0))
    assert (np.abs(fast[31:40] - 110) < np.abs(slow[31:40] - 110)).all()


def test_butterworth_lets_pass_what_is_slow():
    """Half of a wave's power passes at the frequency itself, forth and back: half its height."""
    times = np.arange(400.0)
    for frequency, passes in ((0.01, 1.0), (0.1, 0.5), (0.4, 0.0)):
        wave = np.sin(2 * np.pi * frequency * times + 0.3)
        points = 50 + 10 * np.repeat(wave[:, None, None], 2, axis=2)
        weights = np.ones((400, 1))
        calm = smooth_track(
            times, points, weights, np.full(400, 100.0), SmoothingParameters(filter="butterworth")
        )
        middle = slice(50, 350)
        np.testing.assert_allclose(
            calm[middle] - 50, passes * (points[middle] - 50), atol=0.15, err_msg=f"{frequency}"
        )


def test_one_euro_knows_nothing_of_what_comes():
    points = walk(noise=1.0)
    other = points.copy()
    other[40:] += 500
    found, changed = (smooth(one, filter="one-euro") for one in (points, other))
    np.testing.assert_array_equal(found[:40], changed[:40])


@EVERY_FILTER
def test_what_is_not_known_stays_unknown_and_harms_nothing(name):
    points = walk(noise=1.0)
    weights = np.ones((N, K))
    points[10:14, 0] = np.nan
    points[3, 1, 0] = np.inf
    weights[20, 2] = 0
    weights[0, 2] = np.nan
    found = smooth(points, weights, filter=name)
    assert np.isnan(found[10:14, 0]).all()
    assert np.isinf(found[3, 1, 0])
    np.testing.assert_array_equal(found[20, 2], points[20, 2])
    rest = np.ones((N, K), bool)
    rest[10:14, 0] = rest[3, 1] = False
    assert np.isfinite(found[rest]).all()
    assert np.abs(found[rest] - walk()[rest]).max() < 15


@EVERY_FILTER
@pytest.mark.parametrize("count", [1, 2, 3])
def test_tracks_of_few_frames(name, count):
    points = walk(noise=1.0)[:count]
    found = smooth(points, times=TIMES[:count], filter=name)
    assert found.shape == points.shape
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], points[0], atol=3)


@pytest.mark.parametrize("value", [1e308, 5e-324])
@pytest.mark.filterwarnings("error")
def test_one_euro_at_the_ends_of_the_numbers(value):
    """All is kept of a keypoint, or nothing of its way."""
    points = walk(noise=1.0)
    expected = points if value > 1 else np.broadcast_to(points[:1], points.shape)
    found = smooth(points, filter="one-euro", cutoff=value, beta=0.0)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    if value > 1:
        smooth(points, filter="one-euro", beta=value)


def test_gaps():
    values = np.array([[np.nan, 1], [2, np.nan], [np.nan, np.nan], [4, 7], [np.nan, np.nan]])
    filled = fill_gaps(np.arange(5.0), values, 2)
    np.testing.assert_allclose(filled, [[np.nan, 1], [2, 3], [3, 5], [4, 7], [np.nan, np.nan]])
    np.testing.assert_array_equal(fill_gaps(np.arange(5.0), values, 0), values)
    np.testing.assert_allclose(
        fill_gaps(np.arange(5.0), values, 1)[:, 1], [1, np.nan, np.nan, 7, np.nan]
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"frequency": 0.5}, "frequency must be above 0 and below 0.5, got 0.5"),
        ({"filter": "kalman"}, "filter must be one of savgol, one-euro, butterworth, got 'kalman'"),
        ({"filter": np.array(["a", "b"])}, "filter must be one of .*, got array"),
        ({"window": 3}, "window must be odd and at least 5, got 3"),
        ({"window": 10**5000 + 1}, "window must be below 2\\^63"),
        ({"cutoff": 0}, "cutoff must be above 0"),
        ({"beta": -1}, "beta must be at least 0"),
        ({"max_gap": -1}, "max_gap must be at least 0, got -1"),
        ({"window": 7.0}, "window must be a whole number, got 7.0"),
        ({"cutoff": "1"}, "cutoff must be a number, got '1'"),
        ({"beta": None}, "beta must be a number, got None"),
        ({"max_gap": True}, "max_gap must be a whole number, got True"),
        ({"beta": 1}, "beta must be left out: it is for filter one-euro, got 1 for savgol"),
        ({"filter": "butterworth", "window": 9}, "window must be left out: it is for filter sav"),
        ({"filter": "one-euro", "frequency": 0.2}, "frequency must be left out: it is for filter"),
    ],
)
def test_parameters_that_are_none(fields, message):
    with pytest.raises((TypeError, ValueError), match=message):
        SmoothingParameters(**fields)


@EVERY_FILTER
def test_nobody_is_no_special_case(name):
    assert smooth(np.empty((0, 2, 2)), times=TIMES[:0], filter=name).shape == (0, 2, 2)
    assert smooth(np.empty((N, 0, 2)), filter=name).shape == (N, 0, 2)


@EVERY_FILTER
@pytest.mark.filterwarnings("error")
def test_weights_next_to_nothing_are_weights(name):
    """Two of three frames are next to unknown: the third stays where it is."""
    points = walk(noise=1.0)
    weights = np.where((np.arange(N) % 3)[:, None], 1e-300, 1.0) * np.ones(points.shape[:2])
    found = smooth(points, weights, filter=name)
    assert np.isfinite(found).all()
    assert np.abs(found - points).max() < 100


@EVERY_FILTER
def test_the_smallest_weights_of_all_are_weights(name):
    points = walk(noise=1.0)
    assert np.isfinite(smooth(points, np.full(points.shape[:2], 5e-324), filter=name)).all()


@EVERY_FILTER
@pytest.mark.filterwarnings("error")
def test_points_beyond_float32_are_not_known(name):
    points = walk(noise=1.0)
    points[5, 0] = 1e308
    found = smooth(points, filter=name)
    assert (found[5, 0] == 1e308).all()
    points[5, 0] = np.nan
    np.testing.assert_array_equal(
        np.delete(found, 5, 0), np.delete(smooth(points, filter=name), 5, 0)
    )


@pytest.mark.filterwarnings("error")
def test_a_gap_between_the_ends_of_the_numbers():
    values = np.array([[-1.7e308], [np.nan], [1.7e308]])
    assert fill_gaps(np.arange(3.0), values, 1)[1, 0] == 0


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("times", list(range(3)), TypeError, "times must be a numpy array of real numbers"),
        ("times", np.zeros(3), ValueError, "times must be finite and increase"),
        ("times", np.arange(3) * 1e-200, ValueError, "times must be finite and increase by 0.001"),
        ("times", np.array([0, np.nan, 2]), ValueError, "times must be finite and increase"),
        ("times", np.array([0, 1, 1e18]), ValueError, "times must span at most 10000000 frames"),
        ("points", np.zeros((3, 2)), ValueError, r"points must be \(3, K, 2\), got \(3, 2\)"),
        ("points", np.zeros((3, 2, 2)) * 1j, TypeError, "points must hold real numbers, got comp"),
        ("weights", np.ones((3, 5)), ValueError, r"weights must be \(3, 2\), got \(3, 5\)"),
        ("sizes", np.ones(2), ValueError, r"sizes must be \(3,\), got \(2,\)"),
        ("sizes", np.full(3, np.nan), ValueError, "sizes must be from 0 and finite"),
        ("parameters", None, TypeError, "parameters must be a SmoothingParameters, got None"),
    ],
)
def test_tracks_that_are_none(name, value, error, message):
    good = {
        "times": np.arange(3.0),
        "points": np.zeros((3, 2, 2)),
        "weights": np.ones((3, 2)),
        "sizes": np.ones(3),
        "parameters": SmoothingParameters(),
    }
    with pytest.raises(error, match=message):
        smooth_track(**{**good, name: value})


@pytest.mark.parametrize(
    ("times", "values", "max_gap", "error", "message"),
    [
        (np.arange(3.0), np.zeros(3), 1, ValueError, r"values must be \(3, D\), got \(3,\)"),
        (np.arange(2.0), np.zeros((3, 1)), 1, ValueError, r"values must be \(2, D\), got \(3, 1\)"),
        (
            np.arange(3.0)[::-1],
            np.zeros((3, 1)),
            1,
            ValueError,
            "times must be finite and increase",
        ),
        (np.arange(3.0), np.zeros((3, 1)), -1, ValueError, "max_gap must be at least 0, got -1"),
        (np.arange(3.0), np.zeros((3, 1)), None, TypeError, "max_gap must be a whole number"),
        (np.arange(3.0), [[None]], 1, TypeError, "values must be a numpy array of real numbers"),
    ],
)
def test_gaps_of_nothing(times, values, max_gap, error, message):
    with pytest.raises(error, match=message):
        fill_gaps(times, values, max_gap)
