"""Estimates fit the memory they are given, and go on with fewer prompts where there is none."""

import numpy as np
import pytest
import torch

from patchwidgets.engine import changes, gradients, memory
from patchwidgets.errors import MemoryBudgetError
from tests.engine.test_hygiene import traces
from tests.engine.test_memory import OUT_OF_MEMORY
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny

ASKED = {
    "attribution": ("heads", {"site": "k", "positions": "roles"}),
    "eap": ("path", {"receivers": ["L2H1.v"]}),
    "eap_ig": ("path", {"receivers": ["L2H1.v"]}),
}


def estimated(study, method):
    plan, options = ASKED[method]
    return study.estimate(plan, method, **options).estimate.values


def _passes(monkeypatch, problem=None, fits=0):
    """Return a list that gets the prompts of every pass; more than `fits` of them fail."""
    right, seen = gradients.run_hooked, []

    def run_hooked(model, base, prompts, hooks):
        count = len(base.tokens[prompts])
        seen.append(count)
        if problem is not None and count > fits:
            with model.hooked(hooks):
                raise problem
        return right(model, base, prompts, hooks)

    for module in (gradients, changes):
        monkeypatch.setattr(module, "run_hooked", run_hooked)
    return seen


@pytest.mark.parametrize("problem", OUT_OF_MEMORY)
@pytest.mark.parametrize("method", ASKED)
def test_estimates_go_on_with_fewer_prompts_where_memory_runs_out(problem, method, monkeypatch):
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["llama"](), "fresh-llama")
    study = study_of(model, RAGGED)
    wanted, clean = estimated(study, method), traces(model)
    seen = _passes(monkeypatch, OUT_OF_MEMORY[problem], fits=1)
    got = estimated(study, method)
    assert sorted(set(seen)) == [1, 3]
    assert seen.count(3) == 1
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)
    assert traces(model) == clean


def test_a_sweep_estimates_first_where_memory_runs_out(monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    wanted = study.sweep("heads", estimate="attribution", top=3).wait()
    seen = _passes(monkeypatch, torch.OutOfMemoryError("CUDA out of memory."), fits=1)
    got = study.sweep("heads", estimate="attribution", top=3).wait()
    assert seen[0] > 1
    np.testing.assert_allclose(got.estimate.values, wanted.estimate.values, atol=1e-5)
    np.testing.assert_array_equal(got.snapshot().status, wanted.snapshot().status)


def test_no_memory_for_one_prompt_is_an_error(monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    _passes(monkeypatch, MemoryError(), fits=0)
    with pytest.raises(MemoryBudgetError) as refused:
        study.estimate("heads")
    assert str(refused.value) == (
        "There is no memory left for the gradients of `tiny-llama` on even one prompt of 15 "
        "tokens: a backward pass needs what every block computed. Leave out `estimate` and "
        "measure, close what else uses memory, or load the model in half precision."
    )


def test_another_error_is_not_taken_for_missing_memory(monkeypatch):
    _passes(monkeypatch, RuntimeError("shapes do not fit"), fits=0)
    with pytest.raises(RuntimeError, match=r"^shapes do not fit$"):
        study_of(tiny("llama"), PAIRS).estimate("heads")


def _one(length):
    """Return what the gradients of one prompt are counted as."""
    study = study_of(tiny("llama"), PAIRS)
    return memory.gradient_bytes(study._session.model.spec, 4, length=length)


@pytest.mark.parametrize("method", ASKED)
def test_a_budget_makes_passes_small_and_changes_no_number(method, monkeypatch):
    wanted = estimated(study_of(tiny("llama"), RAGGED), method)
    tight = study_of(tiny("llama"), RAGGED, memory=int(2.5 * _one(15)))
    seen = _passes(monkeypatch)
    got = estimated(tight, method)
    assert max(seen) == 2
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)


def test_a_budget_too_small_for_the_gradients_of_one_prompt_is_refused():
    needed = _one(15)
    study = study_of(tiny("llama"), PAIRS, memory=needed - 1)
    assert np.isfinite(study.sweep("heads").effect()).all()
    with pytest.raises(MemoryBudgetError) as refused:
        study.estimate("heads")
    assert str(refused.value) == (
        f"`memory` allows {memory.written_bytes(needed - 1)}, but the gradients of one prompt of "
        f"15 tokens take about {memory.written_bytes(needed)}: a backward pass needs what every "
        "block computed. Allow at least that much, or leave out `estimate` and measure."
    )


@pytest.mark.parametrize("family", ["gpt2", "llama", "pythia"])
@pytest.mark.parametrize("method", ["attribution", "eap"])
def test_what_is_counted_holds_what_is_kept_for_the_backward_pass(family, method):
    model = tiny(family)
    one = {name: each[:1] if isinstance(each, list) else each for name, each in PAIRS.items()}
    study = study_of(model, one)
    own = {weight.untyped_storage().data_ptr() for weight in model.original_model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        estimated(study, method)
    counted = memory.gradient_bytes(study._session.model.spec, 4, length=15)
    assert counted / 6 < sum(kept.values()) < counted
