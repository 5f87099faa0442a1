"""Zero, mean and resample ablation against plain hooks, and what is refused."""

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.errors import PlanError, PromptError, UnknownNameError
from tests.engine.path_oracle import Oracle, logit_diff
from tests.families import PAIRS, RAGGED, study_of, tiny, tiny_in

TOLERANCE = 1e-4
PRECISE = {"float32": TOLERANCE, "float64": 1e-12}
TEMPLATES = {**PAIRS, "groups": ["store", "park", "park"]}


def template(label):
    """Return the prompts of one template."""
    rows = [row for row, group in enumerate(TEMPLATES["groups"]) if group == label]
    columns = {name: column for name, column in TEMPLATES.items() if name != "roles"}
    picked = {name: [column[row] for row in rows] for name, column in columns.items()}
    return {**picked, "roles": TEMPLATES["roles"]}


PARK, STORE = template("park"), template("store")


@pytest.fixture(scope="module", params=["gpt2", "pythia", "llama"])
def model(request):
    return tiny(request.param)


def by_hooks(study, model, site, layer, head, values):
    """Return the logit difference of the clean prompts with one activation overwritten."""
    (group,) = study.prompts.groups

    def write(activation, hook):
        if head is None:
            activation[:] = values
        else:
            activation[:, :, head] = values
        return activation

    name = {"z": "attn.hook_z"}.get(site, f"hook_{site}")
    logits = model.run_with_hooks(group.clean, fwd_hooks=[(f"blocks.{layer}.{name}", write)])
    rows = torch.arange(len(group.members))
    right, wrong = (
        torch.tensor(ids)[:, 0]
        for ids in (study.prompts.answers.right, study.prompts.answers.wrong)
    )
    last = logits[:, -1].detach()
    return (last[rows, right] - last[rows, wrong]).numpy()


def test_zero_ablation_of_heads(model):
    study = study_of(model, PAIRS, direction="noising")
    result = study.sweep("heads", source="zero").wait()
    assert result.provenance["executor"] == "wavefront"
    assert result.provenance["source"] == "zero"
    assert "source='zero'" in result.provenance["code"]
    for layer, head in ((0, 0), (1, 3), (2, 2)):
        wanted = by_hooks(study, model, "z", layer, head, 0.0)
        np.testing.assert_allclose(result.patched()[layer, head], wanted, atol=TOLERANCE)


def test_zero_ablation_reaches_positions_before_the_prompts_differ(model):
    study = study_of(model, PAIRS, direction="noising")
    early = study.sweep("mlp", source="zero", positions=[2]).wait()
    assert (np.abs(early.effect()) > 1e-6).any()
    assert (study.sweep("mlp", positions=[2]).effect() == 0).all()


def test_resampling_writes_another_prompt_of_the_same_template(model):
    study = study_of(model, PARK, direction="noising")
    result = study.sweep("mlp", source="resample", seed=3).wait()
    (group,) = study.prompts.groups
    _, cache = model.run_with_cache(group.clean.flip(0))
    for layer in range(3):
        values = cache[f"blocks.{layer}.hook_mlp_out"]
        wanted = by_hooks(study, model, "mlp_out", layer, None, values)
        np.testing.assert_allclose(result.patched()[layer], wanted, atol=TOLERANCE)
    assert result.provenance["source"] == "resample, seed 3"


def test_the_seed_of_resampling_chooses_the_partners():
    from patchwidgets.engine.sources.resample import Resample

    labels = ["a"] * 8 + ["b"] * 2
    drawn = {tuple(Resample(seed)._partners(labels)) for seed in range(20)}
    assert len(drawn) > 10
    for partners in drawn:
        assert sorted(partners) == list(range(10))
        assert all(partner != row for row, partner in enumerate(partners))
        assert set(partners[8:]) == {8, 9}
    assert Resample(5)._partners(labels) == Resample(5)._partners(labels)


@pytest.mark.parametrize(
    ("family", "dtype"),
    [("gpt2", "float32"), ("pythia", "float32"), ("llama", "float32"), ("gpt2", "float64")],
)
def test_the_mean_over_reference_prompts_is_as_precise_as_the_model(family, dtype):
    model = tiny_in(family, dtype)
    study = study_of(model, PAIRS, direction="noising")
    reference = pw.PromptPairs(**PAIRS)
    result = study.sweep("mlp", source="mean", reference=reference).wait()
    (group,) = study.prompts.groups
    _, cache = model.run_with_cache(group.corrupted)
    for layer in range(3):
        mean = cache[f"blocks.{layer}.hook_mlp_out"].mean(0)
        wanted = by_hooks(study, model, "mlp_out", layer, None, mean)
        np.testing.assert_allclose(result.patched()[layer], wanted, rtol=0, atol=PRECISE[dtype])
    assert result.provenance["source"].startswith("mean over 3 prompts ")


def test_a_mean_is_taken_template_by_template(model):
    study = study_of(model, TEMPLATES, direction="noising")
    both = study.sweep("attn", source="mean", reference=study.prompts.pairs).patched()
    park = study_of(model, PARK, direction="noising")
    alone = park.sweep("attn", source="mean", reference=park.prompts.pairs).patched()
    np.testing.assert_allclose(both[:, 1:], alone, atol=TOLERANCE)
    one = study_of(model, STORE, direction="noising")
    assert np.isfinite(
        one.sweep("attn", source="mean", reference=study.prompts.pairs).effect()
    ).all()


def test_prompts_of_several_lengths_and_paths_stay_finite(model):
    study = study_of(model, RAGGED, direction="noising")
    slow = study_of(model, RAGGED, direction="noising", executor="reference")
    np.testing.assert_allclose(
        study.sweep("heads", source="zero").patched(),
        slow.sweep("heads", source="zero").patched(),
        atol=TOLERANCE,
    )


def values_of(source, cache):
    """Return what a source writes in place of a cached activation of both prompts."""
    if source == "zero":
        return {name: torch.zeros_like(value) for name, value in cache.items()}
    if source == "resample":
        return {name: value.flip(0) for name, value in cache.items()}
    means = {name: value.float().mean(0, keepdim=True) for name, value in cache.items()}
    return {name: mean.expand_as(cache[name]) for name, mean in means.items()}


@pytest.mark.parametrize("source", ["zero", "resample", "mean"])
@pytest.mark.parametrize("written", ["L1H0.q, L2H1.v", "L1.mlp_in -> L2H1.k"])
def test_senders_of_paths_write_the_values_of_a_source(model, source, written):
    study = study_of(model, PARK, direction="noising")
    asked = {"source": source, "senders": ["heads", "mlp", "attn", "neurons", "embed"]}
    asked |= {"reference": pw.PromptPairs(**PARK)} if source == "mean" else {}
    result = study.path(written, **asked).wait()
    (group,) = study.prompts.groups
    with torch.inference_mode():
        oracle = Oracle(model, group.clean, group.corrupted, group.roles)
        averaged = oracle.source_cache if source == "mean" else oracle.base_cache
        oracle.source_cache = values_of(source, averaged)
        for index, patch in enumerate(result.plan.patches):
            wanted = logit_diff(study, oracle.logits(patch.path))
            got = result.snapshot().values[0, index]
            np.testing.assert_allclose(got, wanted, atol=TOLERANCE, err_msg=str(patch))
    assert result.provenance["source"].startswith(source)
    code = result.provenance["code"].splitlines()[-1].removeprefix("result = ")
    again = eval(code, {"study": study, "reference": asked.get("reference")})
    np.testing.assert_array_equal(again.effect(), result.effect())


@pytest.mark.parametrize("form", ["direct", "pinned_all"])
@pytest.mark.parametrize("source", ["zero", "resample"])
def test_paths_of_a_source_equal_the_reference_executor(model, source, form):
    fast, slow = (
        study_of(model, PARK, executor=executor).path("L1H0.q, L2.mlp_in", source=source, form=form)
        for executor in ("auto", "reference")
    )
    np.testing.assert_allclose(fast.patched(), slow.patched(), atol=TOLERANCE)
    for map in ("mlp", "embed"):
        np.testing.assert_allclose(fast.patched(map=map), slow.patched(map=map), atol=TOLERANCE)


def test_a_forward_map_of_a_source_has_the_cells_of_the_path_maps(model):
    study = study_of(model, PARK, direction="noising")
    forward = study.paths_from("L0H1", source="resample", seed=2, receivers=["v", "logits"])
    assert "source='resample', seed=2" in forward.provenance["code"]
    into = study.path("L2H1.v", source="resample", seed=2)
    np.testing.assert_allclose(forward.patched(map="v")[2, 1], into.patched()[0, 1], atol=TOLERANCE)
    again = study.path("L2H1.v", source="resample", seed=2, estimate="eap", top=2)
    assert again.agreement().measured == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"source": "mean"},
            "`source='mean'` has no prompts to average. A mean says what is typical, so it must be "
            "said of which prompts. Give `reference=` with prompt pairs whose corrupted prompts "
            "are averaged, such as those of the same task with unrelated names.",
        ),
        (
            {"source": "zero", "seed": 3},
            "`seed=` means nothing with `source='zero'`. It belongs to `source='resample'`; leave "
            "it out.",
        ),
        (
            {"reference": pw.PromptPairs(**PAIRS)},
            "`reference=` means nothing with `source='other'`. It belongs to `source='mean'`; "
            "leave it out.",
        ),
    ],
)
def test_sources_without_what_they_need_are_refused(options, said):
    with pytest.raises(PlanError) as caught:
        study_of(tiny("gpt2"), PAIRS).sweep("heads", **options)
    assert str(caught.value) == said
    for ask in ("path", "paths_from"):
        with pytest.raises(PlanError) as caught:
            getattr(study_of(tiny("gpt2"), PAIRS), ask)("L1H0", **options)
        assert str(caught.value) == said
    with pytest.raises(PlanError) as caught:
        study_of(tiny("gpt2"), PAIRS).estimate("heads", **options)
    assert str(caught.value) == said


def test_an_unknown_source_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        study_of(tiny("gpt2"), PAIRS).sweep("heads", source="zeros")
    assert str(caught.value) == (
        "There is no source called 'zeros'. Did you mean `zero`? Known: `other`, `mean`, "
        "`mean_by_role`, `resample`, `zero`."
    )


def test_a_template_with_a_single_prompt_cannot_be_resampled():
    result = study_of(tiny("gpt2"), TEMPLATES).sweep("heads", source="resample")
    with pytest.raises(PromptError) as caught:
        result.wait()
    assert str(caught.value) == (
        "`source='resample'` needs another prompt of the same template and length for every "
        "prompt, but `store` has a single one. Draw more prompts (`n=...`), or keep the templates "
        "with more by `study.keep([...])`."
    )


def test_a_template_without_reference_prompts_is_refused():
    study = study_of(tiny("gpt2"), TEMPLATES)
    reference = pw.PromptPairs(**PARK)
    with pytest.raises(PromptError) as caught:
        study.sweep("heads", source="mean", reference=reference).wait()
    assert str(caught.value) == (
        "`source='mean'` needs reference prompts of every template and length, but none of the 2 "
        "is of `store` and 15 tokens long. Give more `reference` prompts, or ones made from the "
        "same templates. At roles, `source='mean_by_role'` takes reference prompts of any length."
    )
