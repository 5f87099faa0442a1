"""Windows and joint sets on the wavefront, against whole forward passes with several hooks."""

import numpy as np
import pytest
import torch

from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4


@pytest.fixture(scope="module", params=["gpt2", "pythia", "llama"])
def model(request):
    return tiny(request.param)


@pytest.mark.parametrize("name", ["mlp", "attn", "residual"])
@pytest.mark.parametrize("window", [2, 3])
def test_a_windowed_sweep_equals_the_reference_executor(model, name, window):
    for pairs, direction in ((PAIRS, "denoising"), (RAGGED, "noising")):
        fast = study_of(model, pairs, direction=direction).sweep(name, window=window)
        slow = study_of(model, pairs, direction=direction, executor="reference")
        wanted = slow.sweep(name, window=window)
        assert fast.wait().provenance["executor"] == "wavefront"
        for one in ("window", "alone"):
            np.testing.assert_allclose(
                fast.patched(map=one), wanted.patched(map=one), atol=TOLERANCE
            )


def test_a_window_equals_transformer_lens_with_one_hook_a_layer(model):
    study = study_of(model, PAIRS)
    patched = study.sweep("mlp", window=3).patched()
    (group,) = study.prompts.groups
    _, clean = model.run_with_cache(group.clean)
    right, wrong = (
        torch.tensor(ids)[:, 0]
        for ids in (study.prompts.answers.right, study.prompts.answers.wrong)
    )

    def write(activation, hook):
        return clean[hook.name]

    for layer in range(3):
        around = range(max(0, layer - 1), min(3, layer + 2))
        hooks = [(f"blocks.{at}.hook_mlp_out", write) for at in around]
        logits = model.run_with_hooks(group.corrupted, fwd_hooks=hooks)[:, -1]
        rows = torch.arange(len(right))
        wanted = logits[rows, right] - logits[rows, wrong]
        np.testing.assert_allclose(patched[layer], wanted.detach(), atol=TOLERANCE)


def test_the_sum_of_the_layers_alone_comes_from_the_same_sweep(model):
    result = study_of(model, PAIRS).sweep("mlp", window=3)
    alone = result.effect(map="alone")
    summed = result.summed()
    np.testing.assert_allclose(summed[1], alone.sum("layer"))
    np.testing.assert_allclose(summed[0], alone[:2].sum("layer"))
    assert summed.attrs["unit"] == "logit"
    assert not np.allclose(summed, result.effect())
    np.testing.assert_array_equal(result.summed(map="alone"), alone)


def test_a_joint_set_equals_the_reference_executor(model):
    sets = {
        "mixed": ["L0H1", "L2H3.q", "L1.mlp_out@S2"],
        "all": ["L0.attn_out", "L1.resid_pre@END"],
    }
    fast = study_of(model, PAIRS).sweep("joint", sets=sets)
    slow = study_of(model, PAIRS, executor="reference").sweep("joint", sets=sets)
    np.testing.assert_allclose(fast.patched(), slow.patched(), atol=TOLERANCE)
    assert list(fast.effect()["set"].values) == ["mixed", "all"]
    assert np.isfinite(fast.summed()).all()
    assert fast.provenance["executor"] == "wavefront"
