"""Comparisons on a real model: every method reads what a study of its own would."""

import re

import numpy as np
import pytest

from patchwidgets.errors import PlanError
from tests.families import PAIRS, study_of, tiny


@pytest.fixture(scope="module")
def study():
    return study_of(tiny("llama"), PAIRS, store=False)


@pytest.fixture(scope="module")
def comparison(study):
    return study.compare(
        corruptions=["token_replacement", ("gaussian_noise", "S2")],
        metrics=["logit_diff", "prob"],
        directions=["denoising", "noising"],
    ).wait()


def test_every_combination_is_a_method(comparison):
    assert len(comparison.methods) == 8
    assert len(comparison.results) == 4
    assert comparison.done
    assert comparison.effects().index.names == ["corruption", "metric", "direction"]


def test_a_method_measures_what_a_study_of_its_own_does(comparison):
    own = study_of(
        tiny("llama"),
        PAIRS,
        store=False,
        metric="prob",
        direction="noising",
        corruption="gaussian_noise",
        at="S2",
    )
    (method,) = [
        one
        for one in comparison.methods
        if one.metric == "prob" and one.direction == "noising" and "noise" in one.corruption
    ]
    wanted = own.sweep("heads").effect().to_numpy()
    found = comparison.result(method).effect("prob").to_numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.abs(wanted).max() > 1e-3


def test_windows_are_compared_with_single_layers(study):
    comparison = study.compare("mlp", windows=[1, 2])
    assert comparison.effects().index.names == ["window"]
    single, wide = comparison.effects(normalized=False).to_numpy()
    assert np.isfinite(single).sum() == 3
    assert np.isfinite(wide).any()


def test_metrics_alone_are_read_off_one_sweep(study):
    comparison = study.compare(metrics=["logit_diff", "kl_div"])
    assert len(comparison.results) == 1
    assert comparison.rank_correlations().shape == (2, 2)


def test_a_kept_study_compares_on_what_it_kept():
    groups = {**PAIRS, "groups": ["one", "one", "other"]}
    kept = study_of(tiny("llama"), groups, store=False).keep("one")
    comparison = kept.compare(metrics=["logit_diff", "prob"])
    (result,) = comparison.results.values()
    assert result.effect().sizes["prompt"] == 2


def test_a_comparison_knows_the_code_that_makes_it_again(study):
    def own(spec, shape, window=1):
        return study.plan("mlp")

    grid = study.compare(
        own, metrics=["prob"], corruptions=[("gaussian_noise", "S2")], windows=[1, 2]
    )
    grid.cancel()
    assert grid.code.startswith("import patchwidgets as pw\n")
    assert grid.code.splitlines()[-1] == (
        "comparison = study.compare(own, corruptions=[('gaussian_noise', 'S2')], metrics=['prob'], "
        "windows=[1, 2])"
    )
    pair = study.compare("mlp", directions=["denoising", "noising"], site="mlp_out").cancel()
    assert pair.code.splitlines()[-1] == (
        "comparison = study.compare('mlp', directions=['denoising', 'noising'], site='mlp_out')"
    )


REFUSED = {
    "one method": (
        {},
        "There is 1 method to compare, and a comparison needs two or more. Name several "
        "corruptions, metrics, directions or windows, such as "
        "`study.compare(metrics=['logit_diff', 'prob'])`.",
    ),
    "an empty list": (
        {"metrics": []},
        "`metrics` is empty, so nothing would be measured. Write `['logit_diff', 'prob']`.",
    ),
    "a thing twice": (
        {"directions": ["noising", "noising"]},
        "`directions` has 'noising' twice, which would be measured twice and compared with "
        "itself. Name each once, as in `['denoising', 'noising']`.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_comparison_is_refused(study, what):
    options, sentence = REFUSED[what]
    with pytest.raises(PlanError, match=f"^{re.escape(sentence)}$"):
        study.compare(**options)
