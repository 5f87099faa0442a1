"""Somebody runs the model in another cell while a sweep is measured: neither hears of the other."""

import threading
from typing import Any

import numpy as np
import pytest
import torch

from patchwidgets.models.bridge import LensModel
from tests.engine.test_hygiene import traces
from tests.families import EVERY_FAMILY, FAMILIES, PAIRS, bridge_of, has_site, study_of, tiny

POINT = "blocks.1.hook_mlp_out"
TOKENS = torch.arange(2, 12)[None]
SWEEPS = {
    "cells": lambda study: study.sweep("heads", positions="each"),
    "reference": lambda study: study.sweep("heads"),
    "paths": lambda study: study.path(["L2H1.v"]),
    "estimates": lambda study: study.sweep("heads", estimate="attribution", top=3),
}


def fresh() -> Any:
    torch.manual_seed(0)
    return bridge_of(FAMILIES["llama"](), "beside-llama")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from patchwidgets.engine import execute

    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)


class Runs:
    """What somebody does with a model, again and again, and whether it always gives the same."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.times = 0
        with torch.inference_mode():
            self.residual = model.run_with_cache(TOKENS)[1]["blocks.1.hook_resid_pre"].clone()
        self.quiet = self.once()

    def once(self) -> list[torch.Tensor]:
        """Run with hooks, with a cache, from a block and up to one."""
        seen: list[torch.Tensor] = []

        def double(activation: torch.Tensor, hook: Any) -> torch.Tensor:
            seen.append(activation.clone())
            return activation * 2

        with torch.inference_mode():
            hooked = self.model.run_with_hooks(TOKENS, fwd_hooks=[(POINT, double)])
            logits, cache = self.model.run_with_cache(TOKENS)
            kept = [cache[name] for name in ("blocks.0.attn.hook_z", POINT)]
            stopped = self.model(TOKENS, stop_at_layer=1)
            begun = self.model(self.residual, start_at_layer=1)
        return [*(one.clone() for one in (hooked, logits, *kept, stopped, begun)), *seen]

    def until(self, done: Any) -> None:
        """Check that all of it is as it was when nothing was measured."""
        while not done() or not self.times:
            found = self.once()
            assert [one.shape for one in found] == [one.shape for one in self.quiet]
            assert all(map(torch.equal, found, self.quiet))
            self.times += 1


@pytest.mark.parametrize("kind", SWEEPS)
@pytest.mark.parametrize("executor", ["auto", "reference"])
def test_neither_changes_what_the_other_finds(kind: str, executor: str, small_chunks: None) -> None:
    model = fresh()
    wanted = SWEEPS[kind](study_of(model, PAIRS, executor=executor)).wait()
    runs = Runs(model)
    clean = traces(model)
    study = study_of(model, PAIRS, executor=executor)
    result = SWEEPS[kind](study)
    runs.until(lambda: result.done)
    np.testing.assert_allclose(result.wait().patched(), wanted.patched(), atol=1e-5)
    assert result.provenance["executor"] == wanted.provenance["executor"]
    assert traces(model) == clean


@pytest.mark.parametrize("sweep", ["heads", "mlp"])
@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_any_family_is_run_beside_a_sweep(family: str, sweep: str, small_chunks: None) -> None:
    if sweep == "mlp" and not has_site(family, "mlp_out"):
        return
    model = tiny(family)
    wanted = study_of(model, PAIRS, store=False).sweep(sweep, positions="each").wait()
    study = study_of(model, PAIRS, store=False)
    with torch.inference_mode():
        quiet = model.run_with_cache(TOKENS)[1]["blocks.1.hook_resid_pre"].clone()
        result = study.sweep(sweep, positions="each")
        found = [model.run_with_cache(TOKENS)[1]["blocks.1.hook_resid_pre"] for _ in range(3)]
    assert all(torch.equal(one, quiet) for one in found)
    np.testing.assert_allclose(result.wait().patched(), wanted.patched(), atol=1e-5)


def test_a_sweep_is_measured_with_the_hooks_that_were_there_when_it_was_asked_for() -> None:
    model = fresh()
    plain = study_of(model, PAIRS).sweep("heads").wait()
    study = study_of(model, PAIRS)
    with LensModel(model).measuring():  # so that it begins later
        before = study.sweep("heads")
    model.add_hook(POINT, lambda activation, hook: activation / 2)
    after = study.sweep("heads").wait()
    np.testing.assert_array_equal(before.wait().patched(), plain.patched())
    assert before.provenance["executor"] == "wavefront"
    assert not np.allclose(after.patched(), plain.patched())
    assert "carries hooks of yours" in after.provenance["executor"]
    model.reset_hooks()
    again = study.sweep("heads").wait()
    np.testing.assert_allclose(again.patched(), plain.patched(), atol=1e-6)


def test_hooks_of_a_context_are_those_of_what_is_asked_within() -> None:
    model = fresh()
    study = study_of(model, PAIRS)
    plain = study.sweep("heads").wait()
    with model.hooks(fwd_hooks=[(POINT, lambda activation, hook: activation / 2)]):
        within = study.sweep("heads").wait()
    assert not np.allclose(within.patched(), plain.patched())
    model.add_hook(POINT, lambda activation, hook: activation / 2)
    left = study.sweep("heads").wait()
    np.testing.assert_array_equal(left.patched(), within.patched())


def test_a_thread_of_ours_does_not_take_hooks_of_a_run_for_hooks_left() -> None:
    model = fresh()
    lens = LensModel(model)
    assert lens.callers_hooks() == []
    found: list[list[str]] = []

    def look(activation: torch.Tensor, hook: Any) -> None:
        for name in ("patchwidgets-look", "anybody"):
            thread = threading.Thread(target=lambda: found.append(lens.callers_hooks()), name=name)
            thread.start()
            thread.join()

    model.run_with_hooks(TOKENS, fwd_hooks=[(POINT, look)])
    assert found == [[], ["blocks.1.mlp.hook_out"]]


def test_hooks_for_gradients_that_were_left_are_obeyed() -> None:
    model = fresh()
    plain = study_of(model, PAIRS, store=False).estimate("heads").effect()
    double = lambda gradient, hook: (2 * gradient,)  # noqa: E731 - TransformerLens wants a tuple
    model.add_hook("blocks.2.hook_resid_post", double, dir="bwd")
    doubled = study_of(model, PAIRS, store=False).estimate("heads").effect()
    np.testing.assert_allclose(doubled, 2 * plain, rtol=1e-4, atol=1e-6)
