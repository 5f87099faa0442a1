"""Claims on layers: fed curves like the paper's they hold, fed others they do not."""

import numpy as np
import pytest

from patchwidgets.paper import CLAIMS
from patchwidgets.paper._check import NothingToMeasure
from patchwidgets.paper._layers import early, last, middle, peak, ratio, summed
from tests.paper.made import PAIRS, Made, sheet, values, verdicts

LAYERS = 48


def bump(height, at=16):
    """Return a curve over 48 layers with one peak, and more in the first layer."""
    curve = np.zeros(LAYERS)
    curve[[0, at]] = 10 * height, height
    return curve


def test_parts_of_the_depth():
    assert (middle(48), early(48), last(48)) == (slice(6, 36), slice(0, 6), slice(44, 48))
    assert (middle(12), early(12), last(12)) == (slice(2, 9), slice(0, 1), slice(11, 12))
    assert (middle(48, 3), middle(48, 10)) == (slice(7, 36), slice(11, 36))
    assert peak(bump(0.3)) == pytest.approx(0.3)


def test_sums_are_over_the_layers_of_a_window():
    assert summed(np.arange(6.0), 3).tolist() == [1, 3, 6, 9, 12, 9]
    assert summed(np.arange(6.0), 4).tolist() == [1, 3, 6, 10, 14, 12]


def test_a_ratio_to_nothing_is_none():
    assert ratio(3.0, 2.0) == 1.5
    assert np.isnan(ratio(3.0, 0.0))
    assert np.isnan(ratio(3.0, -1.0))


@pytest.mark.parametrize(("times", "verdict"), [(3, "holds"), (1.5, "does not hold")])
def test_noise_peak(times, verdict):
    made = Made(lambda need, metric, map: sheet(bump(0.02 * (times if need.noise else 1))))
    finding = CLAIMS.get("noise_peak").measure(made)
    assert values(finding) == pytest.approx([times] * 8)
    assert finding.verdict == verdict
    assert finding.tables[0].rows[0][2:] == ("0.02 at layer 16", f"{0.02 * times:.3g} at layer 16")


def test_logit_differences_are_compared_as_shares_of_their_gaps():
    def read(need, metric, map):
        gap = 2.0 if need.noise else 8.0
        return sheet(bump(0.1), clean=gap, corrupted=0.0)

    found = values(CLAIMS.get("noise_peak").measure(Made(read)))
    assert found == pytest.approx([1] * 4 + [4] * 4)


@pytest.mark.parametrize(("times", "verdict"), [(1.5, "holds"), (1.1, "does not hold")])
def test_windows_beat_sums(times, verdict):
    def read(need, metric, map):
        return sheet(bump(0.1 * times) if map == "window" else bump(0.1))

    finding = CLAIMS.get("windows_beat_sums").measure(Made(read))
    assert values(finding) == pytest.approx([times] * 3)
    assert finding.verdict == verdict


@pytest.mark.parametrize(("window", "verdict"), [(0.2, "holds"), (0.9, "does not hold")])
def test_early_sums_beat_windows(window, verdict):
    alone = np.full(LAYERS, 0.1)

    def read(need, metric, map):
        return sheet(np.full(LAYERS, window) if map == "window" else alone)

    finding = CLAIMS.get("early_sums_beat_windows").measure(Made(read))
    sums = (0.3 + 0.4 + 4 * 0.5) / 6
    assert values(finding) == pytest.approx([sums - window])
    assert finding.verdict == verdict


@pytest.mark.parametrize(("effect", "verdict"), [(-0.1, "holds"), (0.1, "does not hold")])
def test_late_layers_hurt(effect, verdict):
    curve = np.full(LAYERS, 0.5)
    curve[44:] = effect
    finding = CLAIMS.get("late_layers_hurt").measure(Made(lambda *asked: sheet(curve)))
    assert values(finding) == pytest.approx([effect] * 4)
    assert finding.verdict == verdict


def tokens(over, under, pairs=PAIRS):
    """Return a sheet of layers at the last and the middle subject tokens."""
    at = {"subject_last": over, "subject_middle": under}
    return sheet(
        {f"L{k}.mlp_out@{place}": one / 10 for k in range(10) for place, one in at.items()},
        pairs=pairs,
    )


RATIOS = {
    "as in the paper": ({("prob", False): 4.33, ("prob", True): 1.74}, ["holds", "holds"]),
    "logit difference alike": ({}, ["does not hold", "does not hold"]),
}


@pytest.mark.parametrize("what", RATIOS)
def test_probability_favours_the_last_token(what):
    ratios, expected = RATIOS[what]
    default = {False: 1.22, True: 0.77}

    def read(need, metric, map):
        return tokens(ratios.get((metric, need.noise), default[need.noise]), 1.0)

    finding = CLAIMS.get("probability_favours_the_last_token").measure(Made(read))
    assert verdicts(finding) == expected


def test_facts_without_middle_tokens_do_not_count():
    made = tokens(3.0, 1.0)
    made.effect[:, :10] = np.nan
    finding = CLAIMS.get("probability_favours_the_last_token").measure(Made(lambda *asked: made))
    assert {check.number.pairs for check in finding.checks} == {PAIRS - 10}
    made.effect[:] = np.nan
    with pytest.raises(NothingToMeasure, match=r"^no prompt pair has a number in every cell$"):
        made.complete()


SIGNS = ("+", "-", "*")


@pytest.mark.parametrize(("times", "verdict"), [(2, "holds"), (0.5, "does not hold")])
def test_replacement_is_sharper_on_sums(times, verdict):
    groups = tuple(SIGNS[k % 3] for k in range(3 * PAIRS))

    def read(need, metric, map):
        height = 0.1 * (1 if need.noise else times)
        return sheet(bump(height), pairs=3 * PAIRS, groups=groups)

    finding = CLAIMS.get("arithmetic_replacement_sharper").measure(Made(read))
    assert values(finding) == pytest.approx([times] * 4)
    assert {check.number.pairs for check in finding.checks} == {PAIRS}
    assert finding.verdict == verdict


def test_an_operation_that_is_not_known_is_no_answer():
    made = Made(lambda *asked: sheet(bump(0.1), groups=("+",) * PAIRS))
    sentence = "^no pair of the group `-` is known to the model$"
    with pytest.raises(NothingToMeasure, match=sentence):
        CLAIMS.get("arithmetic_replacement_sharper").measure(made)


@pytest.mark.parametrize(("times", "verdict"), [(5000, "holds"), (3, "does not hold")])
def test_stolfo_explodes(times, verdict):
    made = Made(lambda need, metric, map: sheet(bump(1.0 if need.noise else times)))
    finding = CLAIMS.get("stolfo_explodes").measure(made)
    assert values(finding) == pytest.approx([times])
    assert finding.verdict == verdict
