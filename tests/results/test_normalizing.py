"""The named normalizations: 0 and 1 mean the same under each of them."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError
from patchwidgets.results import Baseline
from patchwidgets.results.normalizing import HOWS, normalize, why_not

GROUPS = ["ABBA"] * 6 + ["BABA"] * 4
RANDOM = np.random.default_rng(0)
GAP = RANDOM.uniform(0.5, 4, size=10) * np.array([1, 1, 1, -1, 1, 1, 1, 1, 1, 1])


@pytest.fixture(params=HOWS)
def how(request):
    return request.param


def test_restored_is_one_and_nothing_is_zero(how):
    """Also where the gaps differ in size and in sign."""
    effect = np.stack([GAP, 0 * GAP, -GAP, GAP / 2])
    np.testing.assert_allclose(normalize(how, effect, GAP, GROUPS), [1, 0, -1, 0.5], atol=1e-15)


def test_units_and_the_order_of_prompts_do_not_matter(how):
    effect, order = RANDOM.normal(size=(3, 10)), RANDOM.permutation(10)
    once = normalize(how, effect, GAP, GROUPS)
    np.testing.assert_allclose(normalize(how, 7 * effect, 7 * GAP, GROUPS), once)
    shuffled = normalize(how, effect[:, order], GAP[order], [GROUPS[i] for i in order])
    np.testing.assert_allclose(shuffled, once)


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("ratio_of_means", 7 / 12),
        ("mean_of_ratios", (3 / 6 + 2 / 4 + 2 / 2) / 3),
        ("median_of_ratios", 0.5),
        ("least_squares", (3 * 6 + 2 * 4 + 2 * 2) / (36 + 16 + 4)),
        ("mean_of_groups", (5 / 10 + 2 / 2) / 2),
    ],
)
def test_by_hand(small, how, wanted):
    """Effects 3, 2, 2 under gaps 6, 4, 2; the last prompt is a group of its own."""
    ratio = small.normalized(how=how)
    assert float(ratio[0, 0]) == pytest.approx(wanted)
    assert float(ratio[0, 1]) == 0
    assert np.isnan(ratio[1]).all()
    assert ratio.attrs["how"] == how


def test_a_cell_that_lacks_prompts_has_no_number(make_result, how):
    result = make_result()
    result.record(0, np.array([[1.0, 0.0], [0.2, 0.1]]), prompts=[0, 2])
    assert np.isnan(result.normalized(how=how)).all()


def test_ratios_count_the_prompts_they_leave_out(make_result, metrics):
    runs = Baseline(np.array([[4.0, 2.0, -2.0]]), np.array([[-2.0, -2.0, -2.0]]))
    result = make_result(metrics=metrics[:1], baseline=runs)
    result.record(0, np.array([[1.0, 1.0, 0.0]]))
    ratio = result.normalized(how="median_of_ratios")
    assert float(ratio[0, 0]) == pytest.approx((3 / 6 + 3 / 4) / 2)
    assert ratio.attrs["prompts_left_out"] == 1
    assert ratio.attrs["smallest_gap"] == 4


SAME = (
    "On every prompt pair the clean and the corrupted run have the same `logit_diff`, so that "
    "there is no ratio to take a mean of."
)
NEAR = (
    "The two unpatched runs have nearly the same mean `logit_diff` (1 and 1), so a normalized "
    "effect would divide by less than the noise floor of 0.05 (logit)."
)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("ratio_of_means", NEAR),
        ("mean_of_ratios", SAME),
        ("median_of_ratios", SAME),
        (
            "least_squares",
            "The two unpatched runs differ in `logit_diff` by 0 only (root mean square over the "
            "prompt pairs), so a normalized effect would divide by less than the noise floor of "
            "0.05 (logit).",
        ),
        ("mean_of_groups", f"In the group '': {NEAR}"),
    ],
)
def test_nothing_to_divide_by(line_result, sentence, how, why):
    result = line_result([0.5], clean=1.0, corrupted=1.0)
    rest = "Read `effect()` instead, or use prompt pairs on which the two runs differ."
    with pytest.raises(MeasurementError, match=sentence(f"{why} {rest}")):
        result.normalized(how=how)


def test_gaps_of_both_signs_have_no_ratio_of_means_but_a_slope(metrics):
    base, source = np.zeros(2), np.array([1.0, -1.0])
    assert why_not("ratio_of_means", metrics[0], base, source, ["", ""]) is not None
    assert why_not("least_squares", metrics[0], base, source, ["", ""]) is None


def test_every_group_must_be_normalizable(metrics):
    base, source = np.zeros(2), np.array([1.0, 0.0])
    assert why_not("ratio_of_means", metrics[0], base, source, ["a", "b"]) is None
    why = why_not("mean_of_groups", metrics[0], base, source, ["a", "b"])
    assert why is not None
    assert why.startswith("In the group 'b': The two unpatched runs have nearly the same `logit")


def test_every_unit_has_a_floor_and_words():
    from typing import get_args

    from patchwidgets.results.measured import NOISE_FLOOR
    from patchwidgets.types import Unit
    from patchwidgets.views._words import UNITS

    # Numbers of no metric, in an array of somebody's own, are never normalized.
    assert set(get_args(Unit)) == set(NOISE_FLOOR) == set(UNITS) - {"none"}
