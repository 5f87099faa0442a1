"""Whatever is asked for, its numbers are those of whole forward passes of TransformerLens.

Hypothesis draws a family, prompts of one or two lengths, a corruption, metrics, a direction, and a
sweep or a path map; where a case fails, it looks for a smaller one that does. Every case is also
measured in one of `WAYS`, in which nothing may change: in other chunks, on two threads, read from
the store, with the prompts in another order.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from patchwidgets.engine import execute
from patchwidgets.errors import ModelError, PlanError
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from tests import parity
from tests.drawn import pairs
from tests.families import EVERY_FAMILY, NO_NOISE, has_site, study_of, tiny
from tests.prove._proof import Proof

PROMISE = (
    "whatever is asked for, its numbers are those of whole forward passes, and nothing that "
    "should not matter changes them"
)
METRICS = ("logit_diff", "prob", "logprob", "kl_div", "prob_diff")
"""Those that rounding moves by rounding only."""

LARGEST = 1e-4
"""Difference that is rounding, relative to values above 1."""

CELLS = 4


@dataclass(frozen=True)
class Case:
    """What is asked for.

    Args:
        family: Of the tiny model.
        prompts: Of the study.
        options: Of the study besides.
        sweep: Name of a sweep or of the path map.
        asked: Its options.
        cells: Which of its patches are measured.
        way: In which it is measured once more.
    """

    family: str
    prompts: dict[str, Any]
    options: dict[str, Any]
    sweep: str
    asked: dict[str, Any]
    cells: tuple[int, ...]
    way: str

    def study(self, executor: str = "auto", **changes: Any) -> Any:
        """Return the study, with some of its options changed."""
        given = {"store": False, **self.options, **changes}
        prompts = given.pop("prompts", self.prompts)
        return study_of(tiny(self.family), prompts, executor=executor, **given)

    def values(self, study: Any) -> np.ndarray:
        """Return metric by patch by prompt."""
        whole = study.plan(self.sweep, **self.asked)
        patches = whole.patches
        some = [patches[cell % len(patches)] for cell in dict.fromkeys(self.cells)]
        plan = parity.plan_of(list(dict.fromkeys(some)), whole.form)
        return study.sweep(lambda _spec, _shape: plan).wait().snapshot().values


def prove(times: int, of: int = 0) -> Proof:
    """Draw and measure so many cases."""
    proof = Proof(PROMISE)

    @seed(of)
    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(cases())
    def holds(case: Case) -> None:
        measure(case)
        proof.count(f"{'path map' if case.sweep == 'path' else 'sweep'}, {case.way}")

    try:
        holds()
    except Exception as problem:
        notes = " ".join(getattr(problem, "__notes__", []))
        proof.fell.append(f"{type(problem).__name__}: {problem} {notes}")
    return proof


def measure(case: Case) -> None:
    """Measure a case every way and compare.

    Raises:
        AssertionError: Numbers differ.
    """
    try:
        study = case.study()
        values = case.values(study)
    except (PlanError, ModelError):  # what a family or these prompts cannot do
        assume(False)
        return
    assert study._session.executor == "wavefront", study._session.executor
    assert np.isfinite(values).all()
    _same(values, case.values(case.study("reference")), "whole forward passes")
    _same(values, WAYS[case.way](case), case.way)


def _same(values: np.ndarray, again: np.ndarray, what: str) -> None:
    error = np.abs(values - again) / np.maximum(1, np.abs(again))
    assert error.max() <= LARGEST, f"{error.max():.2g} apart from {what}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case; a few cannot be measured, and say so."""
    noise = draw(st.sampled_from([None, None, GaussianNoise(k=2.0, draws=2)]))
    families = [one for one in EVERY_FAMILY if noise is None or one not in NO_NOISE]
    family = draw(st.sampled_from(families))
    options: dict[str, Any] = {
        "direction": draw(st.sampled_from(parity.DIRECTIONS)),
        "prepend_bos": draw(st.booleans()),
        "metric": draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=3, unique=True)),
    }
    options |= {} if noise is None else {"corruption": noise, "at": "changed"}
    if draw(st.booleans()):
        receivers = draw(st.lists(st.sampled_from(RECEIVERS), min_size=1, max_size=2, unique=True))
        sweep, asked = "path", {"receivers": receivers, "form": draw(st.sampled_from(parity.FORMS))}
    else:
        site = draw(st.sampled_from([one for one in parity.SWEEP_OF if has_site(family, one)]))
        sweep, asked = parity.SWEEP_OF[site], parity.asked_of(site)
        asked |= {"positions": draw(st.sampled_from([None, "roles", "each"]))}
        if sweep in ("mlp", "attn"):
            asked |= {"window": draw(st.integers(1, 3))}
    cells = draw(st.lists(st.integers(0, 500), min_size=1, max_size=CELLS))
    ways = [way for way in WAYS if noise is None or way != "in another order"]
    way = draw(st.sampled_from(ways))
    return Case(family, draw(pairs()), options, sweep, asked, tuple(cells), way)


RECEIVERS = (*parity.RECEIVERS.values(), "L1.mlp_in", "L2H1.v@changed")


def _in_other_chunks(case: Case) -> np.ndarray:
    were = execute.CHUNK_TOKENS, execute.SMALL_CHUNK_TOKENS
    execute.CHUNK_TOKENS, execute.SMALL_CHUNK_TOKENS = 8, 8
    try:
        return case.values(case.study())
    finally:
        execute.CHUNK_TOKENS, execute.SMALL_CHUNK_TOKENS = were


def _on_two_threads(case: Case) -> np.ndarray:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        return case.values(case.study())
    finally:
        torch.set_num_threads(before)


def _from_the_store(case: Case) -> np.ndarray:
    with _a_store():
        once, again = (case.values(case.study(store=True)) for _ in range(2))
    assert np.array_equal(once, again), "what was read from the store has other bits"
    return again


def _in_another_order(case: Case) -> np.ndarray:
    turned = {name: column[::-1] for name, column in case.prompts.items() if name != "roles"}
    turned |= {"roles": {role: at[::-1] for role, at in case.prompts["roles"].items()}}
    return case.values(case.study(prompts=turned))[..., ::-1]


@contextmanager
def _a_store() -> Iterator[None]:
    names = ("PATCHWIDGETS_CACHE", "PATCHWIDGETS_STORE")
    were = {name: os.environ.pop(name, None) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PATCHWIDGETS_CACHE": folder, "PATCHWIDGETS_STORE": "on"}
        try:
            yield
        finally:
            for name in names:
                del os.environ[name]
            os.environ |= {name: was for name, was in were.items() if was is not None}


WAYS: dict[str, Callable[[Case], np.ndarray]] = {
    "in other chunks": _in_other_chunks,
    "on two threads": _on_two_threads,
    "from the store": _from_the_store,
    "in another order": _in_another_order,
}
"""What should not matter."""
