"""Which nodes stand out, by every rule."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, PatchwidgetsError, UnknownNameError
from patchwidgets.results.confirmation import confirm_node
from patchwidgets.results.detection import Cells, detect_far, detect_tested
from patchwidgets.results.stability import stability_of
from patchwidgets.types import Unit


def cells_of(effects, names=None, identity=None, unit: Unit = "logit"):
    """Return cells with these effects, per prompt or the same on two prompts."""
    effect = np.asarray(effects, dtype=np.float64)
    if effect.ndim == 1:
        effect = np.tile(effect[:, None], (1, 2))
    names = [f"c{i}" for i in range(len(effect))] if names is None else names
    zero = np.zeros(len(effect), dtype=bool) if identity is None else np.array(identity)
    return Cells(tuple(names), effect, zero, unit)


def test_by_hand(line_result):
    found = line_result([10.0, *[0.0] * 9]).detect()
    assert (found.center, found.spread) == (1, 3)
    assert (found.threshold_low, found.threshold_high) == (-5, 7)
    assert found.positive == ("L0.mlp_out",)
    assert found.negative == ()
    assert (found.n_cells, found.unit) == (10, "logit")


def test_the_papers_worked_numbers():
    """STR and probability on IOI: mean 0.003, SD 0.015, bars -0.027 and +0.033; L11H10 missed."""
    around = np.sqrt((144 * 0.015**2 - 2 * 0.025**2 - 2 * 0.031**2) / 140)
    effects = 0.003 + np.array([-0.025, 0.025, -0.031, 0.031, *[around] * 70, *[-around] * 70])
    names = ["L11H10", "other", "L10H7", "L5H5", *["rest"] * 140]
    found = detect_far(cells_of(effects, names, unit="probability"))
    assert found.center == pytest.approx(0.003)
    assert found.spread == pytest.approx(0.015)
    assert found.threshold_low == pytest.approx(-0.027)
    assert found.threshold_high == pytest.approx(0.033)
    assert found.positive == ("L5H5",)
    assert found.negative == ("L10H7",)


def test_the_standard_deviation_divides_by_what_is_asked(line_result):
    """Mean 1; the squares add up to 90: their tenth is 9, their ninth 10."""
    result = line_result([10.0, *[0.0] * 9])
    found = result.detect(ddof=1)
    assert found.spread == pytest.approx(10**0.5)
    assert (found.ddof, result.detect().ddof) == (1, 0)
    assert result.detect(sd=3).positive == ("L0.mlp_out",)
    assert result.detect(sd=3, ddof=1).positive == ()
    assert str(found).splitlines()[-1].startswith("by `sd` (ddof 1) among 10 cells, at or beyond")
    assert str(result.detect()).splitlines()[-1].startswith("by `sd` among 10 cells, at or beyond")


def test_only_the_standard_deviation_has_a_ddof():
    assert detect_far(cells_of([1.0, 2.0, 4.0, 9.0]), "mad").ddof is None
    assert detect_tested(cells_of(noise_and_two()), "max_t").ddof is None


def test_stability_and_confirmation_divide_as_detection_does():
    effects = np.zeros((10, 16))
    effects[0] = 10.0
    cells = cells_of(effects)
    assert stability_of(cells, "sd", 3, 10, 0).share_positive == {"c0": 1}
    other = stability_of(cells, "sd", 3, 10, 0, ddof=1)
    assert (other.detection.ddof, other.share_positive) == (1, {})
    assert confirm_node(cells, "c0", sd=3).picked
    assert not confirm_node(cells, "c0", sd=3, ddof=1).picked


@pytest.mark.parametrize("ddof", [2, -1])
def test_a_ddof_is_nothing_or_one(small, sentence, ddof):
    whole = (
        f"`ddof` is {ddof}, but it is what is taken off the number of cells in the standard "
        "deviation: 0 or 1. Leave it out for 0."
    )
    with pytest.raises(PatchwidgetsError, match=sentence(whole)):
        small.detect(ddof=ddof)


def test_one_cell_has_no_standard_deviation_with_a_ddof_of_one(sentence):
    whole = (
        "With one measured cell and `ddof=1` there is no standard deviation. Leave `ddof` out, or "
        "measure more cells."
    )
    with pytest.raises(MeasurementError, match=sentence(whole)):
        detect_far(cells_of([1.0]), ddof=1)
    assert detect_far(cells_of([1.0])).positive == ()


def test_names_come_strongest_first():
    effects = np.array([5.0, 9.0, -7.0, -8.0, *[0.0] * 40])
    found = detect_far(cells_of(effects, list("abcd") + ["rest"] * 40))
    assert found.positive == ("b", "a")
    assert found.negative == ("d", "c")


def test_cells_not_measured_are_left_out_and_identity_counts_as_zero(small):
    found = small.detect(sd=1)
    assert found.n_cells == 2
    assert found.center == pytest.approx(7 / 6)
    assert found.positive == ("L0H0",)
    assert found.negative == ("L0H1",)


def test_nothing_stands_out_of_a_flat_map(line_result):
    found = line_result([0.0, 0.0, 0.0]).detect()
    assert found.positive == found.negative == ()


def test_nothing_measured_finds_nothing(make_result):
    found = make_result().detect()
    assert found.n_cells == 0
    assert np.isnan(found.center)
    assert found.positive == found.negative == ()


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_positive_means_towards_the_source_run(line_result, direction):
    towards = -10.0 if direction == "noising" else 10.0
    found = line_result([towards, *[0.0] * 9], direction=direction).detect()
    assert found.positive == ("L0.mlp_out",)
    assert found.center == 1


def test_a_falling_divergence_is_positive(line_result):
    found = line_result([-10.0, *[0.0] * 9], clean=0.0, corrupted=12.0).detect()
    assert found.positive == ("L0.mlp_out",)


def test_without_a_gap_an_effect_keeps_its_sign(line_result):
    found = line_result([10.0, *[0.0] * 9], clean=-0.01, corrupted=0.0).detect()
    assert found.positive == ("L0.mlp_out",)


def test_the_bar_is_the_callers(line_result):
    result = line_result([10.0, *[0.0] * 9])
    assert result.detect(sd=3.0).positive == ("L0.mlp_out",)
    assert result.detect(sd=3.1).positive == ()


def test_far_above_a_center_below_zero_comes_first():
    found = detect_far(cells_of([-1.0, -2.0, *[-10.0] * 38]))
    assert found.positive == ("c0", "c1")


def test_mad_by_hand():
    """Median 0, absolute deviations 0 1 1 2 2 3 40: MAD 2. One large effect hides nothing."""
    effects = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 40.0]
    found = detect_far(cells_of(effects), "mad", sd=1)
    assert (found.center, found.spread) == (0, pytest.approx(2 * 1.4826, rel=1e-5))
    assert found.positive == ("c6",)
    assert found.negative == ("c0",)
    assert detect_far(cells_of(effects), "sd", sd=1).negative == ()


def test_mad_leaves_out_what_is_zero_by_identity():
    effects = [*[0.0] * 6, 1.0, -1.0, 1.5, -1.5, 9.0]
    found = detect_far(cells_of(effects, identity=[True] * 6 + [False] * 5), "mad")
    assert found.n_cells == 5
    assert found.center == 1.0
    assert found.positive == ("c10",)


def test_mad_without_a_spread_is_refused(sentence):
    whole = (
        "More than half of the measured cells have the same effect, so that their median absolute "
        "deviation is 0 and every other cell would be infinitely far. Use `rule='sd'`, or "
        "`rule='max_t'`, which compares no cell with the others."
    )
    with pytest.raises(MeasurementError, match=sentence(whole)):
        detect_far(cells_of([0.0, 0.0, 0.0, 1.0]), "mad")
    assert detect_far(cells_of([1.0, 1.0, 1.0]), "mad").positive == ()


@pytest.mark.parametrize("sd", [0, -1.0, float("nan")])
def test_a_bar_must_be_above_zero(small, sentence, sd):
    whole = (
        f"`sd` is {sd!r}, but it is how many spreads from the center is far, and must be above 0. "
        "Leave it out for the paper's 2."
    )
    with pytest.raises(PatchwidgetsError, match=sentence(whole)):
        small.detect(sd=sd)


def noise_and_two(n=32, cells=40):
    """Return null cells, and two with effects: one large, one large and negative."""
    effect = np.random.default_rng(1).normal(size=(cells, n))
    effect[3] += 1.5
    effect[7] -= 2
    return effect


def test_max_t_finds_both_signs_and_draws_its_bar_in_the_metrics_unit():
    effect = noise_and_two()
    found = detect_tested(cells_of(effect), "max_t")
    assert found.positive == ("c3",)
    assert found.negative == ("c7",)
    assert found.threshold_low == -found.threshold_high
    means = np.abs(effect.mean(axis=1))
    np.testing.assert_array_equal(np.flatnonzero(means > found.threshold_high), [3, 7])
    assert (found.rule, found.n_cells, found.center) == ("max_t", 40, 0)
    tested = found.tested
    assert tested is not None
    assert (tested.n_prompts, tested.n_flips, tested.exact) == (32, 10_000, False)
    assert tested.p_values["c7"] == tested.smallest_p == pytest.approx(1 / 10_001)
    assert tested.p_values["c3"] < 0.01
    assert all(tested.p_values[name] >= tested.uncorrected[name] for name in tested.p_values)


def test_the_bar_of_max_t_divides_detected_from_not():
    effect = noise_and_two()
    effect[20] += 20
    for cells in (effect, effect[[20]], effect[[3, 7, 20]], effect[:3]):
        found = detect_tested(cells_of(cells), "max_t")
        above = np.abs(cells.mean(axis=1)) > found.threshold_high
        assert above.sum() == len(found.positive) + len(found.negative)


@pytest.mark.parametrize(("rule", "statistic"), [("max_t", "t"), ("bh", "mean")])
def test_rules_without_one_bar_for_all_have_none(rule, statistic):
    found = detect_tested(cells_of(noise_and_two()), rule, statistic=statistic)
    assert found.positive == ("c3",)
    assert found.negative == ("c7",)
    assert np.isnan([found.threshold_low, found.threshold_high, found.spread]).all()


def test_max_t_of_t_finds_a_small_effect_that_never_changes():
    effect = noise_and_two()
    effect[5] = 0.01
    assert "c5" not in detect_tested(cells_of(effect), "max_t").positive
    assert "c5" in detect_tested(cells_of(effect), "max_t", statistic="t").positive


@pytest.mark.parametrize("rule", ["max_t", "bh"])
def test_zero_by_identity_is_never_detected_and_not_counted(rule):
    effect = np.concatenate([noise_and_two(), np.zeros((60, 32))])
    identity = [False] * 40 + [True] * 60
    found = detect_tested(cells_of(effect, identity=identity), rule)
    alone = detect_tested(cells_of(effect[:40]), rule)
    assert (found.positive, found.negative, found.tested) == (("c3",), ("c7",), alone.tested)
    assert found.tested is not None
    assert found.tested.n_tested == found.n_cells == 40


@pytest.mark.parametrize("rule", ["max_t", "bh"])
def test_a_map_of_nothing_but_zeros_detects_nothing(rule):
    found = detect_tested(cells_of(np.zeros((3, 8))), rule)
    assert found.tested is not None
    assert set(found.tested.p_values.values()) == {1.0}
    assert found.positive == found.negative == ()
    none = detect_tested(cells_of(np.zeros((3, 8)), identity=[True] * 3), rule)
    assert none.n_cells == 0
    assert none.tested is not None
    assert none.tested.p_values == {}


def test_bh_says_when_its_smallest_p_is_out_of_reach():
    few = detect_tested(cells_of(noise_and_two()), "bh", flips=100)
    assert few.tested is not None
    assert few.tested.note == (
        "The smallest p that can come out is 0.0099. Of 40 cells at least 8 must reach it before "
        "`bh` detects any. `flips=800` gives a smaller one."
    )
    assert few.positive == ()
    exact = detect_tested(cells_of(noise_and_two(n=8)), "bh")
    assert exact.tested is not None
    assert exact.tested.note == (
        "The smallest p that can come out is 0.00781. Of 40 cells at least 7 must reach it before "
        "`bh` detects any. More prompt pairs give a smaller one."
    )
    many = detect_tested(cells_of(noise_and_two()), "bh")
    assert many.tested is not None
    assert many.tested.note == ""


@pytest.fixture
def measured(make_result, metrics):
    """Return a result with 8 prompts: L0H0 restores by 2, L0H1 is zero by identity."""
    from patchwidgets.results import Baseline

    runs = Baseline(np.full((1, 8), 4.0), np.zeros((1, 8)))
    result = make_result(metrics=metrics[:1], baseline=runs, groups=["ABBA", "BABA"] * 4)
    result.record(0, np.full((1, 8), 2.0) + np.linspace(-0.5, 0.5, 8))
    result.record(1, np.zeros((1, 8)), identity=True)
    return result


@pytest.mark.parametrize("rule", ["max_t", "bh"])
def test_p_values_lie_on_the_map(measured, rule):
    """Of 128 sign patterns only the measured one does as much: p = 1/128."""
    p = measured.p_values(rule)
    assert p.dims == ("layer", "head")
    np.testing.assert_array_equal(p, [[1 / 128, 1], [np.nan, np.nan]])
    assert p.attrs == {
        "metric": "logit_diff",
        "unit": "1",
        "direction": "denoising",
        "rule": rule,
        "statistic": "mean",
        "smallest_p": 1 / 128,
        "n_tested": 1,
        "n_flips": 128,
        "exact": True,
        "seed": 0,
    }
    assert measured.detect(rule).positive == ("L0H0",)


def test_what_falls_towards_the_source_is_positive_for_tests_too(make_result, metrics):
    from patchwidgets.results import Baseline

    runs = Baseline(np.zeros((1, 8)), np.full((1, 8), 4.0))
    result = make_result(metrics=metrics[:1], baseline=runs, groups=[""] * 8)
    result.record(0, np.full((1, 8), 1.0))
    assert result.detect("max_t").positive == ("L0H0",)


@pytest.mark.parametrize(
    ("options", "error", "whole"),
    [
        (
            {"rule": "max-t"},
            UnknownNameError,
            "There is no rule called 'max-t'. Did you mean `max_t`? Known: `sd`, `mad`, `max_t`, "
            "`bh`.",
        ),
        (
            {"rule": "max_t", "statistic": "median"},
            UnknownNameError,
            "There is no statistic called 'median'. Did you mean `mean`? Known: `mean`, `t`.",
        ),
        (
            {"rule": "bh", "alpha": 5.0},
            PatchwidgetsError,
            "`alpha` is 5.0, but it is the largest p that counts as detected and lies between 0 "
            "and 1. Write 5 % as `alpha=0.05`.",
        ),
        (
            {"rule": "bh", "flips": 0},
            PatchwidgetsError,
            "`flips` is 0, but p is counted over flips of the prompts' signs and needs at least "
            "one. Leave it out for 10,000.",
        ),
        (
            {"rule": "max_t", "alpha": 0.001},
            MeasurementError,
            "With 8 prompt pairs the smallest p of a sign-flip test is 0.00781, above `alpha` = "
            "0.001, so that no effect could be detected however large. Use at least 11 prompt "
            "pairs, or `rule='sd'`, which tests nothing.",
        ),
        (
            {"rule": "max_t", "flips": 18},
            MeasurementError,
            "With 18 flips the smallest p that can come out is 0.0526, above `alpha` = 0.05, so "
            "that no effect could be detected however large. Leave `flips` out for 10,000.",
        ),
    ],
)
def test_what_cannot_be_detected_is_refused(measured, sentence, options, error, whole):
    with pytest.raises(error, match=sentence(whole)):
        measured.detect(**options)


def test_p_values_belong_to_rules_that_test(measured, sentence):
    with pytest.raises(
        UnknownNameError, match=sentence("There is no rule called 'sd'. Known: `max_t`, `bh`.")
    ):
        measured.p_values("sd")
