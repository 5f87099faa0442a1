"""Every number a result gives, against numbers worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, PatchwidgetsError, UnknownNameError
from patchwidgets.plans.plan import Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo

NAN = np.nan


def test_patched_is_the_metric_itself(small):
    patched = small.patched()
    assert patched.dims == ("layer", "head", "prompt")
    np.testing.assert_array_equal(patched[0, 0], [1, 0, 0])
    np.testing.assert_array_equal(patched[0, 1], [-2, -2, -2])
    assert np.isnan(patched[1]).all()
    assert patched.attrs == {"metric": "logit_diff", "unit": "logit", "direction": "denoising"}
    assert list(patched.group.values) == ["ABBA", "ABBA", "BABA"]


def test_effect_is_patched_minus_base_per_prompt(small):
    np.testing.assert_array_equal(small.effect()[0, 0], [3, 2, 2])
    np.testing.assert_array_equal(small.effect()[0, 1], [0, 0, 0])
    np.testing.assert_allclose(small.effect("prob")[0, 0], [0.1, 0.2, 0])
    assert small.effect("prob").attrs["unit"] == "probability"
    assert small.effect().attrs["zero"] == "nothing happened: as in the corrupted run"


def test_normalized_is_a_ratio_of_means(small):
    ratio = small.normalized()
    assert ratio.dims == ("layer", "head")
    np.testing.assert_allclose(ratio, [[(7 / 3) / 4, 0], [NAN, NAN]])
    np.testing.assert_allclose(small.normalized("prob"), [[0.1 / 0.4, 0], [NAN, NAN]])
    assert ratio.attrs == {
        "metric": "logit_diff",
        "unit": "1",
        "direction": "denoising",
        "zero": "nothing happened: as in the corrupted run",
        "one": "fully restored: as in the clean run",
        "how": "ratio_of_means",
    }


def test_mean_of_ratios_differs_and_says_so(small):
    ratio = small.normalized(how="mean_of_ratios")
    assert ratio[0, 0] == pytest.approx((3 / 6 + 2 / 4 + 2 / 2) / 3)
    assert ratio.attrs["how"] == "mean_of_ratios"
    assert ratio.attrs["prompts_left_out"] == 0
    assert ratio.attrs["smallest_gap"] == 2


def test_mean_of_ratios_leaves_out_and_counts_prompts_that_agree(make_result, metrics):
    runs = Baseline(np.array([[4.0, 2.0, -2.0]]), np.array([[-2.0, -2.0, -2.0]]))
    result = make_result(metrics=metrics[:1], baseline=runs)
    result.record(0, np.array([[1.0, 0.0, 0.0]]))
    ratio = result.normalized(how="mean_of_ratios")
    assert ratio[0, 0] == pytest.approx((3 / 6 + 2 / 4) / 2)
    assert ratio.attrs["prompts_left_out"] == 1
    assert result.normalized()[0, 0] == pytest.approx((7 / 3) / (10 / 3))


def test_noising_swaps_the_roles_of_the_runs(make_result):
    result = make_result(direction="noising")
    result.record(0, np.array([[-2.0, -2.0, -2.0], [0.6, 0.5, 0.4]]))
    assert result.normalized()[0, 0] == 1
    assert result.normalized("prob")[0, 0] == 0
    assert result.normalized().attrs["one"] == "fully destroyed: as in the corrupted run"


def test_a_cell_lacking_prompts_keeps_them_apart_but_has_no_mean(make_result):
    result = make_result()
    result.record(0, np.array([[1.0, 0.0], [0.2, 0.1]]), prompts=[0, 2])
    np.testing.assert_array_equal(result.effect()[0, 0], [3, NAN, 2])
    for mean in (result.normalized(), result.stderr(), result.normalized(how="mean_of_ratios")):
        assert np.isnan(mean).all()
    assert int(result.effect().status[0, 0]) == 0
    result.record(0, np.array([[0.0], [0.3]]), prompts=np.array([1]))
    assert result.normalized()[0, 0] == pytest.approx(7 / 12)
    assert int(result.effect().status[0, 0]) == 1


def test_status_and_names_come_with_every_array(small):
    array = small.normalized()
    np.testing.assert_array_equal(array.status, [[1, 2], [0, 3]])
    np.testing.assert_array_equal(array.node, [["L0H0", "L0H1"], ["L1H0", ""]])
    assert array.sel(layer=0, head=1) == 0


def test_standard_error_of_the_mean_effect(small):
    np.testing.assert_allclose(small.stderr(), [[1 / 3, 0], [NAN, NAN]])


def test_one_prompt_has_no_error_and_says_why(heads_plan, metrics, make_result):
    runs = Baseline(np.array([[1.0]]), np.array([[0.0]]))
    result = make_result(metrics=metrics[:1], baseline=runs, groups=[""])
    result.record(0, np.array([[0.5]]))
    assert np.isnan(result.stderr()).all()
    assert np.isnan(result.interval()).all()
    why = "With one prompt pair there is no spread over prompts to estimate an error from."
    assert result.stderr().attrs["note"] == result.interval().attrs["note"] == why


def test_interval_brackets_the_number(small):
    interval = small.interval()
    assert interval.dims == ("layer", "head", "bound")
    low, high = interval.sel(layer=0, head=0).values
    assert 0.5 <= low < small.normalized()[0, 0] < high <= 1
    np.testing.assert_array_equal(interval[0, 1], [0, 0])
    assert np.isnan(interval[1]).all()
    assert interval.attrs["seed"] == 0
    assert interval.attrs["n_resamples"] == 2000
    assert interval.attrs["confidence"] == 0.95
    assert interval.attrs["how"] == "ratio_of_means"


def test_interval_of_the_effect_is_in_the_metrics_unit(small):
    interval = small.interval(of="effect")
    assert interval.attrs["unit"] == "logit"
    assert interval.sel(layer=0, head=0).values == pytest.approx([2, 3])


def test_by_group(small):
    grouped = small.by_group()
    assert grouped.dims == ("group", "layer", "head")
    assert grouped.sel(group="ABBA")[0, 0] == pytest.approx(2.5 / 5)
    assert grouped.sel(group="BABA")[0, 0] == 1
    assert grouped.attrs["n"] == {"ABBA": 2, "BABA": 1}
    assert grouped.attrs["not_normalizable"] == {}


def test_effects_and_their_errors_by_group(small):
    effect, stderr = small.by_group(of="effect"), small.by_group(of="stderr")
    assert (effect.attrs["unit"], stderr.attrs["unit"]) == ("logit", "logit")
    assert [float(one[0, 0]) for one in effect] == [2.5, 2]
    assert float(stderr.sel(group="ABBA")[0, 0]) == 0.5
    assert np.isnan(stderr.sel(group="BABA")[0, 0])
    assert np.isnan(effect[:, 1]).all()


def test_a_group_whose_runs_coincide_is_nan_with_the_reason(make_result, metrics):
    runs = Baseline(np.array([[4.0, 2.0, -2.0]]), np.array([[-2.0, -2.0, -2.0]]))
    result = make_result(metrics=metrics[:1], baseline=runs)
    result.record(0, np.array([[1.0, 0.0, 0.0]]))
    grouped = result.by_group()
    assert grouped.sel(group="ABBA")[0, 0] == pytest.approx(0.5)
    assert np.isnan(grouped.sel(group="BABA")).all()
    assert list(grouped.attrs["not_normalizable"]) == ["BABA"]


def test_nearly_equal_runs_are_not_normalized(line_result, sentence):
    result = line_result([0.01, 0.02], clean=2.83, corrupted=2.8, direction="denoising")
    why = (
        "The two unpatched runs have nearly the same mean `logit_diff` (2.83 and 2.8), so a "
        "normalized effect would divide by less than the noise floor of 0.05 (logit)."
    )
    whole = f"{why} Read `effect()` instead, or use prompt pairs on which the two runs differ."
    assert result.normalizable() == why
    for reading in (result.normalized, result.interval, result.by_group):
        with pytest.raises(MeasurementError, match=sentence(whole)):
            reading()
    np.testing.assert_allclose(result.effect()[:, 0], [0.01, 0.02])
    assert result.interval(of="effect").shape == (2, 2)
    assert np.isnan(result.table()["logit_diff_normalized"]).all()


def test_the_floor_depends_on_the_unit(line_result):
    assert line_result([0.0], clean=0.01, unit_of=1).normalizable() is None
    assert line_result([0.0], clean=0.0005, unit_of=1).normalizable() is not None
    assert line_result([0.0], clean=0.06, unit_of=0).normalizable() is None


def test_no_ratio_at_all(line_result, sentence):
    result = line_result([0.5], clean=1.0, corrupted=1.0)
    whole = (
        "On every prompt pair the clean and the corrupted run have the same `logit_diff`, so that "
        "there is no ratio to take a mean of. Read `effect()` instead, or use prompt pairs on "
        "which the two runs differ."
    )
    with pytest.raises(MeasurementError, match=sentence(whole)):
        result.normalized(how="mean_of_ratios")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda result: result.effect("logitdiff"),
            "There is no metric called 'logitdiff'. Did you mean `logit_diff`? Known: "
            "`logit_diff`, `prob`.",
        ),
        (
            lambda result: result.detect(map="head"),
            "There is no map called 'head'. Did you mean `heads`? Known: `heads`.",
        ),
        (
            lambda result: result.normalized(how="ratio_of_mean"),
            "There is no normalization called 'ratio_of_mean'. Did you mean `ratio_of_means`? "
            "Known: `ratio_of_means`, `mean_of_ratios`, `median_of_ratios`, `least_squares`, "
            "`mean_of_groups`.",
        ),
        (
            lambda result: result.interval(of="normalised"),
            "There is no number to take an interval of called 'normalised'. Did you mean "
            "`normalized`? Known: `normalized`, `effect`.",
        ),
        (
            lambda result: result.by_group(of="error"),
            "There is no number to take within groups called 'error'. Did you mean `stderr`? "
            "Known: `normalized`, `effect`, `stderr`.",
        ),
    ],
)
def test_unknown_names_suggest_the_nearest(small, sentence, call, message):
    with pytest.raises(UnknownNameError, match=sentence(message)):
        call(small)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"confidence": 95.0},
            "`confidence` is 95.0, but it is the share of resamples inside the interval and lies "
            "between 0 and 1. Write 95 % as `confidence=0.95`.",
        ),
        (
            {"n_resamples": 0},
            "`n_resamples` is 0, but an interval is read off resamples of the prompts and needs at "
            "least one. Leave it out for 2,000.",
        ),
    ],
)
def test_intervals_that_mean_nothing_are_refused(small, sentence, options, message):
    with pytest.raises(PatchwidgetsError, match=sentence(message)):
        small.interval(**options)


def test_a_map_without_axes_is_one_number(make_result, heads_plan):
    both = Plan("path", heads_plan.patches, (*heads_plan.maps, PlanMap("one", (), (0,))))
    result = make_result(plan=both)
    result.record(0, np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.1]]))
    one = result.normalized(map="one")
    assert one.dims == ()
    assert float(one) == pytest.approx(7 / 12)
    assert str(one.node.values) == "L0H0"
    assert result.effect(map="one").dims == ("prompt",)
    assert result.interval(map="one").dims == ("bound",)
    assert result.by_group(map="one").dims == ("group",)


def test_kl_is_normalized_like_the_others(make_result):
    runs = Baseline(np.zeros((1, 3)), np.array([[2.0, 2.0, 2.0]]))
    kl = MetricInfo("kl_div", "KL divergence", "nat")
    result = make_result(metrics=[kl], baseline=runs)
    result.record(0, np.array([[1.0, 1.0, 1.0]]))
    assert result.normalized()[0, 0] == 0.5
    assert result.effect()[0, 0, 0] == -1


def test_a_map_that_nothing_reaches_is_empty_everywhere(make_result, heads_plan):
    nowhere = PlanMap("nowhere", heads_plan.maps[0].axes, (None,) * 4)
    result = make_result(plan=Plan("path", heads_plan.patches, (nowhere, *heads_plan.maps)))
    for reading in (result.normalized, result.effect, result.stderr, result.interval):
        assert np.isnan(reading()).all()
    assert (result.normalized().status == 3).all()
    assert result.by_group().isnull().all()
    assert result.detect().n_cells == 0
    assert len(result.table(map="nowhere")) == 0
