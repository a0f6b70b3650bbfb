"""Mixtures of edge offsets, the sampler, and the file format."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rmpe.method.atomic_poses import AtomicPoses
from rmpe.method.mixtures import Mixture, adapt_mixture, fit_mixture, log_density
from rmpe.method.proposals import (
    FITTED,
    RELEASED,
    Proposals,
    ProposalsError,
    random_jitter,
    read_proposals,
)
from rmpe.skeletons import COCO_17, MPII_16

from ...fuzz import fuzz

GENERATOR = np.random.default_rng(3)
EPSILON = 1e-9


def random_mixture(components, people=0):
    roots = GENERATOR.normal(0, 0.05, (components, 4, 4))
    return Mixture(
        GENERATOR.dirichlet(np.full(components, 5.0)),
        GENERATOR.normal(0, 0.1, (components, 4)),
        roots @ roots.transpose(0, 2, 1) + 1e-4 * np.eye(4),
        people=people,
    )


MIXTURES = [random_mixture(c, people) for c, people in [(3, 50), (1, 20), (5, 30)]]
POSES = AtomicPoses(COCO_17, GENERATOR.normal(0, 1, (2, 17, 2)))
PROPOSALS = Proposals(MIXTURES, POSES)


def marginal_cdf(mixture, edge):
    """The distribution of one edge's offset under a mixture."""
    deviation = np.sqrt(mixture.covariances[:, edge, edge])
    return lambda x: (
        mixture.weights * stats.norm.cdf((x[:, None] - mixture.means[:, edge]) / deviation)
    ).sum(1)


@pytest.mark.parametrize("group", [0, 1, 2])
def test_samples_have_the_distribution_of_their_mixture(group):
    # Kolmogorov-Smirnov on each edge, n = 100,000 samples, at a level of 1e-4, where sqrt(n) D is
    # 2.23. A shift of .03 standard deviations makes it 3.41 or more on every edge, 3 % of the
    # weight in a wrong component on at least one. Its own deviation is at most 1/2, so that either
    # is found with a power above .99.
    groups = np.full(100_000, group)
    drawn = PROPOSALS.offsets(groups, np.random.default_rng(group))
    for edge in range(4):
        result = stats.kstest(drawn[:, edge], marginal_cdf(MIXTURES[group], edge))
        assert result.pvalue > 1e-4, f"edge {edge}"
    expected = MIXTURES[group].covariance()
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(np.cov(drawn.T) / scale, expected / scale, atol=0.03)


@pytest.mark.parametrize("group", [0, 1, 2])
def test_that_test_has_its_power(group):
    mixture = MIXTURES[group]
    shifts, swaps = [], np.zeros((len(mixture.weights),) * 2)
    for edge in range(4):
        deviation = np.sqrt(mixture.covariance()[edge, edge])
        x = mixture.mean()[edge] + deviation * np.linspace(-6, 6, 5001)
        cdf = marginal_cdf(mixture, edge)
        shifts.append(np.abs(cdf(x) - cdf(x - 0.03 * deviation)).max())
        own = np.sqrt(mixture.covariances[:, edge, edge])
        parts = stats.norm.cdf((x[:, None] - mixture.means[:, edge]) / own)
        apart = np.abs(parts[:, :, None] - parts[:, None]).max(0)
        swaps = np.maximum(swaps, 0.03 * apart)
    least = stats.kstwobign.isf(1e-4) + stats.norm.isf(0.01) / 2
    moved = swaps[np.triu_indices(len(swaps), 1)]
    assert np.sqrt(100_000) * min(*shifts, *moved) > least

    drawn = PROPOSALS.offsets(np.full(100_000, group), np.random.default_rng(group))
    for edge in range(4):
        shifted = drawn[:, edge] + 0.03 * drawn[:, edge].std()
        assert stats.kstest(shifted, marginal_cdf(mixture, edge)).pvalue < 1e-4, f"edge {edge}"


def test_groups_of_a_batch_are_kept_apart():
    groups = np.tile([0, 1, 2], 20_000)
    drawn = PROPOSALS.offsets(groups, np.random.default_rng(5))
    for group, mixture in enumerate(MIXTURES):
        error = drawn[groups == group].mean(0) - mixture.mean()
        assert (np.abs(error) < 5 * np.sqrt(np.diag(mixture.covariance()) / 20_000)).all()


def test_offsets_are_in_sides_of_the_true_box():
    shift = Mixture(np.ones(1), np.array([[0.1, -0.2, 0.3, 0.4]]), 1e-16 * np.eye(4)[None])
    box = np.array([[100.0, 200.0, 150.0, 400.0]])
    drawn = Proposals([shift]).sample(box, np.zeros(1, int), np.random.default_rng(0))
    np.testing.assert_allclose(drawn, [[105, 160, 165, 480]], atol=1e-3)


def test_same_seed_gives_the_same_proposals():
    boxes, groups = np.array([[0.0, 0, 10, 20]] * 9), np.tile([0, 1, 2], 3)
    first, second = (PROPOSALS.sample(boxes, groups, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_no_box_is_turned_inside_out():
    wild = Proposals([Mixture(np.ones(1), np.zeros((1, 4)), np.eye(4)[None])])
    boxes = np.array([[0.0, 0, 10, 20]] * 10_000)
    drawn = wild.sample(boxes, np.zeros(10_000, int), np.random.default_rng(0))
    assert (drawn[:, 2:] > drawn[:, :2]).all()
    # The box itself stands in only where ten draws in a row failed.
    assert (drawn == boxes).all(1).mean() < 0.01


def test_nobody_gets_no_proposals():
    drawn = PROPOSALS.sample(np.empty((0, 4)), np.empty(0, int), np.random.default_rng(0))
    assert drawn.shape == (0, 4)


def test_released_gaussian_is_that_of_the_authors():
    drawn = RELEASED.offsets(np.zeros(400_000, int), np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(0), [-0.0142, 0.0043, 0.0154, -0.0013], atol=1e-3)
    np.testing.assert_allclose(drawn.std(0), [0.1158, 0.068, 0.1337, 0.0711], rtol=0.01)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(4), atol=0.01)


def test_overall_moments_are_those_of_everybody():
    people = np.array([50, 20, 30])
    groups = np.repeat([0, 1, 2], people * 4000)
    drawn = PROPOSALS.offsets(groups, np.random.default_rng(1))
    mean, covariance = PROPOSALS.overall()
    np.testing.assert_allclose(mean, drawn.mean(0), atol=1e-3)
    np.testing.assert_allclose(covariance, np.cov(drawn.T), rtol=0.02, atol=1e-4)


def test_random_jitter_has_equal_variance_around_zero():
    mean, covariance = PROPOSALS.overall()
    jitter = random_jitter(PROPOSALS)
    drawn = jitter.offsets(np.zeros(400_000, int), np.random.default_rng(2))
    np.testing.assert_allclose(drawn.mean(0), 0, atol=2e-3)
    np.testing.assert_allclose((drawn**2).mean(0), np.diag(covariance) + mean**2, rtol=0.01)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(4), atol=0.01)


def test_mixture_is_recovered_from_its_samples():
    planted = Mixture(
        np.array([0.7, 0.3]),
        np.array([[0.0, 0, 0, 0], [0.3, -0.2, 0.1, 0.4]]),
        np.array([0.002, 0.01])[:, None, None] * np.eye(4),
    )
    drawn = Proposals([planted]).offsets(np.zeros(4000, int), np.random.default_rng(0))
    fitted = fit_mixture(drawn, most_components=4)
    assert fitted.people == 4000 and len(fitted.weights) == 2  # chosen by the BIC
    np.testing.assert_allclose(fitted.weights, planted.weights, atol=0.03)
    np.testing.assert_allclose(fitted.means, planted.means, atol=0.02)
    np.testing.assert_allclose(fitted.covariances, planted.covariances, atol=0.002)


def test_few_offsets_get_one_component():
    assert len(fit_mixture(GENERATOR.normal(0, 0.1, (20, 4))).weights) == 1


def test_log_density_is_that_of_the_mixture():
    x = GENERATOR.normal(0, 0.1, (50, 4))
    expected = np.log(
        sum(
            w * stats.multivariate_normal(m, c).pdf(x)
            for w, m, c in zip(
                MIXTURES[0].weights, MIXTURES[0].means, MIXTURES[0].covariances, strict=True
            )
        )
    )
    np.testing.assert_allclose(log_density(MIXTURES[0], x), expected)


def test_adapting_to_nobody_changes_nothing():
    adapted = adapt_mixture(MIXTURES[0], np.empty((0, 4)))
    np.testing.assert_allclose(adapted.weights, MIXTURES[0].weights)
    np.testing.assert_allclose(adapted.means, MIXTURES[0].means)
    np.testing.assert_allclose(adapted.covariances, MIXTURES[0].covariances)


def test_adapting_a_gaussian_is_the_weighted_mean_of_its_moments():
    # With one component every share is 1, and the MAP estimate has a closed form.
    everybody, own = MIXTURES[1], GENERATOR.normal(0.2, 0.1, (100, 4))
    adapted = adapt_mixture(everybody, own, prior=25)
    mean = (own.sum(0) + 25 * everybody.means[0]) / 125
    second = (
        own.T @ own + 25 * (everybody.covariances[0] + np.outer(*everybody.means[[0, 0]]))
    ) / 125
    np.testing.assert_allclose(adapted.means[0], mean)
    np.testing.assert_allclose(adapted.covariances[0], second - np.outer(mean, mean))


def test_file_gives_back_what_was_written(tmp_path):
    path = tmp_path / "proposals.json"
    PROPOSALS.write(path, detector="test", people=100)
    again = read_proposals(path)
    for ours, theirs in zip(MIXTURES, again.mixtures, strict=True):
        np.testing.assert_allclose(theirs.weights, ours.weights, atol=1e-6)
        np.testing.assert_allclose(theirs.means, ours.means, atol=1e-6)
        np.testing.assert_allclose(theirs.covariances, ours.covariances, atol=1e-8)
        assert theirs.people == ours.people
    assert again.poses.skeleton == COCO_17
    np.testing.assert_allclose(again.poses.centers, POSES.centers, atol=1e-4)
    assert json.loads(path.read_text())["provenance"] == {"detector": "test", "people": 100}


def test_file_without_poses_has_one_group(tmp_path):
    RELEASED.write(tmp_path / "one.json")
    again = read_proposals(tmp_path / "one.json")
    assert again.poses is None
    np.testing.assert_allclose(again.mixtures[0].covariances, RELEASED.mixtures[0].covariances)


GOOD = {"people": 1, "weights": [1.0], "means": [[0, 0, 0, 0]], "covariances": [np.eye(4).tolist()]}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"weights": [0.5]}, r"groups\[0\]: weights must be above 0 with the sum 1"),
        ({"weights": "all"}, r"groups\[0\]: weights must be nested lists of finite numbers"),
        ({"means": [[0, 0, 0]]}, r"groups\[0\]: weights, means and covariances must be"),
        ({"means": [[0, 0, 0, 10**400]]}, r"groups\[0\]: means must be nested lists"),
        ({"covariances": [(-np.eye(4)).tolist()]}, "covariances must be positive definite"),
        ({"covariances": [np.triu(np.ones((4, 4))).tolist()]}, "covariances must be symmetric"),
        ({"people": -1}, "people must be a whole number, 0 to 1000000000, got -1"),
        ({"people": 10**400}, "people must be a whole number, 0 to 1000000000, got 10000"),
        ({"people": True}, "people must be a whole number, 0 to 1000000000, got True"),
        ({"weights": 1.0}, r"must be \(C,\), \(C, 4\) and \(C, 4, 4\), got \(\), \(1, 4\) and"),
        (
            {"means": [[0, 0, 0, 1e300]]},
            "means must be nested lists of finite numbers .* beyond 1e",
        ),
    ],
)
def test_wrong_file_is_refused_with_the_field(tmp_path, change, message):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({"kind": "rmpe proposals", "groups": [GOOD | change]}))
    with pytest.raises(ProposalsError, match=message):
        read_proposals(path)


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "must be JSON of fitted proposals"),
        ("[" * 100_000, "must be JSON of fitted proposals"),
        ("[]", 'must be a JSON object with "kind": "rmpe proposals"'),
        ('{"kind": "rmpe proposals"}', "groups must be a list of objects"),
        ('{"kind": "rmpe proposals", "groups": []}', "mixtures must be 1, got 0"),
        ('{"kind": "rmpe proposals", "groups": [], "skeleton": "x"}', "skeleton must be one of"),
        ('{"kind": "rmpe proposals", "groups": [], "skeleton": "coco_17"}', "two groups or more"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(ProposalsError, match=message):
        read_proposals(path)


@fuzz(300)
@given(st.data())
def test_mutated_file_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "mutated.json"
    PROPOSALS.write(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=5))
        if not content:
            break
    path.write_bytes(content)
    try:
        read_proposals(path)
    except ProposalsError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("name", "skeleton", "people", "deviation"),
    [
        ("coco", COCO_17, 2174, [0.1355, 0.0757, 0.1317, 0.1039]),
        ("mpii", MPII_16, 898, [0.1208, 0.0528, 0.1328, 0.1135]),
    ],
)
def test_mixtures_of_the_package_are_those_that_were_fitted(name, skeleton, people, deviation):
    fitted = read_proposals(FITTED[name])
    assert fitted.poses.skeleton == skeleton and len(fitted.poses) == 8
    assert sum(mixture.people for mixture in fitted.mixtures) == people
    provenance = json.loads(FITTED[name].read_text())["provenance"]
    assert provenance["people"] == people
    assert provenance["least_score"] == (0.4 if name == "coco" else None)
    # They describe people who were not fitted to better than anything else does.
    worth = provenance["log_likelihood"]
    assert max(worth, key=worth.get) == "per pose"
    # As the command printed it, and the documentation has it.
    _, covariance = fitted.overall()
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), deviation, atol=1e-4)
