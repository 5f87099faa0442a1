"""Estimates are kept apart from measurements, and compared with them."""

import json

import numpy as np
import pytest

from patchwidgets.errors import FileError, MeasurementError
from patchwidgets.results import Result
from patchwidgets.results.estimate import Estimate, compare, rank_correlation


@pytest.fixture
def estimate():
    """Of `heads_plan`: mean logit differences 0.5, 0, -3; no estimate of the probability."""
    values = np.full((2, 3, 3), np.nan)
    values[0] = [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [-2.0, -3.0, -4.0]]
    return Estimate(values, "attribution", {"softmax_fix": True, "graddrop": False})


@pytest.fixture
def screened(make_result, baseline, estimate):
    """L1H0 measured: mean effect -2, L0H1 zero by identity, L0H0 not measured."""
    result = make_result(estimate=estimate)
    result.record(2, baseline.corrupted - 2.0)
    result.record(1, baseline.corrupted, identity=True)
    return result


def test_patches_come_in_the_order_of_their_estimated_size(estimate):
    assert estimate.order() == [2, 0, 1]


def test_an_estimate_survives_json_bit_for_bit(estimate):
    again = Estimate.from_json(json.loads(json.dumps(estimate.to_json())))
    assert again.values.tobytes() == estimate.values.tobytes()
    assert (again.method, again.options, again.signed) == (
        "attribution",
        {"softmax_fix": True, "graddrop": False},
        True,
    )


def test_a_damaged_estimate_is_refused(estimate, sentence):
    spoiled = estimate.to_json() | {"signed": "yes"}
    message = (
        "The estimate is damaged: field `signed`: input should be a valid boolean. It was cut "
        "short or changed after it was saved, so its numbers cannot be trusted. Use another copy, "
        "or measure and save it again."
    )
    with pytest.raises(FileError, match=sentence(message)):
        Estimate.from_json(spoiled)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ([1, 2, 3, 4], [10, 20, 25, 1e9], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233),
        ([1, 2], [1, 2], np.nan),
        ([1, 1, 1], [1, 2, 3], np.nan),
    ],
)
def test_rank_correlation_is_spearmans(one, other, wanted):
    got = rank_correlation(np.array(one, dtype=float), np.array(other, dtype=float))
    np.testing.assert_allclose(got, wanted)


def test_agreement_counts_only_what_was_measured(screened):
    agreement = screened.agreement()
    assert (agreement.measured, agreement.patches) == (1, 3)
    assert (agreement.worst_node, agreement.worst_miss) == ("L1H0", 1.0)
    assert (agreement.worst_estimate, agreement.worst_exact) == (-3.0, -2.0)
    assert np.isnan(agreement.rank_correlation)
    assert str(agreement) == (
        "rank correlation nan over 1 of 3 cells measured; worst miss 1 logit at L1H0 (estimated "
        "-3, exact -2)"
    )


def test_a_metric_without_an_estimate_agrees_with_nothing(screened):
    agreement = screened.agreement("prob")
    assert agreement.measured == 0
    assert np.isnan(agreement.worst_miss)


def test_an_estimate_without_sign_is_compared_with_sizes(screened, estimate):
    sizes = Estimate(np.abs(estimate.values), "attribution", {}, signed=False)
    found = compare(sizes, screened.plan, screened.snapshot(), 0, screened.metrics[0])
    assert (found.worst_estimate, found.worst_exact) == (3.0, 2.0)


def test_estimates_never_look_measured(screened):
    assert np.isnan(screened.effect()[0, 0]).all()
    np.testing.assert_array_equal(screened.effect().status, [[0, 2], [1, 3]])
    estimated = screened.estimated().effect()
    assert estimated.name == "estimated effect"
    assert estimated.attrs["method"] == "attribution"
    np.testing.assert_array_equal(estimated.status, [[0, 0], [0, 3]])
    np.testing.assert_array_equal(estimated[0, 0], [0.0, 0.5, 1.0])
    assert np.isnan(estimated[1, 1]).all()


def test_a_saved_result_keeps_the_estimate_apart(screened, small, tmp_path):
    loaded = Result.load(screened.save(tmp_path / "screened.json"))
    assert loaded.estimate is not None
    assert loaded.estimate.values.tobytes() == screened.estimate.values.tobytes()
    assert loaded.numbers()[0].tobytes() == screened.numbers()[0].tobytes()
    assert str(loaded.agreement()) == str(screened.agreement())
    document = json.loads(small.save(tmp_path / "small.json").read_text())
    assert "estimate" not in document
    assert Result.load(tmp_path / "small.json").estimate is None


def test_a_result_that_was_not_estimated_says_so(small, sentence):
    message = (
        "Nothing was estimated before this heads map was measured. Ask for it with "
        "`study.sweep(..., estimate='attribution')` or `study.path(..., estimate='eap')`."
    )
    for ask in (small.agreement, small.estimated):
        with pytest.raises(MeasurementError, match=sentence(message)):
            ask()
