"""What a result that was estimated first looks like: apart from what was measured, everywhere."""

from dataclasses import replace

import numpy as np
import pytest

from patchwidgets.jobs import Job
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Plan
from patchwidgets.results import Baseline
from patchwidgets.results.estimate import Estimate
from patchwidgets.views._explorer import explorer
from patchwidgets.views._picture import heatmap
from patchwidgets.views._text import summary
from patchwidgets.views._wire import ArrayBlock, read_array

NAN = np.nan


@pytest.fixture
def estimate():
    """Of `heads_plan`: mean logit differences 2, 0, -1; no estimate of the probability."""
    values = np.full((2, 3, 3), NAN)
    values[0] = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]]
    return Estimate(values, "attribution", {"softmax_fix": True, "graddrop": False})


@pytest.fixture
def screened(make_result, baseline, estimate):
    """L0H0 measured: mean effect 7/3; L0H1 zero by identity; L1H0 estimated only."""
    result = make_result(estimate=estimate)
    result.record(0, np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.1]]))
    result.record(1, baseline.corrupted, identity=True)
    return result


def draw(result):
    """Return the header, its estimates, and the estimated numbers."""
    block = ArrayBlock()
    view = heatmap(result, key="k", title="Which?", caption="Redo.", block=block)
    assert view.estimate is not None
    return view, view.estimate, read_array(view.estimate.value, block.to_bytes())


def test_estimates_are_drawn_on_the_scale_of_what_was_measured(screened):
    _, estimate, value = draw(screened)
    np.testing.assert_allclose(value[0], [[2 / 4, 0], [-1 / 4, NAN]])
    assert np.isnan(value[1]).all()
    assert (estimate.method, estimate.signed) == ("attribution patching", True)


def test_no_array_of_measurements_has_an_estimate_in_it(screened):
    block = ArrayBlock()
    view = heatmap(screened, key="k", title="", caption="", block=block)
    raw = block.to_bytes()
    for array in (view.value, view.effect, view.patched, view.low, view.high):
        assert array is not None
        assert np.isnan(read_array(array, raw)[:, 1]).all()
    np.testing.assert_array_equal(read_array(view.status, raw), [[1, 2], [0, 3]])


def test_the_line_under_the_map_says_what_agreement_says(screened):
    found = screened.agreement()
    assert (found.measured, found.worst_node) == (1, "L0H0")
    assert draw(screened)[1].agreement == [
        "1 of 3 cells measured, 1 zero by identity, the rest estimated; worst miss L0H0 "
        "(estimated +2.00, measured +2.33 logits)",
        "1 of 3 cells measured, 1 zero by identity, the rest neither measured nor estimated",
    ]


def test_the_rank_correlation_is_that_of_agreement(make_result, heads_plan, estimate, baseline):
    nodes = [Node("z", layer, head) for layer in (0, 1) for head in (0, 1)]
    plan = Plan("heads", tuple(Patch((node,)) for node in nodes), heads_plan.maps)
    four = np.full((2, 4, 3), NAN)
    four[0] = np.array([0.4, -0.3, 0.2, 0.1])[:, None]
    result = make_result(plan=plan, estimate=Estimate(four, "attribution", {}))
    for patch, effect in enumerate([0.5, 0.0, 0.6]):
        result.record(patch, baseline.corrupted + effect)
    assert result.agreement().rank_correlation == pytest.approx(0.5)
    assert draw(result)[1].agreement[0] == (
        "3 of 4 cells measured, the rest estimated; rank correlation with exact 0.50 over the "
        "measured ones; worst miss L1H0 (estimated +0.20, measured +0.60 logits)"
    )
    four[0, 1] = NAN
    result.record_estimate(Estimate(four, "attribution", {}))
    assert draw(result)[1].agreement[0].startswith("3 of 4 cells measured, the rest estimated; w")


def test_a_map_of_which_nothing_is_measured_is_estimated_all_the_same(make_result, estimate):
    result = make_result(estimate=estimate)
    _, drawn, value = draw(result)
    np.testing.assert_allclose(value[0], [[0.5, 0], [-0.25, NAN]])
    assert drawn.agreement[0] == "0 of 3 cells measured, the rest estimated"


def test_a_map_that_is_measured_in_part_without_estimates_counts_both(make_result, estimate):
    values = estimate.values.copy()
    values[:, 2] = NAN
    result = make_result(estimate=Estimate(values, "attribution", {}))
    result.record(1, result.baseline.corrupted + 1.0)
    assert draw(result)[1].agreement[0] == (
        "1 of 3 cells measured, 1 estimated, 1 neither; worst miss L0H1 (estimated 0.00, measured "
        "+1.00 logits)"
    )


def test_an_estimate_without_sign_is_a_size_whatever_the_direction(make_result, estimate, baseline):
    sizes = Estimate(np.abs(estimate.values), "attribution", {"graddrop": True}, signed=False)
    result = make_result(estimate=sizes, direction="noising")
    result.record(2, baseline.clean - 1.5)
    _, drawn, value = draw(result)
    np.testing.assert_allclose(value[0], [[0.5, 0], [0.25, NAN]])
    assert (drawn.method, drawn.signed) == ("attribution patching with GradDrop", False)
    assert drawn.agreement[0] == (
        "1 of 3 cells measured, the rest estimated; worst miss L1H0 (estimated size 1.00, "
        "measured size 1.50 logits)"
    )


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("eap", "edge attribution patching"),
        ("eap_ig", "edge attribution patching with integrated gradients"),
    ],
)
def test_estimates_of_paths_lie_on_the_joined_maps(make_result, path_plan, method, words):
    values = np.full((2, 4, 3), NAN)
    values[0] = np.arange(4)[:, None]
    _, drawn, value = draw(make_result(plan=path_plan, estimate=Estimate(values, method, {})))
    assert drawn.method == words
    expected = np.full((4, 3), NAN)
    expected[0, 0], expected[1] = 3 / 4, [0, 1 / 4, 2 / 4]
    np.testing.assert_allclose(value[0], expected)


def test_effects_that_cannot_be_normalized_are_estimated_in_their_unit(make_result, estimate):
    runs = Baseline(np.full((2, 3), 0.01), np.zeros((2, 3)))
    view, _, value = draw(make_result(estimate=estimate, baseline=runs))
    assert not view.metrics[0].normalized
    np.testing.assert_allclose(value[0], [[2, 0], [-1, NAN]])


def test_nothing_is_drawn_before_the_baseline_is_known(make_result, estimate):
    result = make_result(estimate=estimate, baseline=Baseline.unmeasured(2, 3))
    assert np.isnan(draw(result)[2]).all()


def test_a_result_that_was_not_estimated_has_no_estimate(small):
    assert heatmap(small, key="k", title="", caption="", block=ArrayBlock()).estimate is None


def test_who_looks_is_told_of_an_estimate_before_anything_is_measured(make_result, estimate):
    result, told = make_result(), []
    job = Job(lambda _: result.record_estimate(estimate), total=3)
    result.attach(job)
    result.listen(lambda job: told.append((job.state, result.estimate is estimate)))
    job.run()
    assert told == [("running", True), ("done", True)]


@pytest.mark.parametrize(
    ("floors", "wanted"),
    [({"logit_diff": 0.004}, 0.004), ({"logit_diff": float("nan")}, None), ({}, None)],
)
def test_the_noise_floor_is_that_of_the_provenance(make_result, floors, wanted):
    result = make_result(provenance={"noise_floor": floors})
    view = heatmap(result, key="k", title="", caption="", block=ArrayBlock())
    assert [metric.noise_floor for metric in view.metrics] == [wanted, None]


def test_text_keeps_estimates_and_noise_apart_from_what_was_measured(screened):
    screened.provenance = {}
    lines = summary(*explorer([screened])).splitlines()
    assert lines[-5:-1] == [
        "logit difference, normalized effect: strongest",
        "  L0H0                 +0.583",
        "1 of 3 cells measured, 1 zero by identity, the rest estimated; worst miss L0H0 "
        "(estimated +2.00, measured +2.33 logits)",
        "estimated by attribution patching, not measured: L1H0 -0.250",
    ]
    screened.provenance["noise_floor"] = {"logit_diff": 2.5}
    lines = summary(*explorer([screened])).splitlines()
    assert lines[-4] == (
        "below the noise floor of 2.50 logits, where rounding alone does as much: 1 cell"
    )
    assert not any("strongest" in line for line in lines)


def test_a_table_has_a_column_of_its_own_for_estimates(screened, estimate):
    table = screened.table().set_index("node")
    assert list(table.columns[-6:-4]) == ["logit_diff_estimated", "prob_patched"]
    assert table.logit_diff_estimated.to_dict() == {"L0H0": 2, "L0H1": 0, "L1H0": -1}
    assert np.isnan(table.loc["L1H0", "logit_diff_effect"])
    assert table.loc["L1H0", "status"] == "not measured"
    assert table.prob_estimated.isna().all()
    assert "logit_diff_estimated" in screened.table().to_csv().splitlines()[0].split(",")
    screened.estimate = Estimate(np.abs(estimate.values), "attribution", {}, signed=False)
    sized = screened.table().set_index("node")
    assert sized.loc["L1H0", "logit_diff_estimated_size"] == 1
    assert "logit_diff_estimated" not in sized


def test_a_dataset_keeps_estimates_in_variables_of_their_own(screened, small, estimate):
    dataset = screened.to_xarray()
    np.testing.assert_array_equal(dataset["heads"], small.to_xarray()["heads"])
    assert np.isnan(dataset["heads"].sel(layer=1)).all()
    estimated = dataset["heads_estimated"]
    assert estimated.dims == ("metric", "layer", "head", "prompt")
    np.testing.assert_array_equal(estimated.sel(metric="logit_diff", layer=1, head=0), [-1] * 3)
    assert np.isnan(estimated.sel(metric="prob")).all()
    assert np.isnan(estimated.sel(layer=1, head=1)).all()
    assert (estimated.attrs["estimated"], estimated.attrs["method"]) == (True, "attribution")
    assert not [name for name in small.to_xarray() if "estimated" in str(name)]
    screened.estimate = replace(estimate, signed=False)
    assert "heads_estimated_size" in screened.to_xarray()
    assert "heads_estimated" not in screened.to_xarray()
