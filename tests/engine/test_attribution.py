"""Estimates by gradients against finite differences, slow autograd and exact effects."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from patchwidgets.engine import estimating
from patchwidgets.errors import MeasurementError, PatchwidgetsError, PlanError
from patchwidgets.models.sites import SITES
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.results import Result
from tests.engine.test_hygiene import traces
from tests.engine.test_slopes import estimated
from tests.families import FAMILIES, PAIRS, RAGGED, SIZE, bridge_of, study_of, tiny


@pytest.fixture(params=sorted(FAMILIES))
def study(request):
    return study_of(tiny(request.param), PAIRS)


def slowly(study, node, dropped=None):
    """Return the estimate of one node by autograd through TransformerLens' own hooks."""
    (group,) = study.prompts.groups
    right = torch.tensor([ids[0] for ids in study.prompts.answers.right])
    wrong = torch.tensor([ids[0] for ids in study.prompts.answers.wrong])
    name = SITES.get(node.site).hook.format(layer=node.layer)
    with torch.no_grad():
        _, clean = study.model.run_with_cache(group.clean)
        _, corrupted = study.model.run_with_cache(group.corrupted)
    taps = []

    def tap(activation, hook):
        taps.append(torch.zeros_like(activation, requires_grad=True))
        return activation + taps[0]

    hooks = [(name, tap)]
    if dropped is not None:
        outputs = [f"blocks.{dropped}.hook_attn_out", f"blocks.{dropped}.hook_mlp_out"]
        hooks += [(output, lambda activation, hook: activation.detach()) for output in outputs]
    with torch.enable_grad():
        logits = study.model.run_with_hooks(group.corrupted, fwd_hooks=hooks)[:, -1]
        rows = torch.arange(len(right))
        (logits[rows, right] - logits[rows, wrong]).sum().backward(inputs=taps)
    product = (clean[name] - corrupted[name]) * taps[0].grad
    if node.head is not None:
        product = product[:, :, node.head]
    return product.sum((1, 2)).numpy()


@pytest.mark.parametrize("node", [Node("z", 1, 2), Node("k", 0, 0), Node("mlp_out", 1)], ids=str)
def test_estimates_equal_those_of_slow_autograd(study, node):
    (got,) = estimated(study, [Patch((node,))], softmax_fix=False)[0]
    np.testing.assert_allclose(got, slowly(study, node), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("node", [Node("z", 1, 2), Node("v", 0, 0), Node("mlp_out", 2)], ids=str)
def test_graddrop_is_the_mean_size_without_each_other_block(study, node):
    (got,) = estimated(study, [Patch((node,))], graddrop=True)[0]
    others = {0, 1, 2} - {node.layer}
    wanted = sum(np.abs(slowly(study, node, dropped)) for dropped in others) / len(others)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_all_heads_together_are_the_attention_output(study):
    heads = [Patch(tuple(Node("z", 1, head) for head in range(4))), Patch((Node("attn_out", 1),))]
    together, whole = estimated(study, heads)[0]
    np.testing.assert_allclose(together, whole, rtol=1e-4, atol=1e-5)


def test_direct_paths_into_the_logits_add_up_to_the_end_of_the_stream(study):
    """The stream at the end is the sum of all that was written to it."""
    edges = study.estimate("path", receivers=["logits"], form="direct").estimate.values[0]
    (stream,) = estimated(study, [Patch((Node("resid_post", 2),))])[0]
    np.testing.assert_allclose(edges.sum(axis=0), stream, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def linear():
    """A model of one block that is linear in its head outputs: norms divide by a constant."""
    torch.manual_seed(0)
    sizes = {"n_layer": 1, "n_head": 4, "n_embd": 32, "n_positions": 64}
    hf_model = GPT2LMHeadModel(GPT2Config(**sizes, layer_norm_epsilon=1e8, **SIZE))
    block: Any = hf_model.transformer.h[0]
    for norm in (block.ln_1, block.ln_2, hf_model.transformer.ln_f):
        norm.weight.data.mul_(1e4)
    block.mlp.c_proj.weight.data.zero_()
    return bridge_of(hf_model, "linear")


LAST_WORD = PAIRS | {
    "corrupted": [text.removesuffix(" to") + " said" for text in PAIRS["clean"]],
    "roles": {"S2": 9, "GAVE": 10},
}


@pytest.mark.parametrize("site", ["z", "v", "q", "k"])
@pytest.mark.parametrize("positions", [None, "roles"])
def test_estimates_are_exact_where_the_model_is_linear_in_head_outputs(linear, site, positions):
    """With the softmax fix, queries and keys too; without it, they are not."""
    pairs = LAST_WORD if site == "q" else PAIRS
    study = study_of(linear, pairs)
    result = study.sweep("heads", site=site, positions=positions, estimate="attribution")
    exact = result.wait().snapshot().effect(0)
    assert np.abs(exact).max() > 1e-3
    np.testing.assert_allclose(result.estimate.values[0], exact, rtol=1e-3, atol=1e-5)
    if site in ("q", "k"):
        plain = study.estimate(result.plan, softmax_fix=False).estimate.values[0]
        assert np.abs(plain - exact).max() > 0.1 * np.abs(exact).max()


def test_prompts_of_two_lengths_a_few_at_a_time_equal_each_alone(monkeypatch):
    monkeypatch.setattr(estimating, "GRADIENT_TOKENS", 20)
    together = study_of(tiny("llama"), RAGGED).estimate("heads", site="k", positions="roles")
    alone = study_of(tiny("llama"), PAIRS).estimate("heads", site="k", positions="roles")
    got, wanted = together.estimate.values, alone.estimate.values
    assert np.isfinite(got).all()
    shared = [patch in alone.plan.patches for patch in together.plan.patches]
    assert sum(shared) > 6
    for patch, values in zip(together.plan.patches, got[0], strict=True):
        if patch in alone.plan.patches:
            there = alone.plan.patches.index(patch)
            np.testing.assert_allclose(values[:3], wanted[0, there], rtol=1e-3, atol=1e-5)


def test_an_estimate_leaves_no_trace_on_the_model():
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["llama"](), "fresh-llama")
    parameters = list(model.original_model.parameters())
    parameters[0].requires_grad_(False)
    study = study_of(model, PAIRS)
    study.sweep("heads").wait()
    before = traces(model), [each.requires_grad for each in parameters]
    study.estimate("heads", site="k", graddrop=True)
    study.estimate("path", "eap_ig", receivers=["L2H1.v"])
    assert (traces(model), [each.requires_grad for each in parameters]) == before
    assert all(each.grad is None for each in parameters)


def test_the_largest_estimates_are_measured_and_the_rest_is_not():
    study = study_of(tiny("gpt2"), PAIRS)
    every = study.sweep("heads").patched()
    result = study.sweep("heads", estimate="attribution", top=5)
    measured = (result.effect().status == 1).values.ravel()
    assert sorted(result.estimate.order()[:5]) == list(np.flatnonzero(measured))
    assert np.isnan(result.patched().values.reshape(12, -1)[~measured]).all()
    np.testing.assert_allclose(
        result.patched().values.reshape(12, -1)[measured],
        every.values.reshape(12, -1)[measured],
        atol=1e-5,
    )
    assert result.agreement().measured == 5
    assert "estimate='attribution', top=5" in result.provenance["code"]
    first = study.estimate("path", receivers=["L2H1.v"])
    paths = study.path(["L2H1.v"], estimate=first, top=3)
    assert paths.agreement().measured == 3
    assert paths.estimate is first.estimate


def test_a_saved_sweep_of_the_largest_estimates_came_to_its_end():
    result = study_of(tiny("gpt2"), PAIRS).sweep("heads", estimate="attribution", top=5).wait()
    assert result.progress[:4] == ("done", 5, 5, 1.0)
    assert Result.from_json(result.to_json()).progress == result.progress
    assert result.frozen().progress == result.progress
    cut = result.to_json()
    cut["provenance"] = cut["provenance"] | {"top": 6}
    assert Result.from_json(cut).progress[:3] == ("cancelled", 5, 6)


@pytest.mark.parametrize("metric", ["rank", "top_k"])
def test_a_metric_that_ranks_or_counts_has_no_estimate(metric):
    """PyTorch has no gradient of it at all, where that of a divergence is zero."""
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", metric], store=False)
    values = study.estimate("heads").estimate.values
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1]).all()


def test_a_metric_without_slope_has_no_estimate():
    kl_last = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "kl_div"], direction="noising")
    values = kl_last.estimate("heads").estimate.values
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1]).all()
    kl_first = study_of(tiny("llama"), PAIRS, metric="kl_div", direction="noising")
    with pytest.raises(
        MeasurementError,
        match=r"^The metric `kl_div` has no slope at the base run, so no effect can be estimated "
        r"from its gradient\. A divergence from the clean run is at its least there when noising; "
        r"a metric that counts or ranks is flat everywhere\. Put another metric first, such as "
        r"`logit_diff`, or use `direction='denoising'`\.$",
    ):
        kl_first.estimate("heads")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda study: study.estimate("heads", "eap"),
            "`eap` cannot estimate the heads map, which patches nodes. Use `attribution`.",
        ),
        (
            lambda study: study.path(["logits"], estimate="attribution"),
            "`attribution` cannot estimate the path map, which patches paths. Use `eap` or "
            "`eap_ig`.",
        ),
        (
            lambda study: study.sweep("heads", top=5),
            "`top=5` measures the cells with the largest estimates, and nothing is estimated. Add "
            "`estimate='attribution'` to a sweep, or `estimate='eap'` to a path.",
        ),
        (
            lambda study: study.sweep("heads", estimate="attribution", top=0),
            "`top` is 0, so nothing would be measured. Give at least 1, or leave it out to measure "
            "every cell; `study.estimate(...)` measures none.",
        ),
        (
            lambda study: study.sweep("heads", estimate="atribution"),
            "There is no method of estimating called 'atribution'. Did you mean `attribution`? "
            "Known: `attribution`, `eap`, `eap_ig`.",
        ),
        (
            lambda study: study.estimate("path", "eap_ig", receivers=["logits"], steps=0),
            "`steps` is 0, but `eap_ig` takes the mean gradient over so many runs, and needs at "
            "least one. Leave it out for 5.",
        ),
        (
            lambda study: study.estimate("heads", steps=3),
            "There is no option of `attribution` called 'steps'. Known: `softmax_fix`, `graddrop`.",
        ),
        (
            lambda study: study.path("L1H0.q -> L2H1.v", estimate="eap"),
            "`eap` estimates paths without stops on the way, and `L0H0 -> L1H0.q -> L2H1.v` has "
            "1. Leave out `estimate`, or make one map per stop.",
        ),
    ],
    ids=range(8),
)
def test_what_cannot_be_estimated_is_refused(ask, message):
    with pytest.raises(PatchwidgetsError, match=f"^{re.escape(message)}$"):
        ask(study_of(tiny("gpt2"), PAIRS))


def test_graddrop_needs_another_block(linear):
    with pytest.raises(
        PlanError,
        match=r"^`graddrop=True` stops the gradient at one block at a time, and `linear` has only "
        r"one, so no gradient would be left\. Leave `graddrop` out\.$",
    ):
        study_of(linear, PAIRS).estimate("heads", graddrop=True)


def test_where_nothing_depends_on_a_place_there_is_no_estimate():
    model = bridge_of(FAMILIES["llama"](), "fresh-llama")
    model.add_hook("blocks.1.hook_resid_pre", lambda activation, hook: activation.detach())
    message = (
        "Nothing that is measured depends on `blocks.0.hook_mlp_out`, so there is no gradient to "
        "estimate effects by. This model's TransformerLens adapter passes that hook by. Measure "
        "without `estimate`."
    )
    with pytest.raises(MeasurementError, match=f"^{re.escape(message)}$"):
        study_of(model, PAIRS).estimate("mlp")
