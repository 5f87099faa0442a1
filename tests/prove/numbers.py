"""Whatever is asked for, its numbers are those of whole forward passes of TransformerLens.

Hypothesis draws a family, its dtype, prompts of one or two lengths, a corruption, metrics, a
direction, what patches write, and a sweep or a path map (`_cases.py`); where a case fails, it looks
for a smaller one that does. Every case is also measured in one of `WAYS`, in which nothing may
change: in other chunks, on two threads or a Dask cluster, read from the store, with the prompts in
another order or among others. Of its study one of the `IDENTITIES` is checked (`_identities.py`).
"""

import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from patchwidgets.engine import execute
from patchwidgets.errors import ModelError, PlanError, PromptError
from tests.families import DOUBLE, PAIRS, made
from tests.prove._cases import Case, cases
from tests.prove._identities import IDENTITIES
from tests.prove._proof import Proof

PROMISE = (
    "whatever is asked for, its numbers are those of whole forward passes, and nothing that "
    "should not matter changes them"
)

LARGEST = {"float32": 1e-4, "float64": 2e-6}
"""Difference that is rounding, relative to values above 1."""

DOUBLED = 1e-11
"""The same, of a model that computes in float64 throughout."""

FLOORS = 8
"""In half precision: times the noise floor that a result states, and a step of the dtype at least:
that of a divergence is measured at the base run, where it may have no slope."""


def prove(times: int, of: int = 0) -> Proof:
    """Draw and measure so many cases."""
    proof = Proof(PROMISE)
    for part in ("batched", "worker"):  # they tell of every cluster that is closed
        logging.getLogger(f"distributed.{part}").setLevel(logging.CRITICAL)

    @seed(of)
    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(cases(_without(WAYS), _without(IDENTITIES)))
    def holds(case: Case) -> None:
        measure(case)
        proof.count(f"{KINDS.get(case.sweep, 'sweep')}, {case.way}")
        written[case.source.get("source", "other")] += 1
        dtypes[case.dtype] += 1
        held[case.identity] += 1

    written: Counter[str] = Counter()
    dtypes: Counter[str] = Counter()
    held: Counter[str] = Counter()
    try:
        holds()
    except Exception as found:
        for problem in found.exceptions if isinstance(found, ExceptionGroup) else [found]:
            notes = " ".join(getattr(problem, "__notes__", []))
            proof.fell.append(f"{type(problem).__name__}: {problem} {notes}")
    proof.notes += [_said("written", written), _said("dtypes", dtypes), _said("held", held)]
    return proof


KINDS = {"path": "path map", "paths_from": "paths from a sender"}


def _without(named: Mapping[str, tuple[Any, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    return {name: without for name, (_, without) in named.items()}


def _said(what: str, counts: Counter[str]) -> str:
    return f"{what}: " + ", ".join(f"{name} {times}" for name, times in sorted(counts.items()))


def measure(case: Case) -> None:
    """Measure a case in its way and in whole passes, compare, and check its identity.

    Raises:
        AssertionError: Numbers differ.
    """
    try:
        study = case.study()
        result = case.result(study)
    except (PlanError, ModelError, PromptError):  # what a family or these prompts cannot do
        assume(False)
        return
    assert study._session.executor == "wavefront", study._session.executor
    values = result.snapshot().values
    assert np.isfinite(values).all()
    rounding = _rounding(case, result)
    _same(values, case.values(case.study("reference")), rounding, "whole forward passes")
    _same(values, WAYS[case.way][0](case), rounding, case.way)
    _same(*IDENTITIES[case.identity][0](case), rounding, f"what it must be, as {case.identity}")


def _rounding(case: Case, result: Any) -> np.ndarray:
    """Return by metric how far rounding may move a value of 1."""
    metrics = case.options["metric"]
    if case.dtype in LARGEST:
        throughout = case.dtype == "float64" and case.family in DOUBLE
        return np.full((len(metrics), 1, 1), DOUBLED if throughout else LARGEST[case.dtype])
    floors = [FLOORS * result.provenance["noise_floor"][metric] for metric in metrics]
    step = torch.finfo(getattr(torch, case.dtype)).eps
    return np.maximum(floors, step).reshape(-1, 1, 1)


def _same(values: np.ndarray, again: np.ndarray, rounding: np.ndarray, what: str) -> None:
    error = np.abs(values - again) / np.maximum(1, np.abs(again))
    assert (error <= rounding).all(), (
        f"{error.max():.2g} apart from {what}, {(error / rounding).max():.2g} times rounding"
    )


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


def _on_a_cluster(case: Case) -> np.ndarray:
    path = list(sys.path)
    workers: dict[str, Any] = {"n_workers": 2, "processes": False, "threads_per_worker": 1}
    try:
        with LocalCluster(**workers, dashboard_address=":0") as two, Client(two) as client:
            return case.values(case.study(model=partial(made, case.family, case.dtype)), client)
    finally:
        sys.path[:] = path  # every worker adds its folder


def _from_the_store(case: Case) -> np.ndarray:
    """Measure when one cell has been stored, and once more when all have."""
    with _a_store():
        replace(case, cells=case.cells[:1]).values(case.study(store=True))
        once, again = (case.values(case.study(store=True)) for _ in range(2))
    assert np.array_equal(once, again), "what was read from the store has other bits"
    return again


def _in_another_order(case: Case) -> np.ndarray:
    turned = {name: column[::-1] for name, column in case.prompts.items() if name != "roles"}
    turned |= {"roles": {role: at[::-1] for role, at in case.prompts["roles"].items()}}
    return case.values(case.study(prompts=turned))[..., ::-1]


def _among_others(case: Case) -> np.ndarray:
    columns = {name: [*case.prompts[name], *PAIRS[name]] for name in PAIRS if name != "roles"}
    at = [*case.prompts["roles"]["changed"], *[PAIRS["roles"]["S2"]] * len(PAIRS["clean"])]
    more = case.study(prompts=columns | {"roles": {"changed": at}})
    return case.values(more)[..., : len(case.prompts["clean"])]


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


BY_ROW = ("noise", "resample")
"""Drawn for each row of the prompts, so that others have other draws."""

WAYS: dict[str, tuple[Callable[[Case], np.ndarray], tuple[str, ...]]] = {
    "in other chunks": (_in_other_chunks, ()),
    "on two threads": (_on_two_threads, ()),
    "on a cluster": (_on_a_cluster, ()),
    "from the store": (_from_the_store, ()),
    "in another order": (_in_another_order, BY_ROW),
    "among others": (_among_others, (*BY_ROW, "mean", "each")),
}
"""What should not matter, and which cases it matters for."""
