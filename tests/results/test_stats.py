"""Means, errors and intervals over prompts."""

import numpy as np

from patchwidgets.results import stats


def test_the_same_seed_gives_the_same_interval():
    effect = np.random.default_rng(1).normal(size=(5, 20))
    gap = np.random.default_rng(2).uniform(1, 3, size=20)
    once = stats.bootstrap_interval(effect, gap, seed=7)
    np.testing.assert_array_equal(once, stats.bootstrap_interval(effect, gap, seed=7))
    assert (once != stats.bootstrap_interval(effect, gap, seed=8)).any()


def test_the_order_of_prompts_does_not_matter():
    random = np.random.default_rng(3)
    effect, gap = random.normal(size=(5, 20)), random.uniform(1, 3, size=20)
    order = random.permutation(20)
    np.testing.assert_allclose(
        stats.bootstrap_interval(effect, gap),
        stats.bootstrap_interval(effect[:, order], gap[order]),
        rtol=1e-12,
    )
    np.testing.assert_allclose(stats.standard_error(effect), stats.standard_error(effect[:, order]))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """400 data sets of 40 prompts whose effect is 0.3 of the gap, plus noise."""
    random = np.random.default_rng(4)
    gap = random.uniform(2, 6, size=40)
    effect = 0.3 * gap + random.normal(size=(400, 40))
    low, high = stats.bootstrap_interval(effect, gap).T
    assert 0.90 < np.mean((low <= 0.3) & (high >= 0.3)) < 0.98
    plain = random.normal(1.0, 2.0, size=(400, 40))
    low, high = stats.bootstrap_interval(plain).T
    assert 0.90 < np.mean((low <= 1) & (high >= 1)) < 0.98


def test_more_confidence_is_a_wider_interval():
    effect = np.random.default_rng(5).normal(size=(1, 30))
    (narrow,) = stats.bootstrap_interval(effect, confidence=0.5)
    (wide,) = stats.bootstrap_interval(effect, confidence=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_one_cell_at_a_time_gives_what_all_at_once_gives():
    effect = np.random.default_rng(6).normal(size=(600, 8))
    together = stats.bootstrap_interval(effect)
    alone = np.concatenate([stats.bootstrap_interval(effect[i : i + 1]) for i in (0, 511, 599)])
    np.testing.assert_allclose(together[[0, 511, 599]], alone, rtol=1e-12)


def test_resamples_without_a_gap_are_not_divided_by():
    """Gaps 1, 1, 1, -1: some resamples have a mean gap of exactly 0."""
    interval = stats.bootstrap_interval(np.ones((1, 4)), np.array([1.0, 1.0, 1.0, -1.0]))
    assert np.isfinite(interval).all()


def test_no_resample_with_a_gap_is_no_interval():
    assert np.isnan(stats.bootstrap_interval(np.ones((2, 4)), np.zeros(4))).all()
