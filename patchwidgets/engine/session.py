"""A model and prompts, ready to measure plans: runs are made once and kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from patchwidgets.engine.checks import replay_problem
from patchwidgets.engine.execute import Measurement
from patchwidgets.engine.runs import GroupRuns, keep_more, run_group
from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Job
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import ATTENTION
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.tokens import TokenGroup, TokenPairs
from patchwidgets.results.measured import Baseline
from patchwidgets.results.result import Result
from patchwidgets.types import Direction, Executor

FIRST_SITES = frozenset({"z", "attn_out", "mlp_out"})
"""Kept from the first runs on, so that the usual sweeps need no further run."""


class Session:
    """Measures plans on one model, one set of prompts, some metrics and one direction.

    Args:
        model: The model.
        prompts: Prompt pairs as tokens.
        metrics: Read off every run, all at once.
        direction: Which run is patched with the other's values.
        seed: Chooses the cells that are measured twice.
        wanted: Which executor measures; `auto` is the fast one where it can be.
    """

    def __init__(
        self,
        model: LensModel,
        prompts: TokenPairs,
        metrics: Sequence[Metric],
        direction: Direction,
        seed: int = 0,
        wanted: Executor = "auto",
    ) -> None:
        self.model = model
        self.prompts = prompts
        self.metrics = tuple(metrics)
        self.direction: Direction = direction
        self.seed = seed
        self.wanted: Executor = wanted
        self._sites = FIRST_SITES
        self._runs: list[GroupRuns] = []
        self._problem = ""
        self._right: np.ndarray | None = None
        self._of: tuple[object, ...] = ()

    def baseline(self) -> Baseline:
        """Return every metric of both unpatched runs, per prompt, running them if need be."""
        with self.model.measuring():
            return self._baseline_of(self._runs_with(()))

    def _baseline_of(self, runs: Sequence[GroupRuns]) -> Baseline:
        shape = (len(self.metrics), len(self.prompts.pairs))
        base, source = np.full(shape, np.nan), np.full(shape, np.nan)
        for group in runs:
            base[:, group.group.members] = group.base_values
            source[:, group.group.members] = group.source_values
        denoising = self.direction == "denoising"
        return Baseline(
            clean=source if denoising else base, corrupted=base if denoising else source
        )

    def measure(self, plan: Plan, result: Result, job: Job) -> None:
        """Measure `plan` into `result`.

        Raises:
            MeasurementError: A check failed; the result is emptied first.
            ModelError: The model lacks a site, or is in training mode.
        """
        with self.model.measuring():
            runs = self._runs_with(_sites_of(plan), job.check)
            result.record_baseline(self._baseline_of(runs))
            result.provenance["executor"] = self.executor
            fast = not self._problem
            measurement = Measurement(self.model, plan, runs, fast=fast, seed=self.seed)
            try:
                measurement.run(job, result.record)
            except MeasurementError:
                result.forget()
                raise

    def right(self) -> np.ndarray:
        """Return for every prompt whether the clean run prefers an answer to every wrong one.

        Read once: a sweep that is only queued must not wait for the one that is measured.
        """
        if self._right is None:
            self._right = self._read_right()
        return self._right

    def _read_right(self) -> np.ndarray:
        self.baseline()
        right = np.zeros(len(self.prompts.pairs), dtype=bool)
        for runs in self._runs:
            clean = runs.source if self.direction == "denoising" else runs.base
            answers = self.prompts.answers.select(runs.group.members)
            for row, member in enumerate(runs.group.members):
                logits = clean.logits[row]
                best = logits[list(answers.right[row])].max()
                right[member] = bool(best > logits[list(answers.wrong[row])].max())
        return right

    def describe_prompts(self) -> list[dict[str, Any]]:
        """Return every pair as it was measured: tokens, ids, roles, answers and rightness."""
        right = self.right()
        described: dict[int, dict[str, Any]] = {}
        for group in self.prompts.groups:
            for row, member in enumerate(group.members):
                pair, strings = self.prompts.pairs[member], self.prompts.strings[member]
                described[member] = {
                    "clean": list(strings[0]),
                    "corrupted": list(strings[1]),
                    "clean_ids": group.clean[row].tolist(),
                    "corrupted_ids": group.corrupted[row].tolist(),
                    "roles": {role: int(at[row]) for role, at in group.roles.items()},
                    "answers": list(pair.answers),
                    "wrong_answers": list(pair.wrong_answers),
                    "group": pair.group,
                    "right": bool(right[member]),
                }
        return [described[member] for member in sorted(described)]

    @property
    def executor(self) -> str:
        """How cells are measured: `wavefront`, or `reference` and the reason."""
        return f"reference: {self._problem}" if self._problem else "wavefront"

    def _runs_with(
        self, sites: Iterable[str], check: Callable[[], None] = lambda: None
    ) -> list[GroupRuns]:
        """Return every group's runs with at least these sites kept, running them if need be."""
        of = (self.model.fingerprint(), *self.model.callers_hooks())
        if of != self._of:
            self._runs = [self._run(group, check) for group in self.prompts.groups]
            self._problem = self._why_not_fast(check)
            self._of = of
        missing = set(sites) - self._sites
        if missing:
            self._runs = [keep_more(self.model, runs, missing, check) for runs in self._runs]
            self._sites |= missing
        return self._runs

    def _why_not_fast(self, check: Callable[[], None]) -> str:
        if self.wanted == "reference":
            return "it was asked for"
        problems = (replay_problem(self.model, runs, check) for runs in self._runs)
        return next((problem for problem in problems if problem), "")

    def _run(self, group: TokenGroup, check: Callable[[], None]) -> GroupRuns:
        answers, sites = self.prompts.answers, sorted(self._sites)
        return run_group(self.model, group, answers, self.metrics, self.direction, sites, check)


def _sites_of(plan: Plan) -> set[str]:
    sites = {node.site for patch in plan.patches for node in patch.nodes}
    if plan.form is not None:
        sites |= {"z", "mlp_out", "attn_out", ATTENTION}
    return sites - {"embed", "resid_pre", "resid_post"}
