"""Conventions beyond the table: any blur, peaks of the blurred map, scaled scores."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rmpe_ext
import rmpe_ext.numpy
from rmpe_ext.conventions import BORDERS, CONVENTIONS, Convention
from tests.ops.implementations import implementations
from tests.ops.test_decode import check, one, people
from tests.oracles import decode as oracle

IMPLEMENTATIONS = implementations("ops")
MEGVII = CONVENTIONS["megvii"]


def by_the_oracle(heatmap, row):
    """The keypoint of a map whose maximum is above 0, and its score."""
    taps = row.blur_kernel or oracle.gaussian(row.blur_sigma, row.blur_radius)
    blurred = oracle.blur(heatmap, taps, row.blur_border)
    seen = blurred if row.blur_first else heatmap
    y, x = map(int, np.unravel_index(np.argmax(seen), seen.shape))
    step = np.zeros(2)
    if row.subpixel == "quarter":
        step = oracle._quarter_step(seen, x, y)
        inside = 1 < x < seen.shape[1] - 1 and 1 < y < seen.shape[0] - 1
        step = step + (row.peak_shift if inside else 0.0)
    elif row.subpixel == "dark_udp":
        scale = heatmap.max() / blurred.max() if row.rescale else 1.0
        step = oracle.udp_step(scale * blurred, x, y) + row.peak_shift
    return np.array([x, y]) + step, row.score_scale * heatmap.max() + row.score_offset


def smooth_maps(shape, seed=0):
    """Noise that is smooth, so that one pixel of the blurred map is clearly the largest."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.abs(rng.normal(0, 1, shape))) + people(shape, seed, torch.float64)


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from([(64, 48), (48, 64), (17, 13), (5, 70), (3, 3), (1, 9), (2, 1)]),
    blur=st.one_of(
        st.fixed_dictionaries(
            {"blur_sigma": st.floats(0.4, 4.0), "blur_radius": st.integers(0, 16)}
        ),
        st.builds(
            lambda half: {"blur_kernel": (*half, 1.0, *reversed(half))},
            st.lists(st.floats(0.01, 1.0), max_size=16),
        ),
    ),
    border=st.sampled_from(BORDERS),
    subpixel=st.sampled_from(["none", "quarter", "dark_udp"]),
    rescale=st.booleans(),
    blur_first=st.booleans(),
    peak_shift=st.sampled_from([0.0, 0.5]),
    score=st.sampled_from([(1.0, 0.0), (1 / 255, 0.5)]),
)
def test_any_convention(
    seed, shape, blur, border, subpixel, rescale, blur_first, peak_shift, score
):
    margin = (2, 1) if subpixel == "quarter" else (0, 0)
    row = Convention(
        subpixel=subpixel, margin=margin, cross_margin=margin, blur_border=border,
        rescale=rescale, blur_first=blur_first, peak_shift=peak_shift * (subpixel != "none"),
        log_range=(1e-3, 50.0), score_scale=score[0], score_offset=score[1], **blur,
    )  # fmt: skip
    maps = smooth_maps((2, 2, *shape), seed)
    want = [[by_the_oracle(m.numpy(), row) for m in person] for person in maps]
    for decode in (
        rmpe_ext.decode,
        rmpe_ext.reference.decode,
        lambda maps, **options: map(
            torch.from_numpy, rmpe_ext.numpy.decode(maps.numpy(), **options)
        ),
    ):
        keypoints, scores = decode(maps, convention=row)
        for n in range(2):
            for k in range(2):
                point, value = want[n][k]
                np.testing.assert_allclose(keypoints[n, k].numpy(), point, rtol=1e-6, atol=1e-6)
                np.testing.assert_allclose(scores[n, k].item(), value, rtol=1e-12)


@IMPLEMENTATIONS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 5, 64, 48), (2, 3, 17, 60), (1, 2, 3, 3)], ids=str)
def test_megvii_equals_the_oracle(ops, dtype, shape):
    maps = smooth_maps(shape, 3).to(dtype)
    want, want_scores = oracle.decode(maps.double().numpy(), convention="megvii")
    keypoints, scores = ops.decode(maps, convention="megvii")
    np.testing.assert_allclose(keypoints.double().numpy(), want, rtol=0, atol=0)
    np.testing.assert_allclose(scores.double().numpy(), want_scores, rtol=1e-6)
    flipped = smooth_maps(shape, 4).to(dtype)
    options = dict(convention="megvii", flip_pairs=[(0, 1)])
    want, _ = oracle.decode(maps.double().numpy(), flipped=flipped.double().numpy(), **options)
    keypoints, _ = ops.decode(maps, flipped=flipped, **options)
    np.testing.assert_allclose(keypoints.double().numpy(), want, rtol=0, atol=0)


@IMPLEMENTATIONS
def test_megvii_takes_the_hill_not_the_spike(ops):
    heatmap = torch.zeros(32, 32)
    heatmap[5, 5] = 1.0
    heatmap[18:23, 18:23] = 0.9
    heatmap[20, 21] += 0.05
    keypoints, scores = ops.decode(one(heatmap), convention="megvii")
    assert keypoints.tolist() == [[[20.75, 20.5]]]
    assert scores.item() == pytest.approx(1.0 / 255 + 0.5)
    empty = ops.decode(one(torch.zeros(8, 8)), convention="megvii")
    assert empty[0].tolist() == [[[-1, -1]]] and empty[1].tolist() == [[0.5]]
    heatmap[3, 3] = float("nan")
    assert all(result.isnan().all() for result in ops.decode(one(heatmap), convention="megvii"))


@IMPLEMENTATIONS
def test_vitpose_marks_a_map_without_a_value_above_0(ops):
    keypoints, scores = ops.decode(torch.full((1, 1, 16, 12), -3.0), convention="vitpose")
    assert (keypoints.tolist(), scores.tolist()) == ([[[-1, -1]]], [[-3]])


@IMPLEMENTATIONS
@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_row_is_as_good_as_its_name(ops, name):
    maps = people((2, 3, 16, 12), 1)
    by_name, by_row = (ops.decode(maps, convention=c) for c in (name, CONVENTIONS[name]))
    assert all(torch.equal(a, b) for a, b in zip(by_name, by_row, strict=True))
    boxes = torch.tensor([[3.0, 4, 50, 90]])
    by_name, by_row = (
        ops.crop_matrices(boxes, (64, 48), convention=c) for c in (name, CONVENTIONS[name])
    )
    assert torch.equal(by_name, by_row)


@IMPLEMENTATIONS
def test_the_usual_blur_spelled_out_is_the_usual_blur(ops):
    """Both ways through the library: the blur with loops of its own, and any blur."""
    maps = people((2, 4, 30, 40), 2, torch.float64)
    kernel = tuple(oracle.gaussian(2.0, 5))
    for name in ("dark", "udp"):
        row = dataclasses.replace(CONVENTIONS[name], blur_kernel=kernel)
        check(ops, maps, convention=name)
        for a, b in zip(
            ops.decode(maps, convention=row), ops.decode(maps, convention=name), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", [MEGVII, CONVENTIONS["vitpose"]], ids=["megvii", "vitpose"])
def test_a_convention_compiles_in_one_graph(row):
    compiled = torch.compile(rmpe_ext.decode, backend="aot_eager", fullgraph=True)
    maps = people((2, 3, 16, 12), 1)
    for a, b in zip(
        compiled(maps, convention=row), rmpe_ext.decode(maps, convention=row), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "fields, error, message",
    [
        ({"padding": 1.25}, ValueError, r"padding must be a fraction above -1 and below 1 .*, got 1.25"),
        ({"grid": "torch"}, ValueError, "grid must be one of"),
        ({"subpixel": "cubic"}, ValueError, "subpixel must be one of"),
        ({"blur_border": "wrap"}, ValueError, "blur_border must be one of"),
        ({"blur_sigma": 0.0}, ValueError, "blur_sigma must be in 0.01..100, got 0.0"),
        ({"blur_radius": 17}, ValueError, "blur_radius must be at most 16, got 17"),
        ({"blur_radius": 2.5}, TypeError, "blur_radius must be a whole number, got 2.5"),
        ({"blur_kernel": (1.0, 1.0)}, ValueError, "blur_kernel must be a tuple of weights, an odd number"),
        ({"blur_kernel": (1.0, -1.0, 1.0)}, ValueError, "blur_kernel must be weights of at least 0"),
        ({"blur_kernel": (0.0,)}, ValueError, "blur_kernel must be weights of at least 0 with a sum"),
        ({"blur_kernel": ("a",)}, TypeError, "blur_kernel must be 1 numbers"),
        ({"rescale": 1}, TypeError, "rescale must be True or False, got 1"),
        ({"log_range": (2.0, 1.0)}, ValueError, "log_range must be 0 < low <= high"),
        ({"log_range": 1.0}, TypeError, "log_range must be a tuple of two numbers, got 1.0"),
        ({"margin": (0, 0), "subpixel": "quarter"}, ValueError, "margin must be at least 1, got 0"),
        ({"peak_shift": math.nan}, ValueError, "peak_shift must be finite, got nan"),
        ({"no_peak": math.inf}, ValueError, "no_peak must be finite, got inf"),
    ],
)  # fmt: skip
def test_fields_are_checked(fields, error, message):
    with pytest.raises(error, match=message):
        Convention(**fields)
