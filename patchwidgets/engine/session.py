"""A model and prompts, ready to measure plans: runs are made once and kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from patchwidgets.engine.cell_keys import (
    about_group,
    about_model,
    about_prompts,
    are_ours,
    key_of,
)
from patchwidgets.engine.checks import replay_problem
from patchwidgets.engine.cluster import Cluster
from patchwidgets.engine.cluster_worker import Assignment
from patchwidgets.engine.continuing import answered, reads_wrong, spread
from patchwidgets.engine.cost import Cost, cost_of
from patchwidgets.engine.estimating import estimate
from patchwidgets.engine.execute import Measurement
from patchwidgets.engine.kept_sites import UNRECORDED, sites_of
from patchwidgets.engine.memory import require_room
from patchwidgets.engine.precision import noise_floor
from patchwidgets.engine.rounding import tolerance
from patchwidgets.engine.runs import GroupRuns, keep_more, run_group
from patchwidgets.engine.sources._source import Source, with_source
from patchwidgets.engine.sources.mean_by_role import MeanByRole
from patchwidgets.engine.store import CellStore, StoredCells
from patchwidgets.engine.threads import threads_for
from patchwidgets.engine.writable import require_writable
from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Job
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.answers import Continuations
from patchwidgets.prompts.tokens import TokenGroup, TokenPairs
from patchwidgets.results.draws import over_draws
from patchwidgets.results.estimate import Estimate
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
        memory: Bytes that a chunk may take, besides the model and its unpatched runs; `None` for
            no limit.
        store: Whether measured cells are kept on disk and read from there.

    Raises:
        MemoryBudgetError: `memory` holds no cell.
    """

    def __init__(
        self,
        model: LensModel,
        prompts: TokenPairs,
        metrics: Sequence[Metric],
        direction: Direction,
        seed: int = 0,
        wanted: Executor = "auto",
        memory: int | None = None,
        store: bool = True,
    ) -> None:
        self.model = model
        self.prompts = prompts
        self.metrics = tuple(metrics)
        self.direction: Direction = direction
        self.seed = seed
        self.wanted: Executor = wanted
        self.memory = memory
        self.store = store
        self._sites = FIRST_SITES
        self._runs: list[GroupRuns] = []
        self._problem = ""
        self._right: np.ndarray | None = None
        self._of: tuple[object, ...] = ("",)
        self._writable: set[str] = set()
        self._noise: dict[str, float] = {}
        if memory is not None:
            every_logit = any(metric.columns == "all" for metric in self.metrics)
            size = model.dtype.itemsize
            groups = [
                spread(group, prompts.answers.select(group.members), wrong=reads_wrong(metrics))[0]
                for group in prompts.groups
            ]
            require_room(memory, model.spec, size, groups, every_logit=every_logit)

    def baseline(self) -> Baseline:
        """Return every metric of both unpatched runs, per row, running them if need be."""
        with self.model.measuring():
            return self._baseline_of(self.runs_with(()))

    def _baseline_of(self, runs: Sequence[GroupRuns]) -> Baseline:
        shape = (len(self.metrics), self.prompts.n_rows)
        base, source = np.full(shape, np.nan), np.full(shape, np.nan)
        for group in runs:
            base[:, group.group.members] = group.base_values
            source[:, group.group.members] = group.source_values
        denoising = self.direction == "denoising"
        return Baseline(
            clean=source if denoising else base, corrupted=base if denoising else source
        )

    def measure(
        self,
        plan: Plan,
        result: Result,
        job: Job,
        order: Sequence[int] | None = None,
        source: Source | None = None,
        verify: int = 0,
        cluster: Cluster | None = None,
    ) -> None:
        """Measure `plan` into `result`.

        Args:
            plan: The patches.
            result: Takes the numbers.
            job: Told of the progress; asked whether to stop.
            order: Measure these patches only, in this order of importance; all if `None`.
            source: Whose values patches write; those of the other run if `None`.
            verify: How many stored cells to measure again.
            cluster: Whose workers measure; this process if `None`. It makes the unpatched runs
                and the checks all the same.

        Raises:
            MeasurementError: A check failed; the result is emptied first.
            ClusterError: Workers cannot measure, or are gone; what was measured stays.
            MemoryBudgetError: There is no memory for a single cell.
            ModelError: The model lacks a site, or is in training mode.
        """
        with self.model.measuring():
            runs = self.runs_with(sites_of(plan), job.check)
            require_writable(self.model, runs[0].base.tokens[:1], plan, self._writable)
            result.record_baseline(self._baseline_of(runs))
            result.provenance |= {"fingerprint": self.fingerprint, "executor": self.executor}
            if cluster is not None:
                result.provenance["cluster"] = cluster.about
            runs = self._from(source, plan, job.check)
            result.provenance["noise_floor"] = self._noise_floor(job.check)
            with self._stores(plan, runs, source, cluster) as stores:
                measurement = self._measurement(plan, runs, stores, order, verify, source, cluster)
                result.provenance["cells_from_store"] = len(measurement.from_store)
                try:
                    measurement.run(job, result.record)
                except MeasurementError:
                    result.forget()
                    measurement.forget_stored()
                    raise

    def estimate(
        self,
        plan: Plan,
        method: str,
        *,
        source: Source | None = None,
        check: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> Estimate:
        """Return the effects of `plan` by estimate; nothing is patched.

        Args:
            plan: The patches.
            method: `attribution` for nodes, `eap` or `eap_ig` for paths.
            source: Whose values patches would write; those of the other run if `None`.
            check: Called before every pass; raises to stop.
            **options: The method's own.

        Raises:
            UnknownNameError: There is no such method, or it has no such option.
            PlanError: The method is not for these patches.
            MeasurementError: The first metric has no slope at the base run, or a hook did not fire.
            MemoryBudgetError: There is no memory for the gradients of a single prompt.
        """
        sites = sites_of(plan) | {"z"}
        with self.model.measuring():
            tokens = self.runs_with(sites, check)[0].base.tokens[:1]
            require_writable(self.model, tokens, plan, self._writable)
            runs = self._from(source, plan, check)
            about = (self.metrics, plan, method, options, check, self.memory)
            found = estimate(self.model, runs, *about)
        return replace(found, values=over_draws(found.values, self.prompts.draws))

    def cost(self, plan: Plan, source: Source | None = None) -> Cost:
        """Return what measuring `plan` would cost now; waits while another plan is measured."""
        sites = sites_of(plan)
        with self.model.measuring():
            self.runs_with(sites)
            runs = self._from(source, plan)
            with self._stores(plan, runs, source) as stores:
                return cost_of(self._measurement(plan, runs, stores))

    def cost_now(self, plan: Plan) -> Cost | None:
        """As `cost`, by the runs that are here: never waits; `None` where they are not enough."""
        sites = {node.site for patch in plan.patches for node in patch.nodes}
        # In this order: runs are replaced first when another thread keeps more of them.
        kept, runs = self._sites, self._runs
        if not runs or not sites - UNRECORDED <= kept:
            return None
        with self._stores(plan, runs, None) as stores:
            return cost_of(self._measurement(plan, runs, stores))

    def _measurement(
        self,
        plan: Plan,
        runs: Sequence[GroupRuns],
        stores: Sequence[StoredCells] | None,
        order: Sequence[int] | None = None,
        verify: int = 0,
        source: Source | None = None,
        cluster: Cluster | None = None,
    ) -> Measurement:
        elsewhere, workers = None, 1
        if cluster is not None:
            elsewhere = cluster.elsewhere(self._assignment(plan, runs, source, cluster))
            workers = cluster.size()
        return Measurement(
            self.model,
            plan,
            runs,
            fast=not self._problem,
            seed=self.seed,
            order=order,
            memory=self.memory,
            stores=stores,
            verify=verify,
            elsewhere=elsewhere,
            workers=workers,
            threads=threads_for(self.model) if are_ours(self.metrics) else 1,
        )

    def _assignment(
        self, plan: Plan, runs: Sequence[GroupRuns], source: Source | None, cluster: Cluster
    ) -> Assignment:
        return Assignment(
            load=cluster.load,
            name=self.model.spec.name,
            about=about_model(self.model, self.fingerprint),
            prompts=self.prompts,
            metrics=self.metrics,
            direction=self.direction,
            plan=plan,
            source=source,
            sites=sorted(sites_of(plan)),
            fast=not self._problem,
            baselines=[np.concatenate([one.base_values, one.source_values]) for one in runs],
        )

    @contextmanager
    def _stores(
        self,
        plan: Plan,
        runs: Sequence[GroupRuns],
        source: Source | None,
        cluster: Cluster | None = None,
    ) -> Iterator[list[StoredCells] | None]:
        """Open where a plan's cells are kept, group by group; `None` where they are not kept.

        Callers' hooks and functions, whose doings no key can tell, are never stored.
        """
        hooks = self._of[1:]
        known = not hooks and are_ours(self.metrics) and _is_ours(source)
        store = CellStore.default() if self.store and known else None
        if store is None:
            yield None
            return
        about = {
            **about_model(self.model, self.fingerprint),
            "metrics": [metric.name for metric in self.metrics],
            "direction": self.direction,
            "executor": self.executor,
            "form": plan.form,
            "source": "other" if source is None else source.key,
            "prompts": None if source is None else about_prompts(self.prompts),
        }
        if cluster is not None:  # numbers of other devices and threads differ by rounding
            about |= {"device": "workers", "threads": "workers"}
        try:
            yield [
                StoredCells(
                    store,
                    key_of(about, about_group(one, self.prompts.answers)),
                    np.concatenate([one.base_values, one.source_values]),
                    tolerance(self.model) / 100,
                )
                for one in runs
            ]
        finally:
            store.close()

    def _noise_floor(self, check: Callable[[], None]) -> dict[str, float]:
        """Return by metric what rounding alone does to it; measured once for the same runs."""
        if not self._noise:
            floors = noise_floor(self.model, self._runs, check, fast=not self._problem)
            names = [metric.name for metric in self.metrics]
            self._noise = dict(zip(names, floors.tolist(), strict=True))
        return dict(self._noise)

    def right(self) -> np.ndarray:
        """Return for every prompt whether the clean run prefers an answer to every wrong one.

        Read once: a sweep that is only queued must not wait for the one that is measured.
        """
        if self._right is None:
            self._right = self._read_right()
        return self._right

    def _read_right(self) -> np.ndarray:
        self.baseline()
        right = np.ones(len(self.prompts.pairs), dtype=bool)
        for runs in self._runs:
            for member, one in zip(runs.group.members, self._right_in(runs), strict=True):
                right[self.prompts.pair_of(member)] &= one
        return right

    def _right_in(self, runs: GroupRuns) -> list[bool]:
        clean = runs.other if self.direction == "denoising" else runs.base
        answers = self.prompts.answers.select(runs.group.members)
        if isinstance(answers, Continuations):
            group = next(one for one in self.prompts.groups if one.members == runs.group.members)
            with self.model.measuring():
                return answered(self.model, group, answers).right.tolist()
        return [
            bool(logits[list(right)].max() > logits[list(wrong)].max())
            for logits, right, wrong in zip(clean.logits, answers.right, answers.wrong, strict=True)
        ]

    @property
    def fingerprint(self) -> str:
        """The hash of the weights with which the unpatched runs were made last."""
        return str(self._of[0])

    @property
    def executor(self) -> str:
        """How cells are measured: `wavefront`, or `reference` and the reason."""
        return f"reference: {self._problem}" if self._problem else "wavefront"

    def runs_with(
        self, sites: Iterable[str], check: Callable[[], None] = lambda: None
    ) -> list[GroupRuns]:
        """Return every group's runs with at least these sites kept, running them if need be."""
        of = (self.model.fingerprint(), *self.model.callers_hooks())
        if of != self._of:
            self._runs = [self._run(group, check) for group in self.prompts.groups]
            self._problem = self._why_not_fast(check)
            self._noise, self._writable = {}, set()
            self._of = of
        missing = set(sites) - self._sites
        if missing:
            self._runs = [keep_more(self.model, runs, missing, check) for runs in self._runs]
            self._sites |= missing
        return self._runs

    def _from(
        self, source: Source | None, plan: Plan, check: Callable[[], None] = lambda: None
    ) -> list[GroupRuns]:
        """Return the runs as they are kept, with the values that a source writes in a plan.

        Raises:
            PlanError: The source has no values at some of the plan's positions.
        """
        if source is None:
            return self._runs
        if isinstance(source, MeanByRole):
            source.require_roles(plan)
        sites = sites_of(plan)
        about = self.model, self.prompts
        return [with_source(source, *about, one, sites, check) for one in self._runs]

    def _why_not_fast(self, check: Callable[[], None]) -> str:
        if self.wanted == "reference":
            return "it was asked for"
        problems = (replay_problem(self.model, runs, check) for runs in self._runs)
        return next((problem for problem in problems if problem), "")

    def _run(self, group: TokenGroup, check: Callable[[], None]) -> GroupRuns:
        answers, sites = self.prompts.answers, sorted(self._sites)
        return run_group(self.model, group, answers, self.metrics, self.direction, sites, check)


def _is_ours(source: Source | None) -> bool:
    """Whether patches write values whose key can be trusted to tell everything."""
    return source is None or type(source).__module__.startswith("patchwidgets.engine.sources.")
