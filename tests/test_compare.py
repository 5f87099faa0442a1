"""Comparisons on a real model: every method reads what a study of its own would."""

import re

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.errors import PlanError
from patchwidgets.results.comparison import Comparison, Setting
from patchwidgets.views._explorer import by_key
from tests.families import PAIRS, study_of, tiny
from tests.models.tiny_ioi import ioi_study, tiny_ioi


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


def clean_prompts(result):
    return [prompt["clean"] for prompt in result.provenance["prompts"]]


SITES = [("token_replacement", "S2"), ("gaussian_noise", "S2"), ("token_replacement", "ABC")]


@pytest.fixture(scope="module")
def known():
    return ioi_study(n=6, known=True, store=False, at="ABC")


@pytest.fixture(scope="module")
def on_known(known):
    return known.compare("mlp", corruptions=SITES).wait()


def test_prompts_must_be_known_under_every_corruption_compared(known, on_known):
    first, *others = map(clean_prompts, on_known.results.values())
    assert all(other == first for other in others)
    assert first != clean_prompts(known.sweep("mlp").wait())
    for result in on_known.results.values():
        assert result.provenance["known"]["settings"] == [list(setting) for setting in SITES]
        assert all(prompt["right"] for prompt in result.provenance["prompts"])
    assert "different_prompts" not in on_known.advice().names


def test_studies_of_their_own_on_other_prompts_are_told_apart(known):
    other = ioi_study(n=6, known=True, store=False)
    results = {
        Setting(name, "denoising", 1): study.sweep("mlp").wait()
        for name, study in (("ABC", known), ("S2", other))
    }
    (said,) = [one for one in Comparison(results).advice() if one.name == "different_prompts"]
    assert said.number < 1


def test_the_code_of_a_compared_map_has_the_prompts_of_the_comparison(on_known, monkeypatch):
    monkeypatch.setattr(pw, "load_model", lambda name: tiny_ioi(), raising=False)
    for result in on_known.results.values():
        names = {}
        exec(result.provenance["code"].rpartition("\nresult = ")[0], names)
        assert clean_prompts(names["study"].sweep("mlp").wait()) == clean_prompts(result)


def test_a_map_on_other_prompts_does_not_take_the_place_of_the_studys_own():
    study = ioi_study(n=6, known=True, store=False, at="ABC")
    own = study.sweep("mlp").wait()
    study.compare("mlp", corruptions=SITES).wait()
    assert len(study.results) == 4
    assert by_key(list(study.results.values()))["mlp"] is own
    assert study.results["mlp #2"].study is not study
