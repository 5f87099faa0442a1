"""Attention patterns against TransformerLens' `run_with_cache` and `run_with_hooks`."""

import numpy as np
import pytest
import torch

from patchwidgets.errors import PlanError
from patchwidgets.nodes import Path, parse_stops
from tests.engine.path_oracle import Oracle
from tests.families import PAIRS, RAGGED, study_of, tiny
from tests.models.tiny_ioi import ioi_study

TOLERANCE = 1e-5
FAMILIES = ["gpt2", "llama", "pythia", "gemma2", "qwen3"]


class Remembering(Oracle):
    """An oracle that keeps what the receivers were let know."""

    received = None

    def overwriting(self, received):
        self.received = received
        return super().overwriting(received)


def hook(layer):
    return f"blocks.{layer}.attn.hook_pattern"


def cached(study, side, layer, head):
    """Return prompt, destination, source, by TransformerLens."""
    (group,) = study.prompts.groups
    with torch.inference_mode():
        _, cache = study.model.run_with_cache(getattr(group, side))
    return cache[hook(layer)][:, head].numpy()


def under_hooks(study, hooks, layer, head):
    """Return the same of the base run with hooks of the test's own."""
    (group,) = study.prompts.groups
    kept = {}
    look = hook(layer), lambda x, hook: kept.__setitem__("pattern", x.clone())
    base = group.corrupted if study.direction == "denoising" else group.clean
    with torch.inference_mode():
        study.model.run_with_hooks(base, fwd_hooks=[*hooks, look])
    return kept["pattern"][:, head].numpy()


def writing(study, layer, head):
    """Return the hook that writes the source run's output of one head."""
    (group,) = study.prompts.groups
    denoising = study.direction == "denoising"
    source = group.clean if denoising else group.corrupted
    name, width = f"blocks.{layer}.attn.hook_z", study.model.cfg.d_head
    with torch.inference_mode():
        values = study.model.run_with_cache(source)[1][name]

    def write(activation, hook):
        changed = activation.clone()
        if changed.ndim == 4:
            changed[:, :, head] = values[:, :, head]
        else:
            part = slice(head * width, (head + 1) * width)
            changed[..., part] = values[..., part]
        return changed

    return name, write


@pytest.mark.parametrize("direction", ["denoising", "noising"])
@pytest.mark.parametrize("family", FAMILIES)
def test_unpatched_runs_and_a_patched_node(family, direction):
    study = study_of(tiny(family), PAIRS, direction=direction)
    for pair in range(3):
        found = study.patterns("L2H1", pair, under="L0H2")
        assert found.dims == ("run", "destination", "source")
        assert list(found.run.values) == ["clean", "corrupted", "patched"]
        for side in ("clean", "corrupted"):
            wanted = cached(study, side, 2, 1)[pair]
            np.testing.assert_allclose(found.sel(run=side), wanted, atol=TOLERANCE)
        wanted = under_hooks(study, [writing(study, 0, 2)], 2, 1)[pair]
        np.testing.assert_allclose(found.sel(run="patched"), wanted, atol=TOLERANCE)
    assert study.model.list_hooks() == tiny(family).list_hooks()


@pytest.mark.parametrize(
    "written",
    ["L0H1 -> L2H1.q", "L0H1 -> L1H0.q -> L2H0.k", "embed -> L1H1.v", "L0.mlp_post[3:9] -> L2H1.q"],
)
@pytest.mark.parametrize("family", ["gpt2", "pythia", "gemma2"])
def test_a_pinned_path_equals_the_oracle(family, written):
    study = study_of(tiny(family), PAIRS)
    (group,) = study.prompts.groups
    (sender,), *way, receivers = parse_stops(written)
    head = 1 if "L2H1" in written else 0
    found = study.patterns(f"L2H{head}", under=written)
    kept = {}
    with torch.inference_mode():
        oracle = Remembering(study.model, group.corrupted, group.clean, group.roles)
        oracle.logits(Path(sender, receivers, tuple(way)))
        hooks = oracle.overwriting(oracle.received)
        oracle.run([*hooks, oracle.keeping(hook(2), kept, "pattern")])
    wanted = kept["pattern"][0, head]
    np.testing.assert_allclose(found.sel(run="patched"), wanted, atol=TOLERANCE)


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
def test_every_form_of_a_path_into_the_key_of_shared_heads(form):
    study = study_of(tiny("llama"), PAIRS)
    found = study.patterns("L2H3", under="L0H1 -> L2H1.k", form=form)
    assert found.attrs["form"] == form
    moved = abs(found.sel(run="patched") - found.sel(run="corrupted"))
    assert float(moved.max()) > 1e-4
    other = study.patterns("L2H0", under="L0H1 -> L2H1.k", form=form)
    assert list(other.run.values) == ["clean", "corrupted"]


@pytest.mark.parametrize("under", ["L2H1", "L2H1.v", "L2.mlp_out", "L1H0 -> L2H1.v", "L2H0.q"])
def test_what_comes_after_a_pattern_makes_no_third_run(under):
    found = study_of(tiny("llama"), PAIRS).patterns("L2H1", under=under)
    assert list(found.run.values) == ["clean", "corrupted"]
    if under == "L2H1":
        assert found.attrs["note"] == (
            "`L2H1` is patched at its output, which it computes after its pattern: under the "
            "patch it attends as before."
        )
    else:
        assert found.attrs["note"].startswith(f"`{under}` changes nothing before the pattern")


@pytest.mark.parametrize("under", ["L2H1.q", "L2H0.k", "L2H1.pattern", "L2.resid_pre@S2", "embed"])
def test_what_comes_before_it_does(under):
    found = study_of(tiny("llama"), PAIRS).patterns("L2H1", under=under)
    moved = abs(found.sel(run="patched") - found.sel(run="corrupted"))
    assert found.attrs["note"] == ""
    assert float(moved.max()) > 1e-4


def test_a_pattern_that_is_written_is_the_one_that_is_read():
    found = study_of(tiny("llama"), PAIRS).patterns("L1H2", under="L1H2.pattern")
    np.testing.assert_allclose(found.sel(run="patched"), found.sel(run="clean"), atol=TOLERANCE)


def test_a_mean_over_pairs():
    study = study_of(tiny("gpt2"), PAIRS)
    mean = study.patterns("L1H1", None, under="L0H0")
    each = [study.patterns("L1H1", pair, under="L0H0") for pair in range(3)]
    np.testing.assert_allclose(mean, sum(each) / 3, atol=TOLERANCE)
    some = study.patterns("L1H1", [0, 2])
    two = (each[0] + each[2]) / 2
    np.testing.assert_allclose(some, two.sel(run=["clean", "corrupted"]), atol=TOLERANCE)
    assert mean.attrs["prompts"] == [0, 1, 2]
    tokens = [study.model.to_str_tokens(text) for text in PAIRS["clean"]]
    assert [list(one.source_token.values) for one in each] == tokens
    shared = [first if {first} == {*rest} else "" for first, *rest in zip(*tokens, strict=True)]
    assert list(mean.source_token.values) == shared
    assert "" in shared


def test_tokens_and_roles_are_coordinates():
    found = study_of(tiny("llama"), PAIRS).patterns("L1H1", 1)
    assert "S2" in found.source_role.values
    assert str(found.destination_role.values[-1]) == "END"
    np.testing.assert_allclose(found.sum("source"), 1, atol=1e-4)
    assert found.attrs["meaning"] == "share of its attention: 0 = none, 1 = all"


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
@pytest.mark.parametrize("under", ["L0H2", "L1.resid_pre@S2", "L0H1 -> L1H0.q -> L2H0.k"])
def test_replayed_patterns_equal_whole_forward_passes(under, form):
    fast, slow = (
        study_of(tiny("llama"), PAIRS, executor=executor) for executor in ("auto", "reference")
    )
    found = fast.patterns("L2H1", None, under=under, form=form)
    wanted = slow.patterns("L2H1", None, under=under, form=form)
    assert fast._session.executor == "wavefront"
    np.testing.assert_allclose(found, wanted, atol=TOLERANCE)


def test_noise_is_the_same_as_when_it_was_measured():
    study = ioi_study(n=2, corruption="gaussian_noise", at="S2")
    found = study.patterns("L1H1", 0)
    whole = study.attention(["IO", "S2"])
    for role in ("IO", "S2"):
        place = list(found.source_role.values).index(role)
        wanted = whole.sel(layer=1, head=1, role=role, prompt=0)
        got = found[:, -1, place]
        np.testing.assert_allclose(got, wanted, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"head": "L1.mlp_out"}, "^`L1.mlp_out` is no attention head, so it has no attention pat"),
        ({"head": "L9H0"}, "^`L9H0` is no head of `tiny-llama`, which has layers 0 to 2 with head"),
        ({"head": "L1H1", "prompt": 9}, "^There is no prompt pair 9: this study has pairs 0 to 3."),
        ({"head": "L1H1", "prompt": None}, "tokens, and a mean of patterns needs one length."),
        ({"head": "L1H1", "prompt": []}, "^`prompt` is an empty list, so there is no pattern."),
        ({"head": "L1H1", "under": "L9H0"}, "^`L9H0` is in layer 9, but `tiny-llama` has layers"),
        ({"head": "L1H1", "under": "L2H0 -> L1H0.q"}, "L1H0.q"),
        ({"head": "L1H1", "under": "L0H0.q -> L1H0.q"}, "^`L0H0.q` cannot send."),
    ],
)
def test_what_has_no_pattern_is_refused(asked, message):
    study = study_of(tiny("llama"), RAGGED)
    with pytest.raises(PlanError, match=message):
        study.patterns(asked.pop("head"), **asked)
