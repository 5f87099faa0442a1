"""Senders, receivers and chains of every kind, against a slow oracle that shares nothing."""

import numpy as np
import pytest
import torch

from patchwidgets.engine import session
from patchwidgets.errors import PlanError
from tests.engine.path_oracle import Oracle, logit_diff
from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4

PATHS = {
    "an MLP": "L2.mlp_in",
    "an MLP at one position": "L1.mlp_in@S2",
    "the stream": "L1.resid_post",
    "the stream at one position": "L1.resid_post@S2",
    "a mixed set": "L1H0.k, L1.mlp_in, L2H1.q, L2.mlp_in",
    "the stream and a later head": "L0.resid_post, L2H1.v",
    "head to head": "L1H1.v -> L2H0.q",
    "head to MLP of the same layer": "L1H1.q -> L1.mlp_in",
    "MLP to head": "L1.mlp_in -> L2H1.v",
    "two inputs together": "L1H1.q, L1H0.k -> L2H0.v, L2.mlp_in",
    "three legs": "L0.mlp_in -> L1H1.k@S2 -> L2H0.q",
    "to the logits": "L1H1.v -> L2.mlp_in -> logits",
}
EVERY = ("heads", "mlp", "attn", "neurons", "embed")


def is_refused(family, written):
    """A block that is parallel has no way from its attention to its own MLP."""
    return family == "pythia" and written == PATHS["head to MLP of the same layer"]


def require_oracle(study, result):
    (group,) = study.prompts.groups
    base, source = group.corrupted, group.clean
    if study.direction == "noising":
        base, source = source, base
    values = result.wait().snapshot().values[0]
    assert result.provenance["executor"] == "wavefront"
    with torch.inference_mode():
        oracle = Oracle(study.model, base, source, group.roles)
        for index, patch in enumerate(result.plan.patches):
            wanted = logit_diff(study, oracle.logits(patch.path))
            np.testing.assert_allclose(values[index], wanted, atol=TOLERANCE, err_msg=str(patch))


@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama", "olmo2", "gemma2", "bloom"])
@pytest.mark.parametrize("named", PATHS)
def test_every_sender_equals_the_oracle(family, named):
    study = study_of(tiny(family), PAIRS, direction="noising" if "MLP" in named else "denoising")
    if is_refused(family, PATHS[named]):
        with pytest.raises(PlanError, match=r"^`L1H1\.q -> L1\.mlp_in` goes backwards: "):
            study.path(PATHS[named])
        return
    require_oracle(study, study.path(PATHS[named], senders=EVERY))


@pytest.mark.parametrize("family", ["olmo2", "gemma2", "gemma3", "bloom"])
@pytest.mark.parametrize("receivers", ["logits", "L2H1.q", "L2H0.k", "L1H1.v"])
def test_families_that_do_more_after_a_branch(family, receivers):
    study = study_of(tiny(family), PAIRS)
    require_oracle(study, study.path(receivers, senders=EVERY))


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2"])
@pytest.mark.parametrize("positions", ["roles", [10, 14]], ids=str)
def test_senders_by_position(family, positions):
    study = study_of(tiny(family), PAIRS)
    for written in ("L2H1.k", "L1H1.v -> L2.mlp_in"):
        result = study.path(written, senders=EVERY, positions=positions)
        require_oracle(study, result)
        assert result.effect().dims == ("layer", "head", *result.effect(map="embed").dims)


@pytest.mark.parametrize("form", ["direct", "pinned_all"])
@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama", "olmo2", "bloom"])
def test_the_other_forms_equal_the_reference_executor(family, form, monkeypatch):
    written = [PATHS[named] for named in ("a mixed set", "two inputs together", "to the logits")]
    study = study_of(tiny(family), PAIRS, store=False)
    fast = [study.path(one, senders=EVERY, form=form).wait() for one in written]
    assert {one.provenance["executor"] for one in fast} == {"wavefront"}
    monkeypatch.setattr(session, "replay_problem", lambda *_: "this test asks for it")
    study = study_of(tiny(family), PAIRS, store=False)
    for one, result in zip(written, fast, strict=True):
        slow = study.path(one, senders=EVERY, form=form).wait()
        assert slow.provenance["executor"] == "reference: this test asks for it"
        np.testing.assert_allclose(
            result.snapshot().values, slow.snapshot().values, atol=TOLERANCE, err_msg=one
        )


@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama", "gemma2"])
def test_direct_paths_add_what_neurons_write(family):
    """Some neurons to one MLP, with what they write taken from the MLP's branch."""
    model = tiny(family)
    study = study_of(model, PAIRS)
    (group,) = study.prompts.groups
    branch = "ln2_post" if family == "gemma2" else "mlp"
    post, out = "blocks.1.mlp.hook_post", f"blocks.1.{branch}.hook_out"
    result = study.path("L2.mlp_in", form="direct", senders=["neurons"], block=10).patched()
    with torch.inference_mode():
        oracle = Oracle(model, group.corrupted, group.clean, group.roles)
        for block in ("0:10", "60:64" if family != "gpt2" else "60:70"):
            first, end = map(int, block.split(":"))
            kept = {}

            def send(x, hook, part=slice(first, end), sent=oracle.source_cache[post]):
                new = x.clone()
                new[..., part] = sent[..., part]
                return new

            oracle.run([(post, send), oracle.keeping(out, kept, "branch")])
            change = kept["branch"] - oracle.base_cache[out]
            logits = oracle.run([("blocks.2.ln2.hook_in", lambda x, hook, c=change: x + c)])
            found = result.sel(layer=1, neurons=block)
            np.testing.assert_allclose(found, logit_diff(study, logits), atol=TOLERANCE)
            assert change.abs().max() > 1e-3


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
@pytest.mark.parametrize("family", ["gpt2", "pythia", "llama", "olmo2"])
@pytest.mark.parametrize("sender", ["L0.mlp_post[3]", "L1.mlp_post[5:20]@S2", "L0.mlp_post"])
def test_single_neurons_send(family, sender, form):
    study = study_of(tiny(family), PAIRS, direction="noising")
    fast = study.paths_from(sender, form=form).wait()
    assert fast.provenance["executor"] == "wavefront"
    slow = study_of(tiny(family), PAIRS, direction="noising", executor="reference")
    again = slow.paths_from(sender, form=form).wait().snapshot().values
    np.testing.assert_allclose(fast.snapshot().values, again, atol=TOLERANCE)
    assert np.abs(fast.snapshot().effect(0)).max() > 1e-3
    if form == "pinned":
        require_oracle(study, fast)


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
def test_all_neurons_of_an_mlp_send_what_it_does(form):
    study = study_of(tiny("gemma2"), PAIRS)
    asked = {"senders": ["mlp", "neurons"], "block": 64, "form": form}
    result = study.path("L2H1.k, L2.mlp_in", **asked).wait()
    whole, blocks = result.patched(map="mlp"), result.patched(map="neurons")
    np.testing.assert_allclose(blocks.isel(neurons=0), whole, atol=TOLERANCE)


@pytest.mark.parametrize("family", ["gpt2", "pythia", "gemma2"])
def test_direct_paths_add_what_the_head_writes(family):
    """One head to one MLP, with the head's written contribution taken from its branch."""
    model = tiny(family)
    study = study_of(model, PAIRS)
    (group,) = study.prompts.groups
    result = study.path("L2.mlp_in", form="direct").patched()
    branch = "ln1_post" if family == "gemma2" else "attn"
    with torch.inference_mode():
        oracle = Oracle(model, group.corrupted, group.clean, group.roles)
        for head in range(4):
            z = "blocks.1.attn.hook_z"
            node = result.sel(layer=1, head=head).node.item()
            assert node == f"L1H{head}"
            part = slice(head * model.cfg.d_head, (head + 1) * model.cfg.d_head)
            kept = {}

            def send(x, hook, part=part, head=head, sent=oracle.source_cache[z]):
                new = x.clone()
                where = (..., head, slice(None)) if x.ndim == 4 else (..., part)
                new[where] = sent[where]
                return new

            name = f"blocks.1.{branch}.hook_out"
            oracle.run([(z, send), oracle.keeping(name, kept, "branch")])
            change = kept["branch"] - oracle.base_cache[name]
            logits = oracle.run([("blocks.2.ln2.hook_in", lambda x, hook, c=change: x + c)])
            wanted = logit_diff(study, logits)
            np.testing.assert_allclose(
                result.sel(layer=1, head=head), wanted, atol=TOLERANCE, err_msg=node
            )


@pytest.mark.parametrize("family", ["llama", "pythia"])
@pytest.mark.parametrize("written", ["L2.mlp_in", "L1.resid_post", "L1H1.v -> L2H0.q"])
def test_direct_and_pinned_all_are_the_same_for_one_receiver(family, written):
    study = study_of(tiny(family), PAIRS)
    direct, frozen = (
        study.path(written, form=form, senders=EVERY).wait() for form in ("direct", "pinned_all")
    )
    np.testing.assert_allclose(
        direct.snapshot().values, frozen.snapshot().values, atol=TOLERANCE, equal_nan=True
    )


def test_prompts_of_two_lengths_equal_each_length_alone():
    for form in ("pinned", "direct"):
        asked = {"form": form, "senders": EVERY, "positions": "roles"}
        both, alone = (
            study_of(tiny("llama"), pairs).path("L1H1.k -> L2.mlp_in", **asked).patched()
            for pairs in (RAGGED, PAIRS)
        )
        np.testing.assert_allclose(both.isel(prompt=slice(0, 3)), alone, atol=TOLERANCE)


def test_everything_into_the_whole_stream_is_the_plain_patch():
    """Nothing lies between the last MLP and `resid_post` of its layer."""
    study = study_of(tiny("llama"), PAIRS)
    into = study.path("L1.resid_post", senders=["mlp"]).patched()
    plain = study.sweep("mlp", positions=None).patched()
    np.testing.assert_allclose(into[1], plain[1], atol=TOLERANCE)


def test_cells_from_which_no_path_leads_are_nan():
    study = study_of(tiny("llama"), PAIRS)
    by_role = study.path("L2H1.q@S2", senders=["heads", "embed"], positions="roles").effect()
    assert np.isfinite(by_role.sel(role="S2", layer=[0, 1])).all()
    assert np.isnan(by_role.sel(role="S2", layer=2)).all()
    assert np.isnan(by_role.drop_sel(role="S2")).all()
    later = study.path("L1H1.k@S2 -> L2H1.q", positions=[10, 14]).effect()
    assert np.isfinite(later.sel(position=10, layer=0)).all()
    assert np.isnan(later.sel(position=14)).all()
    at_once = study.path("L1.mlp_in", senders=["heads", "mlp"])
    assert np.isfinite(at_once.effect().sel(layer=[0, 1])).all()
    assert np.isnan(at_once.effect(map="mlp").sel(layer=[1, 2])).all()


def test_the_code_of_a_chain_makes_it_again():
    study = study_of(tiny("gpt2"), PAIRS)
    asked = {"senders": ["attn", "neurons"], "block": 40, "positions": "roles", "source": "zero"}
    result = study.path("L1H1.q, L1H0.k -> L2H0.v", **asked).wait()
    code = result.provenance["code"].splitlines()[-1].removeprefix("result = ")
    again = eval(code, {"study": study})
    assert again.plan == result.plan
    np.testing.assert_array_equal(again.effect(), result.effect())
