"""Split halves: pick on one, test on the other."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, UnknownNameError
from patchwidgets.results.confirmation import confirm_node
from patchwidgets.results.detection import Cells, detect_far


def cells_of(effect):
    names = tuple(f"L{i}H0" for i in range(len(effect)))
    return Cells(names, effect, np.zeros(len(effect), dtype=bool), "logit")


def noise(n=40, cells=60, seed=0):
    return np.random.default_rng(seed).normal(size=(cells, n))


def test_a_real_effect_is_confirmed():
    effect = noise()
    effect[5] += 2
    found = confirm_node(cells_of(effect), "L5H0")
    assert found.picked
    assert found.confirmed
    assert (found.n_picking, found.n_testing) == (20, 20)
    assert found.p == found.smallest_p == pytest.approx(1 / 10_001)
    halves = [found.effect_picking, found.effect_testing]
    assert np.mean(halves) == pytest.approx(effect[5].mean())
    assert str(found) == (
        f"L5H0 is one of {found.n_picked} picked on 20 prompt pairs (effect "
        f"{found.effect_picking:+.3g}), and is confirmed on the other 20 (effect "
        f"{found.effect_testing:+.3g} logit, p = 0.0001)."
    )


def test_what_is_picked_out_of_noise_shrinks_and_is_seldom_confirmed():
    """In 100 maps of noise the strongest node of the picking half is confirmed 5 times or so."""
    confirmed, shrunk = 0, 0
    for seed in range(100):
        cells = cells_of(noise(24, 30, seed))
        order = np.random.default_rng(0).permutation(24)[:12]
        strongest = np.abs(cells.effect[:, order].mean(axis=1)).argmax()
        found = confirm_node(cells, f"L{strongest}H0", flips=500)
        confirmed += found.confirmed
        shrunk += abs(found.effect_testing) < abs(found.effect_picking)
    assert confirmed <= 12  # binomial(100, 0.05): 99.8 %
    assert shrunk > 90


def test_the_half_that_picks_never_sees_the_half_that_tests():
    effect = noise()
    once = confirm_node(cells_of(effect), "L3H0", seed=7)
    testing = np.random.default_rng(7).permutation(40)[20:]
    effect[:, testing] = noise(20, 60, 99)
    again = confirm_node(cells_of(effect), "L3H0", seed=7)
    assert (again.picked, again.n_picked) == (once.picked, once.n_picked)
    assert again.effect_picking == once.effect_picking
    assert again.effect_testing != once.effect_testing


def test_a_node_that_was_not_picked_has_no_p():
    effect = noise()
    picking = np.random.default_rng(0).permutation(40)[:20]
    effect[4] = 0.0
    effect[4, np.setdiff1d(np.arange(40), picking)] = 3.0
    assert "L4H0" in detect_far(cells_of(effect)).positive
    found = confirm_node(cells_of(effect), "L4H0")
    assert not found.picked
    assert not found.confirmed
    assert np.isnan(found.p)
    assert str(found) == (
        "L4H0 does not stand out on the 20 prompt pairs that pick, so there is nothing to confirm "
        "on the other 20."
    )


def test_the_other_sign_on_the_other_half_confirms_nothing():
    effect = noise()
    picking = np.random.default_rng(0).permutation(40)[:20]
    effect[4] = -3.0
    effect[4, picking] = 3.0
    found = confirm_node(cells_of(effect), "L4H0")
    assert found.picked
    assert found.p < 0.01
    assert not found.confirmed
    assert "and is not confirmed on the other 20 (effect -3 logit, p = 0.0001)." in str(found)


def test_p_counts_every_picked_node():
    effect = noise()
    effect[:5] += 2
    testing = np.random.default_rng(0).permutation(40)[20:]
    effect[:5, testing] -= effect[:5, testing].mean(axis=1, keepdims=True)
    effect[0, testing] += 0.5
    cells = cells_of(effect)
    many = confirm_node(cells, "L0H0")
    fewer = confirm_node(cells.choose(np.isin(np.arange(60), [0, *range(5, 60)])), "L0H0")
    assert many.n_picked > fewer.n_picked
    assert many.p > fewer.p


def test_too_few_prompts_for_two_halves(sentence):
    whole = (
        "Half of 10 prompt pairs are 5, and the smallest p that so few can give is 0.0625, above "
        "`alpha` = 0.05, so that nothing could be confirmed. Use at least 11 prompt pairs."
    )
    with pytest.raises(MeasurementError, match=sentence(whole)):
        confirm_node(cells_of(noise(10)), "L0H0")
    assert confirm_node(cells_of(noise(11)), "L0H0").n_testing == 6


def test_unknown_nodes(small, sentence):
    whole = (
        "There is no cell called 'L0H7' among the 2 that were measured on this map. Write a name "
        "as `result.table()` does, such as `L0H1`."
    )
    with pytest.raises(UnknownNameError, match=sentence(whole)):
        small.confirm("L0H7")
    with pytest.raises(UnknownNameError, match=r"^There is no rule that compares .* `mad`\.$"):
        small.confirm("L0H0", rule="max_t")


def test_a_result_confirms(make_result, metrics):
    from patchwidgets.results import Baseline

    runs = Baseline(np.full((1, 12), 4.0), np.zeros((1, 12)))
    result = make_result(metrics=metrics[:1], baseline=runs, groups=[""] * 12)
    for patch, effect in enumerate([3.0, 0.0]):
        result.record(patch, np.full((1, 12), effect))
    found = result.confirm("L0H0", sd=1)
    assert found.confirmed
    assert (found.p, found.unit) == (1 / 32, "logit")
