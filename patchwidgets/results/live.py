"""A place that a job fills while others look at it, and that can be waited for."""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Job
from patchwidgets.plans.plan import Plan
from patchwidgets.results import stats
from patchwidgets.results.bucketing import Singles, lacking
from patchwidgets.results.draws import by_pair, over_draws
from patchwidgets.results.measured import (
    IDENTITY,
    MEASURED,
    NOT_MEASURED,
    Baseline,
    MetricInfo,
    Progress,
    Snapshot,
)
from patchwidgets.terminal import progress_bar
from patchwidgets.types import Direction

# `typing.Self` cannot be checked at run time inside a class that is not itself decorated.
Filled = TypeVar("Filled", bound="Live")


class _Glance(threading.local):
    on = False


_glance = _Glance()


@contextmanager
def glancing() -> Iterator[None]:
    """Do not wait in this thread for the listeners of a job that has ended.

    For whoever holds a lock that such a listener may want, as views do while they draw: each would
    wait for the other.
    """
    was, _glance.on = _glance.on, True
    try:
        yield
    finally:
        _glance.on = was


class Live:
    """Values of every metric, patch and prompt, and the job that measures them.

    Args:
        plan: The patches.
        metrics: In the order of the values.
        direction: Which baseline is the base.
        groups: The template or other group of each prompt pair.
        baseline: The two unpatched runs; `Baseline.unmeasured` until `record_baseline`.
        values: Metric by patch by row; NaN where not measured. A row is a prompt pair, or with
            several draws of noise one draw of it; the draws of a pair are next to each other.
        status: Patch by row: 0 not measured, 1 measured, 2 zero by identity.
        draws: Rows of every prompt pair.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        metrics: tuple[MetricInfo, ...],
        direction: Direction,
        groups: tuple[str, ...],
        baseline: Baseline,
        values: np.ndarray,
        status: np.ndarray,
        draws: int = 1,
    ) -> None:
        self.plan = plan
        self.metrics = metrics
        self.direction: Direction = direction
        self.groups = groups
        self.baseline = baseline
        self.draws = draws
        self._values = values
        self._status = status
        self._lacking = lacking(plan, len(groups), draws)
        self._singles: Singles | None = None
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._job_thread: int | None = None

    def record(
        self,
        patch: int | np.integer,
        values: np.ndarray,
        prompts: Sequence[int] | np.ndarray | None = None,
        *,
        identity: bool = False,
    ) -> None:
        """Keep what was measured under one patch. The engine calls this from its thread.

        Args:
            patch: Index into the patches of `plan.measured`.
            values: Metric by row, in the metrics' units; not effects.
            prompts: Which rows the values are for; `None` for all.
            identity: Whether nothing was run because the source equals the base there. The values
                are then those of the base run.

        Raises:
            MeasurementError: A value is NaN or infinite, which would look like a hole in the map.
        """
        chosen = np.arange(self._status.shape[1]) if prompts is None else np.asarray(prompts)
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.shape != (len(self.metrics), len(chosen)):
            raise AssertionError(f"values {numbers.shape} for {len(chosen)} prompts")
        self._refuse_not_finite(int(patch), numbers, chosen)
        with self._lock:
            if self.plan.buckets is None:
                self._values[:, patch, chosen] = numbers
                self._status[patch, chosen] = IDENTITY if identity else MEASURED
                return
            if self._singles is None:
                sizes = (len(self.metrics), len(self.groups), self.draws)
                self._singles = Singles(self.plan, *sizes)
            for filled in self._singles.record(int(patch), numbers, chosen, identity):
                self._values[:, filled.patch, filled.rows] = filled.values
                self._status[filled.patch, filled.rows] = filled.status

    def record_baseline(self, baseline: Baseline) -> None:
        """Keep the two unpatched runs, where they are measured by the job itself."""
        with self._lock:
            self.baseline = baseline

    def forget(self) -> None:
        """Empty the result, because what was measured failed a check."""
        with self._lock:
            self._values[:] = np.nan
            self._status[:] = NOT_MEASURED
            self._singles = None

    def attach(self, job: Job) -> None:
        """Let readers wait for `job`, which fills this result. Call it before the job starts."""
        self._job = job
        job.listen(self._remember_thread)

    def listen(self, listener: Callable[[Job], None]) -> None:
        """Call `listener(job)` after every chunk and at the end, in the thread that measures."""
        if self._job is not None:
            self._job.listen(listener)

    def numbers(self) -> tuple[np.ndarray, np.ndarray, Baseline]:
        """Return copies of the values, the status (patch by row) and the baseline, as of now."""
        with self._lock:
            return self._values.copy(), self._status.copy(), self.baseline

    def _by_draw_now(self, values: np.ndarray, baseline: Baseline) -> np.ndarray | None:
        """Return metric by patch by draw: effects averaged over pairs; `None` for one draw."""
        if self.draws == 1:
            return None
        effect = values - baseline.base(self.direction)[:, None]
        return stats.mean(np.moveaxis(by_pair(effect, self.draws), -2, -1))

    def snapshot(self) -> Snapshot:
        """Return a copy of all numbers as they are now, averaged over draws, without waiting."""
        values, per_prompt, baseline = self.numbers()
        same = (per_prompt == IDENTITY) | self._lacking
        status = np.where(same.all(axis=1), IDENTITY, MEASURED)
        status[((per_prompt == NOT_MEASURED) & ~self._lacking).any(axis=1)] = NOT_MEASURED
        status[self._lacking.all(axis=1)] = NOT_MEASURED
        return Snapshot(
            values=over_draws(values, self.draws),
            by_draw=self._by_draw_now(values, baseline),
            status=status.astype(np.uint8),
            base=over_draws(baseline.base(self.direction), self.draws),
            source=over_draws(baseline.source(self.direction), self.draws),
        )

    @property
    def done(self) -> bool:
        """Whether nothing is being measured any more: done, cancelled or failed."""
        return self._job is None or self._job.ended

    @property
    def progress(self) -> Progress:
        """How far the measuring has come, without waiting."""
        job = self._job
        # Counted here, so that a picture never has more cells than it says are done.
        done = int(((self._status != NOT_MEASURED) | self._lacking).all(axis=1).sum())
        if job is not None and self.plan.buckets is not None:
            done = 0 if self._singles is None else self._singles.done
        if job is None:
            total = self._asked()
            state = "done" if done >= total else "cancelled"
            return Progress(state, done, total, min(1.0, done / total) if total else 1.0, None, "")
        message = "" if job.error is None else str(job.error) or type(job.error).__name__
        left = None if job.ended else job.seconds_left
        share = 1.0 if job.state == "done" else job.share
        return Progress(job.state, done, job.total, share, left, message)

    def wait(self: Filled) -> Filled:
        """Wait until the job has ended and return this result; re-raise what the job raised.

        An interrupt from the keyboard cancels the job.
        """
        if self._job is None:
            return self
        if threading.get_ident() != self._job_thread and not (_glance.on and self.done):
            with progress_bar(self._job, self.plan.name):
                self._job.wait()
        elif not self.done:
            raise AssertionError("a job cannot wait for its own result: read `snapshot()`")
        # Listeners hear of the end in the job's thread, before those who wait for it.
        elif self._job.error is not None:
            raise self._job.error
        return self

    def cancel(self: Filled) -> Filled:
        """Ask the job to stop soon and return this result; what is not measured stays NaN."""
        if self._job is not None:
            self._job.cancel()
        return self

    def __await__(self: Filled) -> Generator[Any, None, Filled]:
        return asyncio.to_thread(self.wait).__await__()

    def _asked(self) -> int:
        """Return how many patches were to be measured."""
        return len(self.plan.patches)

    def _remember_thread(self, _: Job) -> None:
        self._job_thread = threading.get_ident()

    def _refuse_not_finite(self, patch: int, values: np.ndarray, prompts: np.ndarray) -> None:
        if np.isfinite(values).all():
            return
        metric, row = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        prompt, made = prompts[row] // self.draws, self.plan.measured.patches[patch]
        raise MeasurementError(
            f"The metric `{self.metrics[metric].name}` is {values[metric, row]} on prompt {prompt} "
            f"under the patch {made}. A map shows only finite numbers, because "
            "NaN stands for not measured. Load the model in float32, or use a metric that is "
            "finite on every prompt."
        )
