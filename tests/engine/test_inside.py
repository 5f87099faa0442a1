"""Attention patterns and neurons: wavefront, reference executor and plain hooks agree."""

import numpy as np
import pytest
import torch

from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4

SWEEPS = [
    ("pattern", {}),
    ("pattern", {"positions": "roles"}),
    ("pattern", {"attended": ["S2"]}),
    ("pattern", {"heads": ["L1H2"], "positions": ["END"], "attended": "roles"}),
    ("neurons", {"block": 24}),
    ("neurons", {"block": 40, "layers": [1], "positions": "roles"}),
]


@pytest.fixture(scope="module", params=["gpt2", "pythia", "llama"])
def model(request):
    return tiny(request.param)


@pytest.mark.parametrize("sweep", SWEEPS, ids=str)
def test_the_wavefront_equals_the_reference_executor(model, sweep):
    name, options = sweep
    fast = study_of(model, RAGGED).sweep(name, **options)
    slow = study_of(model, RAGGED, executor="reference").sweep(name, **options)
    np.testing.assert_allclose(fast.patched(), slow.patched(), atol=TOLERANCE)
    assert fast.provenance["executor"] == "wavefront"
    assert (np.abs(fast.effect()) > 1e-5).any()


def test_one_entry_of_a_pattern(model):
    study = study_of(model, PAIRS)
    result = study.sweep("pattern", heads=["L1H2"], positions="each", attended="each").wait()
    (group,) = study.prompts.groups
    _, clean = model.run_with_cache(group.clean)
    right, wrong = (
        torch.tensor(ids)[:, 0]
        for ids in (study.prompts.answers.right, study.prompts.answers.wrong)
    )

    def write(activation, hook):
        activation[:, 2, 14, 10] = clean[hook.name][:, 2, 14, 10]
        return activation

    hooks = [("blocks.1.attn.hook_pattern", write)]
    logits = model.run_with_hooks(group.corrupted, fwd_hooks=hooks)[:, -1].detach()
    rows = torch.arange(len(right))
    wanted = logits[rows, right] - logits[rows, wrong]
    np.testing.assert_allclose(result.patched()[0, 14, 10], wanted, atol=TOLERANCE)
    assert np.isnan(result.effect()[0, 3, 4]).all()
    assert (result.effect()[0, 3, 2] == 0).all()


def test_all_neurons_together_are_the_mlp(model):
    study = study_of(model, PAIRS)
    width = study._session.model.spec.d_mlp
    np.testing.assert_allclose(
        study.sweep("neurons", block=width).effect()[:, 0],
        study.sweep("mlp").effect(),
        atol=TOLERANCE,
    )
