"""Sign flips, counted by hand and against every pattern."""

from itertools import product

import numpy as np
import pytest

from patchwidgets.results.sign_flips import adjust_bh, draw_flips, flip_signs


def slow_p(effect, statistic):
    """Return p by itself and, stepping down, against the map, over all patterns one by one."""
    n = effect.shape[1]

    def sizes(values):
        sums = values.sum(axis=1)
        if statistic == "mean":
            return np.abs(sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = sums / n / (values.std(axis=1, ddof=1) / np.sqrt(n))
        return np.nan_to_num(np.abs(t), nan=0.0, posinf=1e300)

    every = np.array([sizes(effect * signs) for signs in product([1, -1], repeat=n)])
    observed = sizes(effect) * (1 - 1e-9)
    alone = (every >= observed).mean(axis=0)
    together, largest, left = np.empty(len(effect)), 0.0, list(range(len(effect)))
    while left:
        strongest = max(left, key=lambda cell: observed[cell])
        largest = max(largest, (every[:, left].max(axis=1) >= observed[strongest]).mean())
        together[strongest] = largest
        left.remove(strongest)
    return alone, together


@pytest.mark.parametrize("statistic", ["mean", "t"])
def test_exact_p_is_that_of_every_pattern(statistic):
    random = np.random.default_rng(0)
    effect = random.normal(size=(12, 7)) * random.uniform(0.1, 10, size=(12, 1))
    effect[0] += 3
    effect[1] = 2.0
    flips = draw_flips(7)
    assert (len(flips.signs), flips.exact) == (64, True)
    flipped = flip_signs(effect, flips, statistic)
    alone, together = slow_p(effect, statistic)
    np.testing.assert_allclose(flipped.p, alone)
    np.testing.assert_allclose(flipped.p_max, together)


def test_sums_that_are_equal_but_for_rounding_are_ties():
    """0.1 + 0.2 - 0.3 is not 0 in floats: each of 8 patterns counts where it should."""
    effect = np.array([[0.1, 0.2, 0.3, 0.1]])
    (p,) = flip_signs(effect, draw_flips(4)).p
    assert p == 1 / 8
    (p,) = flip_signs(np.array([[0.1, 0.2, -0.3, 0.0]]), draw_flips(4)).p
    assert p == 1


def test_drawn_flips_count_the_measured_one_too():
    drawn = draw_flips(40, 99)
    assert (len(drawn.signs), drawn.exact, drawn.smallest_p) == (99, False, 0.01)
    (p,) = flip_signs(np.ones((1, 40)), drawn).p
    assert p == 0.01


def test_drawn_flips_agree_with_all_of_them():
    effect = np.random.default_rng(2).normal(0.3, 1, size=(5, 13))
    exact, drawn = draw_flips(13, 4096), draw_flips(13, 4000)
    assert (exact.exact, drawn.exact) == (True, False)
    np.testing.assert_allclose(
        flip_signs(effect, exact).p, flip_signs(effect, drawn).p, atol=4 * 0.5 / np.sqrt(4000)
    )


def test_the_same_seed_gives_the_same_flips():
    np.testing.assert_array_equal(draw_flips(30, 50, 1).signs, draw_flips(30, 50, 1).signs)
    assert (draw_flips(30, 50, 1).signs != draw_flips(30, 50, 2).signs).any()


@pytest.mark.parametrize(("n", "flips"), [(9, 10_000), (30, 999)])
def test_above_the_critical_size_and_only_there_the_strongest_cell_is_detected(n, flips):
    drawn = draw_flips(n, flips)
    for seed in range(20):
        effect = np.random.default_rng(seed).normal(size=(5, n))
        effect[0] += seed / 30
        flipped = flip_signs(effect, drawn)
        for alpha in (0.01, 0.05, 0.3):
            above = flipped.observed.max() > flipped.critical(alpha) * (1 + 1e-12)
            assert above == (flipped.p_max.min() <= alpha)


def test_large_effects_do_not_hide_others():
    """Two cells at 20 flip to means far above 2, which is far above what the rest flip to."""
    effect = np.random.default_rng(5).normal(size=(40, 16))
    effect[0] += 20
    effect[1] -= 20
    effect[2] += 2
    flipped = flip_signs(effect, draw_flips(16, 2000))
    assert flipped.critical(0.05) > 2.5
    assert (flipped.p_max[:3] <= 0.01).all()
    assert (flipped.p_max[3:] > 0.05).all()


def test_blocks_give_what_one_piece_gives(monkeypatch):
    from patchwidgets.results import sign_flips

    effect = np.random.default_rng(4).normal(size=(50, 20))
    whole = flip_signs(effect, draw_flips(20, 1000))
    monkeypatch.setattr(sign_flips, "_NUMBERS_AT_ONCE", 50 * 7)
    pieces = flip_signs(effect, draw_flips(20, 1000))
    np.testing.assert_array_equal(whole.at_least, pieces.at_least)
    np.testing.assert_array_equal(whole.weaker, pieces.weaker)
    np.testing.assert_allclose(whole.maxima, pieces.maxima, rtol=1e-12)


def test_bh_by_hand():
    """Five p: times 5 over rank are 0.05, 0.05, 0.0667, 0.0625, 0.5; 0.0667 falls to 0.0625."""
    adjusted = adjust_bh(np.array([0.04, 0.5, 0.01, 0.05, 0.02]))
    np.testing.assert_allclose(adjusted, [0.0625, 0.5, 0.05, 0.0625, 0.05])
    assert adjust_bh(np.array([])).size == 0
    np.testing.assert_array_equal(adjust_bh(np.array([1.0, 0.9])), [1, 1])
