"""Path patching, form `pinned`, against a slow reference written for this test alone.

It follows the code of Wang et al. rather than our engine: one sender at a time, whole forward
passes, and heads frozen by their queries, keys and values instead of by their outputs.
"""

import numpy as np
import pytest
import torch
import transformer_lens.patching as patching

from patchwidgets.engine import session
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from tests.families import FAMILIES, PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4
RECEIVERS = [
    ["logits"],
    ["L2H1.q"],
    ["L2H0.k"],
    ["L1H1.v"],
    ["L2H1.v@S2"],
    ["L1H0.q", "L2H1.k", "L2H0.v"],
]
SENDING = {"z": "attn.hook_z", "mlp_out": "hook_mlp_out", "embed": "hook_resid_pre"}


class SlowPathPatch:
    """Wang et al. 2022, appendix B, with run_with_hooks and nothing shared."""

    def __init__(self, model, base, source, receivers, positions):
        self.model, self.base, self.receivers = model, base, receivers
        self.positions = positions
        _, self.base_cache = model.run_with_cache(base)
        _, self.source_cache = model.run_with_cache(source)

    def logits(self, sender):
        travelling = [*self._freezing(), self._sending(sender)]
        if str(self.receivers[0]) == "logits":
            return self.model.run_with_hooks(self.base, fwd_hooks=travelling)[:, -1]
        kept = {}
        reading = [self._reading(receiver, kept) for receiver in self.receivers]
        self.model.run_with_hooks(self.base, fwd_hooks=[*reading, *travelling])
        writing = [self._writing(receiver, kept) for receiver in self.receivers]
        return self.model.run_with_hooks(self.base, fwd_hooks=writing)[:, -1]

    def _freezing(self):
        def freeze(values):
            return lambda activation, hook: values.clone()

        names = [
            f"blocks.{layer}.attn.hook_{site}"
            for layer in range(self.model.cfg.n_layers)
            for site in "qkv"
        ]
        return [(name, freeze(self.base_cache[name])) for name in names]

    def _sending(self, sender):
        name = f"blocks.{sender.layer or 0}.{SENDING[sender.site]}"
        values = self.source_cache[name]

        def send(activation, hook):
            if sender.head is None:
                return values.clone()
            activation[:, :, sender.head] = values[:, :, sender.head]
            return activation

        return name, send

    def _reading(self, receiver, kept):
        def keep(activation, hook):
            kept[receiver] = activation[:, :, receiver.head].clone()

        return f"blocks.{receiver.layer}.attn.hook_{receiver.site}", keep

    def _writing(self, receiver, kept):
        def write(activation, hook):
            if receiver.position is None:
                activation[:, :, receiver.head] = kept[receiver]
            for row, at in enumerate(self.positions.get(receiver.position, ())):
                activation[row, at, receiver.head] = kept[receiver][row, at]
            return activation

        return f"blocks.{receiver.layer}.attn.hook_{receiver.site}", write


def logit_diff(study, logits):
    right = torch.tensor([ids[0] for ids in study.prompts.answers.right])
    wrong = torch.tensor([ids[0] for ids in study.prompts.answers.wrong])
    return (logits.gather(1, right[:, None]) - logits.gather(1, wrong[:, None]))[:, 0]


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("direction", ["denoising", "noising"])
@pytest.mark.parametrize("receivers", RECEIVERS, ids=" ".join)
def test_every_sender_equals_the_slow_reference(family, direction, receivers):
    study = study_of(tiny(family), PAIRS, direction=direction)
    result = study.path(receivers).wait()
    assert result.provenance["executor"] == "wavefront"
    (group,) = study.prompts.groups
    base, source = group.corrupted, group.clean
    if direction == "noising":
        base, source = source, base
    values = result.snapshot().values[0]
    with torch.inference_mode():
        nodes = result.plan.patches[0].path.receivers
        slow = SlowPathPatch(study.model, base, source, nodes, group.roles)
        for index, patch in enumerate(result.plan.patches):
            wanted = logit_diff(study, slow.logits(patch.path.sender))
            np.testing.assert_allclose(values[index], wanted, atol=TOLERANCE, err_msg=str(patch))


def test_senders_that_cannot_reach_the_receiver_are_nan():
    study = study_of(tiny("llama"), PAIRS)
    result = study.path(["L1H0.v"])
    heads, mlps = result.effect(), result.effect(map="mlp")
    assert heads.shape == (3, 4, 3)
    assert np.isfinite(heads[0]).all()
    assert np.isnan(heads[1:]).all()
    assert np.isfinite(mlps[0]).all()
    assert np.isnan(mlps[1:]).all()
    assert np.isfinite(result.effect(map="embed")).all()


def test_the_embedding_is_the_only_sender_into_layer_0():
    result = study_of(tiny("gpt2"), PAIRS).path(["L0H0.q"])
    assert np.isnan(result.effect()).all()
    assert np.isfinite(result.effect(map="embed")).all()


def direct_by_transformer_lens(study, site):
    """Return TransformerLens' direct paths from L0H1 into one site of every head."""
    model = study.model
    (group,) = study.prompts.groups
    with torch.inference_mode():
        _, clean = model.run_with_cache(group.clean)
        _, corrupted = model.run_with_cache(group.corrupted)

        def metric(logits):
            return logit_diff(study, logits[:, -1]).mean()

        return patching.get_act_patch_direct_path(
            model, group.corrupted, clean, corrupted, metric, 0, 1, site, verbose=False
        )


COMPARED = [(family, site) for family in ("gpt2", "pythia", "phi") for site in "qkv"]
COMPARED += [(family, "q") for family in ("llama", "mistral", "mixtral", "qwen2", "qwen3")]
"""Where TransformerLens has them; of BLOOM see `path_direct.py`."""


@pytest.mark.parametrize(("family", "site"), COMPARED)
def test_direct_paths_equal_those_of_transformer_lens(family, site):
    study = study_of(tiny(family), PAIRS)
    theirs = direct_by_transformer_lens(study, site)
    for layer in (1, 2):
        for head in (0, 3):
            ours = study.path([f"L{layer}H{head}.{site}"], form="direct").patched()
            np.testing.assert_allclose(
                ours[0, 1].mean(), theirs[layer, head].item(), atol=TOLERANCE
            )


@pytest.mark.parametrize("site", ["k", "v"])
def test_transformer_lens_has_no_direct_paths_into_shared_keys_and_values(site):
    """Should it come to offer them, this fails and asks for them to be compared."""
    with pytest.raises(ValueError, match=f"component='{site}' is unsupported here: blocks.1 has"):
        direct_by_transformer_lens(study_of(tiny("llama"), PAIRS), site)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("receivers", [["logits"], ["L2H1.q"], ["L1H1.v"]], ids=" ".join)
def test_direct_and_pinned_all_are_the_same_for_one_receiver(family, receivers):
    study = study_of(tiny(family), PAIRS)
    direct, frozen = (study.path(receivers, form=form) for form in ("direct", "pinned_all"))
    for name in ("heads", "mlp", "embed"):
        np.testing.assert_allclose(
            direct.patched(map=name), frozen.patched(map=name), atol=TOLERANCE
        )


def test_they_differ_where_one_receiver_feeds_another():
    study = study_of(tiny("gpt2"), PAIRS)
    receivers = ["L1H0.v", "L2H1.v"]
    direct, frozen = (study.path(receivers, form=form) for form in ("direct", "pinned_all"))
    gap = np.abs(direct.patched()[0] - frozen.patched()[0]).max()
    assert gap > 10 * TOLERANCE


@pytest.mark.parametrize("form", ["direct", "pinned_all"])
@pytest.mark.parametrize("receivers", RECEIVERS, ids=" ".join)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_sender_equals_the_reference_executor(family, receivers, form, monkeypatch):
    fast = study_of(tiny(family), PAIRS).path(receivers, form=form).wait()
    assert fast.provenance["executor"] == "wavefront"
    monkeypatch.setattr(session, "replay_problem", lambda *_: "this test asks for it")
    slow = study_of(tiny(family), PAIRS).path(receivers, form=form).wait()
    assert slow.provenance["executor"] == "reference: this test asks for it"
    np.testing.assert_allclose(
        fast.snapshot().values, slow.snapshot().values, atol=TOLERANCE, equal_nan=True
    )


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
@pytest.mark.parametrize("receivers", [["logits"], ["L2H0.q"], ["L1H1.k", "L2H1.v"]], ids=" ".join)
def test_prompts_of_two_lengths_equal_each_length_alone(receivers, form):
    both = study_of(tiny("llama"), RAGGED).path(receivers, form=form).patched()
    alone = study_of(tiny("llama"), PAIRS).path(receivers, form=form).patched()
    np.testing.assert_allclose(both.isel(prompt=slice(0, 3)), alone, atol=TOLERANCE)


def test_direct_paths_into_several_sets_of_receivers_in_one_plan_do_not_meet():
    study = study_of(tiny("gpt2"), PAIRS, store=False)
    sets = [["L1H0.v", "L2H0.v"], ["L1H0.v", "L2H1.v"]]
    alone = [study.path(one, form="direct").wait().snapshot().values for one in sets]
    parts = [study.plan("path", receivers=one, form="direct").patches for one in sets]
    patches = (*parts[0], *parts[1])
    cells = tuple(range(len(patches)))
    both = Plan("both", patches, (PlanMap("both", (Axis("cell", cells),), cells),), form="direct")
    together = study.sweep(lambda spec, shape: both).wait().snapshot().values
    np.testing.assert_allclose(together, np.concatenate(alone, axis=1), atol=1e-5)
    assert not np.allclose(alone[0], alone[1], atol=1e-4)
