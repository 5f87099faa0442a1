"""Detected sets over resamples of the prompts."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, PatchwidgetsError, UnknownNameError
from patchwidgets.results.detection import Cells
from patchwidgets.results.stability import jaccard, stability_of


def cells_of(effect):
    names = tuple(f"c{i}" for i in range(len(effect)))
    return Cells(names, effect, np.zeros(len(effect), dtype=bool), "logit")


def test_jaccard_by_hand():
    sets = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)
    nan = np.nan
    np.testing.assert_allclose(
        jaccard(sets, sets), [[1, 1 / 3, 0, 0], [1 / 3, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, nan]]
    )


def test_the_same_on_every_prompt_is_perfectly_stable():
    effect = np.tile(np.array([9.0, -9.0, *[0.1, -0.1] * 20])[:, None], (1, 10))
    found = stability_of(cells_of(effect), "sd", 2, 50, 0)
    assert (found.jaccard, found.with_all, found.stable) == (1, 1, True)
    assert found.share_positive == {"c0": 1.0}
    assert found.share_negative == {"c1": 1.0}
    assert found.detection.positive == ("c0",)


def test_noise_is_not_stable():
    effect = np.random.default_rng(0).normal(size=(270, 32))
    found = stability_of(cells_of(effect), "sd", 2, 200, 0)
    assert found.jaccard < 0.4
    assert not found.stable
    assert max(found.share_positive.values()) < 1
    assert list(found.share_positive.values()) == sorted(
        found.share_positive.values(), reverse=True
    )


def test_by_hand_over_resamples():
    """Two prompts that disagree: the resamples hold the first twice, both, or the second twice."""
    effect = np.array([[40.0, 0.0], [0.0, -40.0], *[[0.0, 0.0]] * 40])
    found = stability_of(cells_of(effect), "sd", 2, 400, 1)
    both, first, second = {0, 1}, {0}, {1}
    weights = {frozenset(both): 0.5, frozenset(first): 0.25, frozenset(second): 0.25}
    wanted = sum(
        p * q * len(a & b) / len(a | b) for a, p in weights.items() for b, q in weights.items()
    )
    assert found.jaccard == pytest.approx(wanted, abs=0.03)
    assert found.with_all == pytest.approx(0.75, abs=0.04)
    assert found.share_positive["c0"] == pytest.approx(0.75, abs=0.06)


def test_nothing_ever_detected_is_no_set_to_be_stable():
    found = stability_of(cells_of(np.zeros((5, 4))), "sd", 2, 10, 0)
    assert np.isnan(found.jaccard)
    assert np.isnan(found.with_all)
    assert not found.stable
    assert found.share_positive == found.share_negative == {}


def test_a_result_says_how_stable_it_is(make_result, metrics):
    from patchwidgets.results import Baseline

    runs = Baseline(np.full((1, 6), 4.0), np.zeros((1, 6)))
    result = make_result(metrics=metrics[:1], baseline=runs, groups=[""] * 6)
    for patch, effect in enumerate([3.0, 0.0]):
        result.record(patch, np.full((1, 6), effect))
    found = result.stability(sd=1, n_resamples=20, seed=3)
    assert found.share_positive == {"L0H0": 1.0}
    assert (found.n_prompts, found.n_resamples, found.seed) == (6, 20, 3)
    np.testing.assert_equal(found.jaccard, result.stability(sd=1, n_resamples=20, seed=3).jaccard)


def test_stability_that_means_nothing_is_refused(small, make_result, metrics, sentence):
    whole = (
        "`n_resamples` is 1, but stability compares resamples of the prompts with one another and "
        "needs at least two. Leave it out for 200."
    )
    with pytest.raises(PatchwidgetsError, match=sentence(whole)):
        small.stability(n_resamples=1)
    whole = "There is no rule that compares cells with one another called 'bh'. Known: `sd`, `mad`."
    with pytest.raises(UnknownNameError, match=sentence(whole)):
        small.stability("bh")
    whole = (
        "With one prompt pair every resample is that pair again, so that nothing can change. Use "
        "at least two prompt pairs, better 20 or more."
    )
    with pytest.raises(MeasurementError, match=sentence(whole)):
        stability_of(cells_of(np.ones((3, 1))), "sd", 2, 10, 0)
