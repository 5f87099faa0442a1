"""What a worker of a cluster does: load the model once, and measure waves of one plan on it.

A worker measures nothing before its model, its code and its own unpatched runs have been compared
with those of the process that asks.
"""

import pickle
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from patchwidgets.engine.cell_keys import about_model, key_of
from patchwidgets.engine.checks import replay_problem
from patchwidgets.engine.group_work import GroupWork
from patchwidgets.engine.rounding import tolerance
from patchwidgets.engine.runs import run_group
from patchwidgets.engine.sources._source import Source, with_source
from patchwidgets.errors import ClusterError, PatchwidgetsError
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.tokens import TokenPairs
from patchwidgets.types import Direction

Values = Float[np.ndarray, "patch metric batch"]

MAY_DIFFER = ("device", "threads")
"""Of what numbers depend on, that which changes them by rounding only."""


@dataclass(frozen=True)
class Assignment:
    """Everything a worker needs to measure a plan; it travels to each worker once.

    Args:
        load: A pickled function that makes the model.
        name: What the model is called.
        about: What numbers depend on besides prompts and plan, in the process that asks.
        prompts: Prompt pairs as tokens.
        metrics: Read off every run.
        direction: Which run is patched with the other's values.
        plan: The patches.
        source: Whose values patches write; those of the other run if `None`.
        sites: What the unpatched runs must keep.
        fast: Whether blocks are replayed; otherwise the reference executor measures.
        baselines: For every group the metrics of the base run, then those of the other run.
    """

    load: bytes
    name: str
    about: Mapping[str, Any]
    prompts: TokenPairs
    metrics: Sequence[Metric]
    direction: Direction
    plan: Plan
    source: Source | None
    sites: Sequence[str]
    fast: bool
    baselines: Sequence[Float[np.ndarray, "two_metrics _batch"]]


class _Bench:
    """One plan on one model, group by group as they are asked for."""

    def __init__(self, model: LensModel, assignment: Assignment) -> None:
        self.model = model
        self._asked = assignment
        self._work: dict[tuple[int, tuple[int, int]], GroupWork] = {}

    def values(self, group: int, patches: Sequence[int], prompts: tuple[int, int]) -> Values:
        """Return the metrics of patches on some prompts of a group."""
        with self.model.measuring():
            if (group, prompts) not in self._work:
                self._work[group, prompts] = self._prepared(group, slice(*prompts))
            work = self._work[group, prompts]
            # Some of the prompts may differ later than others, or not where a patch writes.
            found = dict.fromkeys(patches, work.runs.base_values)
            for wave in work.waves(patches):
                measured = work.values(wave, _go_on)
                found |= zip((cell.patch for cell in wave), measured, strict=True)
            return np.stack([found[patch] for patch in patches])

    def _prepared(self, place: int, prompts: slice) -> GroupWork:
        asked, group = self._asked, self._asked.prompts.groups[place].select(prompts)
        answers, sites = asked.prompts.answers, list(asked.sites)
        runs = run_group(self.model, group, answers, asked.metrics, asked.direction, sites, _go_on)
        here = np.concatenate([runs.base_values, runs.source_values])
        there = asked.baselines[place][:, prompts]
        error = np.abs(here - there) / np.maximum(1, np.abs(there))
        if not (error <= tolerance(self.model)).all():
            raise ClusterError(
                f"the unpatched runs of `{asked.name}` have other metrics than where you ask "
                f"({np.max(error):.2g} apart, where {tolerance(self.model):.0g} is rounding). "
                "Effects measured here would not belong to that base run. Give every worker the "
                "same kind of device and the same libraries."
            )
        problem = replay_problem(self.model, runs, _go_on) if asked.fast else ""
        if problem:
            raise ClusterError(
                f"the fast engine does not work here, though it does where you ask: {problem}. "
                "Leave this worker out, or measure with `executor='reference'`."
            )
        if asked.source is not None:
            runs = with_source(asked.source, self.model, asked.prompts, runs, asked.sites, _go_on)
        return GroupWork(self.model, asked.plan, runs, fast=asked.fast)


class _Kept:
    """What this process keeps between calls: one model, and the plan it measured last."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.loaded: tuple[bytes, LensModel, str] | None = None
        self.at_work: tuple[bytes, _Bench] | None = None


_kept = _Kept()


def measure(
    packed: bytes, group: int, patches: Sequence[int], prompts: tuple[int, int]
) -> tuple[str, str, Values]:
    """Return which worker this is, of which kind, and the metrics of patches.

    Args:
        packed: A pickled `Assignment`.
        group: Place of the group of prompts.
        patches: Places in the plan.
        prompts: From which to before which prompt of the group.

    Raises:
        ClusterError: The model cannot be loaded here; or it, this code or the unpatched runs are
            not those of the process that asks.
        MeasurementError: A hook did not fire, or a metric is not finite.
        MemoryBudgetError: There is no memory here for a single cell.
    """
    from distributed import get_worker

    worker = get_worker().address
    try:
        with _kept.lock:
            bench = _bench(packed)
            values = bench.values(group, patches, prompts)
    except PatchwidgetsError as problem:
        raise type(problem)(f"Worker {worker}: {problem}") from None
    return worker, f"{bench.model.device.type}, {torch.get_num_threads()} threads", values


def _bench(packed: bytes) -> _Bench:
    if _kept.at_work is None or _kept.at_work[0] != packed:
        _kept.at_work = None
        assignment = _read(packed)
        _kept.at_work = packed, _Bench(_model(assignment), assignment)
    return _kept.at_work[1]


def _read(packed: bytes) -> Assignment:
    try:
        return pickle.loads(packed)
    except Exception as problem:  # whatever a module of the user's raises when it is imported
        raise ClusterError(
            f"what was sent cannot be read here ({type(problem).__name__}: {problem}). A metric, a "
            "source or a task of yours comes from a module that this machine lacks. Install it "
            "there too, or define it in the notebook, from where it travels by its code."
        ) from None


def _model(asked: Assignment) -> LensModel:
    if _kept.loaded is None or _kept.loaded[0] != asked.load:
        _kept.loaded = None  # memory for one model is all that is asked of a worker
        try:
            model = LensModel(pickle.loads(asked.load)())
        except Exception as problem:  # whatever a model's own code raises
            raise ClusterError(
                f"`{asked.name}` cannot be loaded here ({type(problem).__name__}: {problem}). "
                "Every worker loads the model itself. Install what it comes from on this machine, "
                "or let it reach the hub; or give `pw.Study` a function without arguments that "
                "makes the model and works here too."
            ) from None
        _kept.loaded = asked.load, model, model.fingerprint()
    _, model, fingerprint = _kept.loaded
    if model.busy:
        raise ClusterError(
            f"the function that makes `{asked.name}` gave a model that this process measures on "
            "already, so that each would wait for the other. Make a new one in every call; take "
            "off a `cache` around it."
        )
    _require_same(asked, about_model(model, fingerprint))
    return model


def _require_same(asked: Assignment, here: Mapping[str, Any]) -> None:
    """Check that this process would measure the same numbers but for rounding."""
    for name in sorted({*asked.about, *here} - set(MAY_DIFFER)):
        got, wanted = here.get(name), asked.about.get(name)
        if key_of({name: got}) == key_of({name: wanted}):
            continue
        if name == "fingerprint":
            raise ClusterError(
                f"`{asked.name}` has other weights here (fingerprint {got}) than where you ask "
                f"({wanted}). Numbers of two models do not belong in one map. Load the same "
                "weights on both sides: give `pw.Study` a function without arguments that makes "
                "the model as you have it, changes of yours included."
            )
        raise ClusterError(
            f"what measures `{asked.name}` is not the same: `{name}` is {_short(got)} here and "
            f"{_short(wanted)} where you ask. Install the same versions on both sides, and load "
            "the model in the same way."
        )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _go_on() -> None:
    """Never stop: a wave is short, and the process that asks does not wait for it."""
