"""Attention patterns and neurons: wavefront, reference executor and plain hooks agree."""

import numpy as np
import pytest
import torch

from patchwidgets.errors import MeasurementError
from tests.families import PAIRS, RAGGED, READ_ONLY_PATTERN, study_of, tiny, tiny_in

TOLERANCE = 1e-4

SWEEPS = [
    ("pattern", {}),
    ("pattern", {"positions": "roles"}),
    ("pattern", {"attended": ["S2"]}),
    ("pattern", {"heads": ["L1H2"], "positions": ["END"], "attended": "roles"}),
    ("neurons", {"block": 24}),
    ("neurons", {"block": 40, "layers": [1], "positions": "roles"}),
]


READ_ONLY = {"gptj": "GPTJForCausalLM", "opt": "OPTForCausalLM"}


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


@pytest.mark.parametrize("family", sorted(READ_ONLY_PATTERN))
def test_a_pattern_that_is_shown_after_it_was_used_is_not_patched(family):
    study = study_of(tiny(family), PAIRS)
    layers = {"pattern": 0, "joint": 1}
    for sweep, options in {"pattern": {}, "joint": {"sets": {"one": ["L1H2.pattern"]}}}.items():
        message = (
            f"`tiny-{family}` ({READ_ONLY[family]}) does not use what is written at "
            f"`blocks.{layers[sweep]}.attn.hook_pattern`: its logits stay the same, so every "
            "effect would be 0, and no number is returned. This model's TransformerLens adapter "
            "shows that activation after it was used. Patch another site than `pattern`."
        )
        for ask in (study.sweep, study.estimate):
            with pytest.raises(MeasurementError) as refused:
                ask(sweep, **options).wait()
            assert str(refused.value) == message


def test_what_experts_write_together_is_not_taken_for_neurons():
    study = study_of(tiny("mixtral"), PAIRS)
    with pytest.raises(MeasurementError) as refused:
        study.sweep("neurons").wait()
    assert str(refused.value) == (
        "`tiny-mixtral` (MixtralForCausalLM) has no neurons at `blocks.0.mlp.hook_post`: the "
        "activation there is 32 wide, and its MLPs have 64 neurons, or several experts with so "
        "many each. No number is returned. Patch `mlp_out`."
    )


def test_a_site_that_does_nothing_in_the_first_layer_is_patched_in_the_next():
    study = study_of(tiny("llama"), PAIRS, store=False)
    silent = study.model.blocks[0].attn.o.original_component.weight
    with torch.no_grad():
        kept = silent.clone()
        silent.zero_()
    try:
        effect = study.sweep("pattern").effect()
    finally:
        with torch.no_grad():
            silent.copy_(kept)
    assert np.abs(effect[0]).max() < 1e-5
    assert np.abs(effect[1]).max() > 1e-3


def test_a_query_whose_small_change_is_lost_in_rounding_is_patched():
    prompts = {"clean": ["John said"], "corrupted": ["Anna said"]}
    prompts |= {"answers": [" Anna"], "wrong_answers": [" John"]}
    study = study_of(tiny_in("qwen2", "bfloat16"), prompts, prepend_bos=False, store=False)
    result = study.path(["L2H1.k"], through=["L1H1.q"]).wait()
    assert np.isfinite(result.snapshot().values).any()
