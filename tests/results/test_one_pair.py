"""One prompt pair of a result, against numbers worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Job
from patchwidgets.nodes import Node
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, Result
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.one_pair import MOST_PAIRS

NAN = np.nan


def test_has_the_effects_of_that_pair(small):
    for pair, (effect, patched) in enumerate([(3, 1), (2, 0), (2, 0)]):
        one = small.on_pair(pair)
        assert one.effect().sizes == {"layer": 2, "head": 2, "prompt": 1}
        np.testing.assert_array_equal(one.effect()[..., 0], [[effect, 0], [NAN, NAN]])
        assert one.patched()[0, 0, 0] == patched
        np.testing.assert_array_equal(one.effect().status, small.effect().status)
    np.testing.assert_allclose(small.on_pair(1).effect("prob")[0, 0], [0.2])
    assert small.on_pair(2).groups == ("BABA",)


def test_the_mean_over_pairs_is_the_effect_of_the_result(small):
    alone = [small.on_pair(pair).effect()[..., 0] for pair in range(3)]
    np.testing.assert_array_equal(
        np.mean(alone, axis=0), small.effect().mean("prompt", skipna=False)
    )


def test_divides_by_its_own_gap(small):
    ratios = [float(small.on_pair(pair).normalized()[0, 0]) for pair in range(3)]
    assert ratios == [3 / 6, 2 / 4, 2 / 2]
    assert np.mean(ratios) == float(small.normalized(how="mean_of_ratios")[0, 0])
    assert np.mean(ratios) != float(small.normalized()[0, 0])


def test_a_pair_whose_runs_agree_is_not_divided_by_nothing(make_result, metrics, sentence):
    runs = Baseline(np.array([[4.0, 2.0, -1.97]]), np.array([[-2.0, -2.0, -2.0]]))
    result = make_result(metrics=metrics[:1], baseline=runs)
    result.record(0, np.array([[1.0, 0.0, 0.0]]))
    assert result.normalizable() is None
    with pytest.raises(
        MeasurementError,
        match=sentence(
            "The two unpatched runs have nearly the same `logit_diff` (-1.97 and -2), so a "
            "normalized effect would divide by less than the noise floor of 0.05 (logit). Read "
            "`effect()` instead, or use prompt pairs on which the two runs differ."
        ),
    ):
        result.on_pair(2).normalized()
    assert result.on_pair(2).effect()[0, 0, 0] == 2


def test_nothing_is_said_of_other_pairs(small):
    one = small.on_pair(0)
    assert np.isnan(one.stderr()).all()
    assert np.isnan(one.interval()).all()
    with pytest.raises(MeasurementError, match="prompt pair"):
        one.detect("max_t")


def test_draws_of_a_pair_stay_together(heads_plan, metrics):
    base, source = np.array([[0.0, 2.0, -2.0, 0.0]]), np.array([[4.0, 4.0, 2.0, 2.0]])
    result = Result(
        heads_plan,
        metrics=metrics[:1],
        direction="denoising",
        baseline=Baseline(clean=source, corrupted=base),
        groups=["ABBA", "BABA"],
        provenance={},
        draws=2,
    )
    result.record(0, np.array([[1.0, 5.0, 2.0, 6.0]]))
    one = result.on_pair(1)
    np.testing.assert_array_equal(one.effect()[0, 0], [5])
    np.testing.assert_array_equal(one.by_draw()[0, 0], [4, 6])
    assert float(one.normalized()[0, 0]) == 5 / 3


def test_a_pair_without_a_bucket_has_nothing_there(metrics):
    patches = (Patch((Node("mlp_out", 0, position="first"),)),)
    patches += (Patch((Node("mlp_out", 0, position="last"),)),)
    axes = (Axis("layer", (0,)), Axis("bucket", ("first", "last")))
    buckets = Buckets(("first", "last"), (((1,), (1,)), ((), (2,))))
    plan = Plan("mlp", patches, (PlanMap("mlp", axes, (0, 1)),), buckets=buckets)
    values = np.array([[[1.0, 2.0], [NAN, 3.0]]])
    result = Result(
        plan,
        metrics=metrics[:1],
        direction="denoising",
        baseline=Baseline(clean=np.full((1, 2), 4.0), corrupted=np.zeros((1, 2))),
        groups=["", ""],
        provenance={},
        values=values,
        status=np.array([[1, 1], [0, 1]]),
    )
    without, having = result.on_pair(0), result.on_pair(1)
    np.testing.assert_array_equal(without.effect()[0, :, 0], [1, NAN])
    np.testing.assert_array_equal(without.effect().status, [[1, 0]])
    np.testing.assert_array_equal(without.normalized(), [[0.25, NAN]])
    np.testing.assert_array_equal(having.effect()[0, :, 0], [2, 3])
    assert without.effect().attrs["prompts_with_bucket"] == {"first": 1, "last": 0}


def test_estimates_are_those_of_the_pair(make_result):
    result = make_result()
    values = np.arange(18.0).reshape(2, 3, 3)
    result.record_estimate(Estimate(values, "attribution", {}))
    estimate = result.on_pair(1).estimate
    np.testing.assert_array_equal(estimate.values, values[..., 1:2])
    assert estimate.method == "attribution"


def test_remembers_which_pair_it_is_and_how_it_was_made(make_result, tmp_path):
    prompts = [{"clean": [name]} for name in "abc"]
    code = "study = pw.Study(model, pairs)\nresult = study.sweep('heads')"
    result = make_result(provenance={"prompts": prompts, "code": code, "seed": 0})
    one = result.on_pair(1)
    assert one.provenance == {
        "prompts": prompts[1:2],
        "code": f"{code}.on_pair(1)",
        "seed": 0,
        "pair": {"prompt": 1, "of": 3},
    }
    assert "pair" not in result.provenance
    bare = make_result().on_pair(2)
    again = Result.load(bare.save(tmp_path / "one.json"))
    assert again.provenance["pair"] == {"prompt": 2, "of": 3}
    assert again.effect().equals(bare.effect())


def test_of_one_pair_is_the_same_result(small):
    one = small.on_pair(2)
    again = one.on_pair(0)
    assert again.effect().equals(one.effect())
    assert again.provenance["pair"] == {"prompt": 2, "of": 3}


def test_is_glimpsed_without_waiting(make_result):
    result = make_result()
    result.attach(Job(lambda job: None, total=1))
    one = result.glimpse_pair(0)
    assert np.isnan(one.effect()).all()
    result.record(0, np.array([[1.0], [0.2]]), prompts=[0])
    np.testing.assert_array_equal(result.glimpse_pair(0).effect()[0, 0], [3])
    assert np.isnan(one.effect()).all()
    assert result.snapshot().status[0] == 0


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_pair_that_is_none_is_refused(small, sentence, wrong):
    said = sentence(
        f"There is no prompt pair {wrong!r}: this result has 3 prompt pairs, 0 to 2, counted as "
        "the coordinate `prompt` of `effect()`. Write `result.on_pair(0)` for the first."
    )
    for call in (small.on_pair, small.draw_pair):
        with pytest.raises(MeasurementError, match=said):
            call(wrong)
    assert small.drawn_pairs == ()


def test_a_result_of_one_pair_says_so(small, sentence):
    with pytest.raises(
        MeasurementError,
        match=sentence(
            "There is no prompt pair 1: this result has 1 prompt pair, number 0, counted as the "
            "coordinate `prompt` of `effect()`. Write `result.on_pair(0)` for the first."
        ),
    ):
        small.on_pair(0).on_pair(1)


def test_views_hold_the_pairs_chosen_last(make_result):
    count = MOST_PAIRS + 2
    runs = Baseline(np.ones((2, count)), np.zeros((2, count)))
    result = make_result(baseline=runs, groups=[""] * count)
    for pair in range(count):
        result.draw_pair(pair)
    result.draw_pair(5)
    assert result.drawn_pairs == (2, 3, 4, *range(6, count), 5)
    result.draw_pairs(range(count))
    result.draw_pair(7)
    assert sorted(result.drawn_pairs) == list(range(count))
