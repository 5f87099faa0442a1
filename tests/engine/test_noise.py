"""Noise on embeddings: the same numbers by the fast engine, by whole runs, and by hand."""

import re
from typing import Any

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.engine.sources.resample import Resample
from patchwidgets.errors import MeasurementError, PromptError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import record
from patchwidgets.nodes import Node
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from patchwidgets.prompts.corruptions.matched_noise import MatchedNoise
from patchwidgets.prompts.corruptions.uniform_noise import UniformNoise
from patchwidgets.views._explorer import explorer
from tests.engine.test_identities import measured
from tests.families import EVERY_FAMILY, NO_NOISE, PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-5
FAMILIES = ["gpt2", "gemma2", "llama"]
"""Learned positions, embeddings that are scaled, rotary positions."""

NOISE = GaussianNoise(k=1.0, draws=2)
both_directions = pytest.mark.parametrize("direction", ["denoising", "noising"])
families = pytest.mark.parametrize("family", FAMILIES)


def noised(
    family: str, pairs: dict[str, Any] = PAIRS, noise: Any = NOISE, at: str = "S2", **options: Any
) -> Any:
    return study_of(tiny(family), pairs, corruption=noise, at=at, **options)


def logits_by_hand(model, tokens, noise, hooks=()):
    """Return last-position logits with noise added by TransformerLens' own hook."""

    def add(value, hook):
        return value + noise

    with torch.inference_mode():
        return model.run_with_hooks(tokens, fwd_hooks=[("hook_embed", add), *hooks])[:, -1]


def difference(study, logits):
    (group,) = study.prompts.groups
    answers = study.prompts.answers.select(group.members)
    rows = range(len(logits))
    right = [logits[row, answers.right[row][0]] for row in rows]
    wrong = [logits[row, answers.wrong[row][0]] for row in rows]
    return np.array(right) - np.array(wrong)


def per_row(result):
    """Return patch by row of the first metric."""
    return result.wait().numbers()[0][0]


def test_noise_that_does_not_reach_the_model_is_refused():
    """Granite multiplies its embeddings behind a hook that only TransformerLens' handles reach."""
    model = LensModel(tiny("granite"))
    tokens = torch.tensor([[0, 2, 5, 7]])
    sentence = (
        "The hook `embed.hook_out`, at which noise is added, fired 0 times in one forward pass of "
        "`tiny-granite` (GraniteForCausalLM) instead of once, so the noise did not do what it "
        "says. No number is returned. This model's TransformerLens adapter does not pass through "
        "that hook; corrupt with `token_replacement`."
    )
    with model.measuring(), pytest.raises(MeasurementError, match=f"^{re.escape(sentence)}$"):
        record(model, tokens, [], noise=torch.ones(1, 4, 32))


@pytest.mark.parametrize("family", [one for one in EVERY_FAMILY if one not in NO_NOISE])
def test_noise_reaches_the_residual_stream_where_it_was_added_and_nowhere_else(family):
    model = LensModel(tiny(family))
    tokens = torch.tensor([[0, 2, 5, 7], [0, 3, 4, 8]])
    noise = torch.zeros(2, 4, 32)
    noise[0, 2], noise[1, 1] = torch.randn(2, 32, generator=torch.manual_seed(0))
    kept = []
    with model.measuring():
        plain, changed = record(model, tokens, []), record(model, tokens, [], noise=noise)
        with model.hooked([("embed.hook_out", lambda value: kept.append(value.clone()))]):
            model.forward(tokens)
        torch.testing.assert_close(model.embed(tokens), kept[0])
    moved = changed.residual[0] - plain.residual[0]
    assert moved.any(-1).tolist() == noise.any(-1).tolist()
    if family != "bloom":  # it norms its embeddings
        torch.testing.assert_close(moved, noise, atol=1e-5, rtol=0)
    assert (changed.logits - plain.logits).abs().amax(dim=-1).min() > 0.01


@families
@both_directions
def test_sweeps_equal_whole_runs(family, direction):
    fast = noised(family, direction=direction)
    slow = noised(family, direction=direction, executor="reference")
    for name, options in (
        ("heads", {}),
        ("residual", {"positions": "roles"}),
        ("mlp", {"source": "resample", "seed": 1}),
        ("attn", {"source": "zero"}),
    ):
        one, other = fast.sweep(name, **options), slow.sweep(name, **options)
        np.testing.assert_allclose(per_row(one), per_row(other), atol=TOLERANCE)
        assert one.provenance["executor"] == "wavefront"
        assert other.provenance["executor"] == "reference: it was asked for"


@families
@both_directions
@pytest.mark.parametrize("form", ["pinned", "pinned_all", "direct"])
def test_paths_equal_whole_runs(family, direction, form):
    fast = noised(family, direction=direction)
    slow = noised(family, direction=direction, executor="reference")
    for receivers, senders in (
        (["L2H1.q"], None if form == "pinned" else ["mlp"]),
        ("L1H0.v -> logits", ["embed"]),
    ):
        one, other = (study.path(receivers, form=form, senders=senders) for study in (fast, slow))
        assert np.nanmax(np.abs(one.effect())) > 1e-4
        np.testing.assert_allclose(per_row(one), per_row(other), atol=TOLERANCE)


@families
@both_directions
def test_runs_and_patches_equal_those_with_noise_added_by_hand(family, direction):
    """Neither the noise hook nor the draws' layout of our own is used here."""
    study, model = noised(family, direction=direction), tiny(family)
    (group,) = study.prompts.groups
    fitted = study.prompts.noise
    noise = torch.zeros(*group.clean.shape, 32)
    for pair, text in enumerate(PAIRS["clean"]):
        for draw in range(2):
            noise[2 * pair + draw, 10] = torch.from_numpy(fitted.draw(text, draw, 1)[0])
    clean, corrupted = (logits_by_hand(model, group.clean, added) for added in (0, noise))
    baseline = study._session.baseline()
    np.testing.assert_allclose(baseline.clean[0], difference(study, clean), atol=TOLERANCE)
    np.testing.assert_allclose(baseline.corrupted[0], difference(study, corrupted), atol=TOLERANCE)
    name = "blocks.1.hook_mlp_out"
    base, source = (noise, 0) if direction == "denoising" else (0, noise)
    kept = {}
    keep = (name, lambda value, hook: kept.update(value=value.clone()))
    logits_by_hand(model, group.clean, source, [keep])
    write = (name, lambda value, hook: kept["value"])
    wanted = difference(study, logits_by_hand(model, group.clean, base, [write]))
    np.testing.assert_allclose(per_row(study.sweep("mlp"))[1], wanted, atol=TOLERANCE)


@families
@both_directions
def test_patching_nothing_is_the_base_run_and_everything_the_source_run(family, direction):
    study = noised(family, RAGGED, direction=direction, at="S2+END")
    nothing, everything, last = measured(
        study, [Node("resid_pre", 0, None, 3)], [Node("embed")], [Node("resid_post", 2)]
    )
    np.testing.assert_allclose(nothing, study._baseline.base(direction)[0], atol=1e-12)
    for all_of_it in (everything, last):
        np.testing.assert_allclose(all_of_it, study._baseline.source(direction)[0], atol=TOLERANCE)


def test_all_that_comes_before_the_noise_is_zero_by_identity():
    study = noised("llama")
    result = study.sweep("residual").wait()
    statuses = result.effect().coords["status"].to_numpy()
    assert (statuses[:, :10] == 2).all()
    assert (statuses[0, 10:] == [1, 2, 2, 2, 2]).all()


def test_the_size_is_measured_on_the_embeddings_of_the_noised_tokens():
    study, model = noised("gpt2"), tiny("gpt2")
    (group,) = study.prompts.groups
    hf_model: Any = model.original_model
    weights = hf_model.transformer.wte.weight.detach()
    numbers = weights[group.clean[::2, 10]].double().numpy()
    noise = study.prompts.noise
    assert noise.sigma == pytest.approx(numbers.std(ddof=1), rel=1e-6)
    settings = {"k": 1.0, "draws": 2, "seed": 0, "over": "noised"}
    settings |= {"sigma": noise.sigma, "tokens": 3}
    assert study.sweep("mlp").provenance["noise"] == settings


def test_a_seed_gives_its_numbers_and_another_seed_others():
    one, same = (per_row(noised("llama").sweep("mlp")) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    other = per_row(noised("llama", noise=GaussianNoise(k=1.0, draws=2, seed=1)).sweep("mlp"))
    assert np.abs(one - other).min() > 0


def test_every_plan_sees_the_same_noise():
    study = noised("llama")
    sweep, path = study.sweep("heads").wait(), study.path(["logits"]).wait()
    for one, other in zip(sweep.numbers()[2:], path.numbers()[2:], strict=True):
        np.testing.assert_array_equal(one.corrupted, other.corrupted)
    last = [sweep.patched()[2], path.patched()[2]]
    np.testing.assert_allclose(*last, atol=TOLERANCE)


def test_kept_groups_keep_their_noise():
    study = noised("llama", PAIRS | {"groups": ["a", "b", "b"]})
    kept = study.keep("b")
    noise = [one.prompts.groups[0].noise for one in (study, kept)]
    assert torch.equal(noise[0][2:], noise[1])
    np.testing.assert_allclose(
        kept.sweep("mlp").patched(), study.sweep("mlp").patched()[:, 1:], atol=TOLERANCE
    )


def test_pairs_and_not_draws_are_the_unit_of_errors():
    study = noised("llama", RAGGED, noise=GaussianNoise(k=1.0, draws=3))
    result = study.sweep("mlp").wait()
    values, _, baseline = result.numbers()
    rows = (values[0] - baseline.corrupted[0]).reshape(3, 4, 3)
    effect = result.effect()
    assert effect.sizes == {"layer": 3, "prompt": 4}
    np.testing.assert_allclose(effect, rows.mean(2))
    np.testing.assert_allclose(result.stderr(), rows.mean(2).std(1, ddof=1) / 2)
    np.testing.assert_allclose(result.by_draw(), rows.mean(1))
    np.testing.assert_allclose(
        result.draw_spread()["sd_draws"], np.sqrt(rows.var(2, ddof=1).mean(1))
    )
    assert list(result.by_draw().dims) == ["layer", "draw"]
    assert len(study.baselines()) == len(result.groups) == len(result.provenance["prompts"]) == 4


OTHER_NOISE = {
    "another seed": (GaussianNoise(k=1.0, draws=2, seed=1), "S2"),
    "another size": (GaussianNoise(k=1.001, draws=2), "S2"),
    "another kind": (UniformNoise(k=1.0, draws=2), "S2"),
    "another place": (NOISE, "END"),
}


@pytest.mark.parametrize("what", OTHER_NOISE)
def test_other_noise_finds_nothing_in_the_store(what, monkeypatch, tmp_path):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    noise, at = OTHER_NOISE[what]

    def reused(study):
        """In the noising direction the clean run is the base run, whatever the noise."""
        return study.sweep("mlp").wait().provenance["cells_from_store"]

    assert reused(noised("llama", direction="noising")) == 0
    assert reused(noised("llama", direction="noising")) == 3
    assert reused(noised("llama", noise=noise, at=at, direction="noising")) == 0


def test_resampled_values_come_from_another_pair_under_the_same_draw():
    study = noised("llama")
    session = study._session
    with session.model.measuring():
        (runs,) = session.runs_with(())
        rewrite = Resample(seed=3).rewriting(session.model, study.prompts, runs, (), lambda: None)
    partners = rewrite(torch.arange(6), "z", 0).tolist()
    assert sorted(partners) == list(range(6))
    for row, partner in enumerate(partners):
        assert (row % 2, row // 2 == partner // 2) == (partner % 2, False)


@families
def test_estimates_are_exact_in_the_limit_of_small_noise(family):
    study = noised(family, noise=GaussianNoise(k=2e-3, draws=2))
    result = study.sweep("heads", estimate="attribution").wait()
    paths = study.path(["L2H1.v"], estimate="eap").wait()
    for found in (result, paths):
        exact, estimated = found.effect(), found.estimated().effect()
        assert exact.sizes == estimated.sizes
        size = float(np.abs(exact).max())
        assert size > 2e-5
        np.testing.assert_allclose(estimated, exact, atol=0.05 * size)


@pytest.mark.parametrize("noise", [UniformNoise(k=1.0, draws=2), MatchedNoise(draws=2)])
def test_other_noise_is_measured_as_well(noise):
    fast, slow = (noised("gemma2", noise=noise, executor=how) for how in ("auto", "reference"))
    one, other = per_row(fast.sweep("heads")), per_row(slow.sweep("heads"))
    np.testing.assert_allclose(one, other, atol=TOLERANCE)
    assert np.abs(one - fast._session.baseline().corrupted[0]).max() > 1e-3


def test_clean_prompts_alone_are_enough_and_the_code_makes_the_study_again():
    own = {name: value for name, value in PAIRS.items() if name != "corrupted"}
    result = noised("llama", own).sweep("mlp").wait()
    np.testing.assert_array_equal(per_row(result), per_row(noised("llama").sweep("mlp")))
    about = result.provenance
    assert (about["corruption"], about["at"]) == ("gaussian_noise", "S2")
    assert [prompt["noised"] for prompt in about["prompts"]] == [[10]] * 3
    assert about["code"].split("\n")[:2] == [
        "import patchwidgets as pw",
        "from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise",
    ]
    assert (
        ", corruption=GaussianNoise(k=1.0, draws=2, seed=0, over='noised'), at='S2'"
        in about["code"]
    )
    by_name = noised("llama", noise="gaussian_noise").sweep("mlp").wait().provenance
    assert ", corruption='gaussian_noise', at='S2'" in by_name["code"]
    assert "import GaussianNoise" not in by_name["code"]


def test_a_corruption_of_embeddings_that_is_no_noise_is_refused():
    class Shift:
        name = "shift"
        acts_on = "embedding"

    with pytest.raises(PromptError) as caught:
        pw.Study(tiny("llama"), pw.PromptPairs(**PAIRS), corruption=Shift())
    assert str(caught.value) == (
        "The corruption `shift` acts on embeddings, but is no `Noise`, so nothing says what is "
        "added to them. Make it a subclass of `Noise`, as "
        "`patchwidgets/prompts/corruptions/uniform_noise.py` does."
    )


def test_the_report_equals_distances_by_hand():
    study = noised("llama", metric=["logit_diff", "prob"], prepend_bos=True)
    replaced = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"])
    report = study.corruption_report(replaced)
    table = report.table
    assert list(table.index) == ["gaussian_noise k=1 at S2", "as given"]
    (group,) = study.prompts.groups
    caches = {}
    for name, tokens, noise in (
        ("clean", group.clean, 0),
        ("gaussian_noise k=1 at S2", group.clean, group.noise),
        ("as given", replaced.prompts.groups[0].corrupted.repeat_interleave(2, 0), 0),
    ):
        kept = caches.setdefault(name, {})
        hooks = [
            (
                f"blocks.{layer}.{site}",
                lambda value, hook, key=(site, layer), kept=kept: kept.update({key: value}),
            )
            for layer in range(3)
            for site in ("hook_resid_post", "attn.hook_pattern")
        ]
        logits = logits_by_hand(study.model, tokens, noise, hooks)
        kept["p"] = logits.softmax(-1)[range(6), [ids[0] for ids in study.prompts.answers.right]]
    for name in table.index:
        for layer in range(3):
            one, two = (caches[side]["hook_resid_post", layer][:, 10:] for side in ("clean", name))
            p, q = (caches[side]["attn.hook_pattern", layer][:, :, 10:] for side in ("clean", name))
            wanted = [
                two.norm(dim=-1) / one.norm(dim=-1),
                (two - one).norm(dim=-1) / one.norm(dim=-1),
                (p - q).abs().sum(-1) / 2,
            ]
            got = report.by_block.loc[(name, layer)]
            np.testing.assert_allclose(got, [each.mean() for each in wanted], atol=1e-5)
        assert table.loc[name, "P(answer) corrupted"] == pytest.approx(
            float(caches[name]["p"].mean()), abs=1e-6
        )
        means = report.by_block.loc[name].mean()
        np.testing.assert_allclose(table.loc[name, means.index].astype(float), means)
    baseline = study._session.baseline()
    row = table.iloc[0]
    assert row["prob corrupted"] == pytest.approx(baseline.corrupted[1].mean())
    assert row["P(answer) clean"] == pytest.approx(row["prob clean"], abs=1e-6)
    right = difference(study, logits_by_hand(study.model, group.clean, 0)) > 0
    wrong = difference(study, logits_by_hand(study.model, group.clean, group.noise)) <= 0
    assert row["share flipped"] == pytest.approx(wrong[right].mean())
    assert row["noise sd"] == pytest.approx(float(group.noise[:, 10].std()), rel=1e-4)
    assert (row["draws"], table.iloc[1]["draws"]) == (2, 1)
    assert np.isnan(table.iloc[1]["sigma"])
    assert "attention divergence" in repr(report)


def test_the_report_tells_studies_of_one_name_apart():
    one, other = (noised("llama", noise=GaussianNoise(k=k, draws=1)) for k in (0.5, 3.0))
    table = one.corruption_report(other, one).table
    assert list(table.index) == [
        "gaussian_noise k=0.5 at S2",
        "gaussian_noise k=3 at S2",
        "gaussian_noise k=0.5 at S2 #2",
    ]
    assert table["residual distance"].iloc[0] < table["residual distance"].iloc[1]


def test_the_prompts_of_a_view_mark_what_is_noised():
    header, _ = explorer([noised("llama").sweep("mlp").wait()])
    assert len(header.strip.pairs) == 3
    assert all(pair.differs == [at == 10 for at in range(15)] for pair in header.strip.pairs)
    facts = {fact.label: fact.value for fact in header.facts}
    assert facts["pairs"] == "3 pairs, each with 2 draws of noise"
    assert "gaussian noise · at S2 · 3 pairs, each with 2 draws of noise" in header.maps[0].caption
