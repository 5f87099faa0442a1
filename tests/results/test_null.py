"""Rules that test keep their promise on simulated maps; `python -m tests.null` is the long form."""

import numpy as np
import pytest

from tests.null import NOISES, Maps, Rule, rates

MAPS = 200
TOO_MANY = 23 / MAPS
"""Of 200 maps at 5 %, 23 or more with a false detection come once in 10,000 times."""

MAX_MEAN, MAX_T, BH = Rule("max_t", "mean"), Rule("max_t", "t"), Rule("bh", "mean")


@pytest.mark.parametrize("noise", NOISES)
def test_no_effect_anywhere(noise):
    """`max_t` of the mean also where effects are skewed, though no flip is exact there."""
    (found,) = rates(Maps(noise), [MAX_MEAN], MAPS, 999, 0)
    assert 0 < found.any_false < TOO_MANY


@pytest.mark.parametrize("noise", ["normal", "heavy-tailed"])
def test_the_other_rules_where_effects_are_symmetric(noise):
    for found in rates(Maps(noise, cells=60), [MAX_T, BH], MAPS, 2000, 0):
        assert 0 < found.any_false < TOO_MANY


def test_t_breaks_its_promise_on_skewed_effects():
    """Which is why the mean is the default, and what the docstrings say."""
    (found,) = rates(Maps("skewed"), [MAX_T], 100, 999, 0)
    assert found.any_false > 0.1


@pytest.mark.parametrize("noise", NOISES)
def test_planted_effects_are_found(noise):
    small, large = (
        rates(Maps(noise, size, uneven=False), [MAX_MEAN, BH], 20, 10_000, 2)
        for size in (0.25, 1.25)
    )
    assert all(found.power < 0.2 for found in small)
    assert all(found.power > 0.9 for found in large)
    assert all(found.false_share < 0.15 for found in large)


def test_without_a_correction_nearly_every_map_has_a_false_detection():
    from patchwidgets.results.sign_flips import draw_flips, flip_signs

    drawn = draw_flips(32, 999)
    effects = [Maps().draw(np.random.default_rng(number))[0] for number in range(20)]
    assert all((flip_signs(effect, drawn).p <= 0.05).any() for effect in effects)
