"""Measures a plan: chunks of cells, progress, cancel, and the checks every sweep must pass."""

import random
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.checks import require_ends, require_equal, require_same
from patchwidgets.engine.group_work import GroupWork
from patchwidgets.engine.memory import budget_too_small
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.store import StoredCells
from patchwidgets.engine.threads import side_by_side
from patchwidgets.jobs import Job
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.plan import Plan

CHUNK_TOKENS = 1536
"""Tokens that travel together: enough to keep the matrix multiplier busy, few enough to report
progress and obey a cancel several times a second on two cores."""

SMALL_CHUNK_TOKENS = 384
"""The same for each group, where there are many small groups."""

SHARDS_PER_WORKER = 4
"""Chunks there are at least for every worker or thread, so that none waits long for the last."""

CHECKED_CELLS = 2
"""Cells of every sweep that the reference executor measures again."""

CHECKED_PROMPTS = 2
"""Prompts on which it does so, of one group."""


Shard = tuple[int, list[int]]
"""The place of a group of prompts, and patches that are measured on it together as one wave."""

Numbers = Sequence[Float[np.ndarray, "metric batch"]]
"""One array per patch of a shard."""

Elsewhere = Callable[
    [Sequence[Shard], Callable[[], None]], Generator[tuple[int, Numbers], None, None]
]
"""Measures shards in other processes; yields the place of each in the list, and its numbers."""


@runtime_checkable
class Recorder(Protocol):
    """Keeps the metrics of one patch on some prompts; `identity` says that nothing was run."""

    def __call__(
        self,
        patch: int,
        values: Float[np.ndarray, "metric batch"],
        prompts: Sequence[int],
        *,
        identity: bool = False,
    ) -> None:
        """Keep them."""


@dataclass(frozen=True)
class Measurement:
    """What a plan is measured on.

    Args:
        model: The model.
        plan: The patches.
        groups: The unpatched runs of every group of prompts.
        fast: Whether blocks may be replayed; otherwise the reference executor does all cells.
        seed: Chooses the cells that are checked.
        order: Measure these patches only, in chunks that follow this order of importance; every
            patch, in the engine's own order, if `None`.
        memory: Bytes that waves measured at the same time may take; `None` for no limit.
        stores: For every group where its cells are kept between sessions; `None` for nowhere.
        verify: How many stored cells to measure again.
        elsewhere: Measures the cells; this process if `None`.
        workers: How many do so at the same time elsewhere.
        threads: How many waves may be measured at the same time here.
    """

    model: LensModel
    plan: Plan
    groups: Sequence[GroupRuns]
    fast: bool
    seed: int = 0
    order: Sequence[int] | None = None
    memory: int | None = None
    stores: Sequence[StoredCells] | None = None
    verify: int = 0
    elsewhere: Elsewhere | None = None
    workers: int = 1
    threads: int = 1

    @property
    def patches(self) -> Sequence[int]:
        """The patches to measure."""
        return range(len(self.plan.patches)) if self.order is None else self.order

    @cached_property
    def work(self) -> list[GroupWork]:
        """The plan on every group."""
        stores = self.stores or [None] * len(self.groups)
        return [
            GroupWork(self.model, self.plan, runs, fast=self.fast, store=store)
            for runs, store in zip(self.groups, stores, strict=True)
        ]

    @cached_property
    def live(self) -> set[int]:
        """Patches that change something in some group; the others cost nothing."""
        return set().union(*(group.live for group in self.work)) & set(self.patches)

    @cached_property
    def at_once(self) -> int:
        """How many waves are measured at the same time: fewer where memory holds fewer cells."""
        if not self.fast:  # TransformerLens attaches its hooks for every thread
            return 1
        largest = max(map(self.bytes, self.live), default=1)
        fitting = self.threads if self.memory is None else self.memory // largest
        return max(1, min(self.threads, fitting))

    @cached_property
    def chunks(self) -> list[list[int]]:
        """The patches in lists that are measured together, earliest block first, or by `order`.

        Patches that change nothing are the first list. Cells of a list that start at different
        positions are different waves, so one by `order` holds as many waves' worth of tokens as
        there are starts.

        Raises:
            MemoryBudgetError: A single cell takes more than `memory`.
        """
        cells = [self.work[0].cells[patch] for patch in self.patches]
        chunks = [[cell.patch for cell in cells if cell.patch not in self.live]]
        cells = [cell for cell in cells if cell.patch in self.live]
        most = max(CHUNK_TOKENS, SMALL_CHUNK_TOKENS * len(self.work))
        if self.order is None:
            depth = self.work[0].depth
            cells.sort(key=lambda cell: (cell.start, cell.entry, depth(cell)))
        else:
            most *= len({cell.start for cell in cells})
        beside = self.workers * self.at_once
        if beside > 1:
            total = sum(self._tokens(cell.patch) for cell in cells)
            most = min(most, total // (SHARDS_PER_WORKER * beside))
        room, memory, start = 0, float("inf"), -1
        for cell in cells:
            tokens = self._tokens(cell.patch)
            needed = self.bytes(cell.patch)
            elsewhere = self.order is None and cell.start != start
            if room < tokens or memory < needed or elsewhere:
                chunks.append([])
                room, start = most, cell.start
                memory = float("inf") if self.memory is None else self.memory // self.at_once
                if memory < needed:
                    raise budget_too_small(int(memory), needed)
            chunks[-1].append(cell.patch)
            room -= tokens
            memory -= needed
        return chunks

    def _tokens(self, patch: int) -> int:
        return sum(group.tokens(group.cells[patch]) for group in self.work)

    def bytes(self, patch: int) -> int:
        """Return the memory a patch takes in a chunk: groups are measured one after another."""
        return max(group.bytes(group.cells[patch]) for group in self.work)

    @property
    def from_store(self) -> set[int]:
        """Patches that are run in some group, and need not be run now in any."""
        return self.live - {cell.patch for _, wave in self.unstored() for cell in wave}

    def is_run(self, chunk: Sequence[int]) -> bool:
        """Whether any cell of a chunk has to be run."""
        waves = [(group, wave) for group in self.work for wave in group.waves(chunk)]
        return any(not group.is_stored(wave) for group, wave in waves)

    def unstored(self) -> list[tuple[GroupWork, list[Cell]]]:
        """Return every wave that has to be run."""
        return [
            (group, wave)
            for chunk in self.chunks
            for group in self.work
            for wave in group.waves(chunk)
            if not group.is_stored(wave)
        ]

    def forget_stored(self) -> None:
        """Drop everything that is stored of this plan's kind on these prompts."""
        for group in self.work:
            group.forget()

    def run(self, job: Job, record: Recorder) -> None:
        """Measure the patches.

        Raises:
            MeasurementError: A check failed; nothing that was measured may be trusted.
            MemoryBudgetError: There is no memory for a single cell.
            Cancelled: Somebody asked to stop; what was recorded stays.
        """
        waves = self.unstored()
        job.expect(sum(group.work(cell) for group, wave in waves for cell in wave))
        again = self._checked(waves, job.check)
        self._verify(job.check)
        chunk_of = {patch: chunk for chunk, them in enumerate(self.chunks) for patch in them}
        left = Counter(chunk_of[wave[0].patch] for _, wave in waves)
        for number, chunk in enumerate(self.chunks):
            self._record_known(chunk, record)
            if not left[number]:
                job.advance(cells=len(chunk))
        with closing(self._measured(waves, job.check)) as measured:
            for place, values in measured:
                group, wave = waves[place]
                self._take(group, wave, values, again, record)
                chunk = chunk_of[wave[0].patch]
                left[chunk] -= 1
                ended = 0 if left[chunk] else len(self.chunks[chunk])
                job.advance(cells=ended, work=sum(map(group.work, wave)))

    def _record_known(self, chunk: Sequence[int], record: Recorder) -> None:
        """Record what need not be run: patches that change nothing, and stored waves."""
        for group in self.work:
            members = group.runs.group.members
            for patch in chunk:
                if patch not in group.live:
                    record(patch, group.runs.base_values, members, identity=True)
            for wave in group.waves(chunk):
                if group.is_stored(wave):
                    for cell in wave:
                        record(cell.patch, group.stored[cell.patch], members)

    def _measured(
        self, waves: Sequence[tuple[GroupWork, list[Cell]]], check: Callable[[], None]
    ) -> Generator[tuple[int, Numbers], None, None]:
        if self.elsewhere is None:
            tasks = [partial(group.values, wave) for group, wave in waves]
            yield from side_by_side(tasks, check, self.at_once, self.model.joining())
        elif waves:
            place_of = {id(group): place for place, group in enumerate(self.work)}
            shards = [(place_of[id(group)], [cell.patch for cell in wave]) for group, wave in waves]
            yield from self.elsewhere(shards, check)

    def _take(
        self,
        group: GroupWork,
        wave: Sequence[Cell],
        values: Numbers,
        again: Mapping[tuple[int, int], Float[np.ndarray, "metric some"]],
        record: Recorder,
    ) -> None:
        """Record and keep a wave.

        Raises:
            MeasurementError: A cell differs from what the reference executor measured of it.
        """
        for cell, one in zip(wave, values, strict=True):
            reference = again.get((id(group), cell.patch))
            if reference is not None:
                what = f"patch {cell.patch}"
                require_equal(one[:, :CHECKED_PROMPTS], reference, self.model, what)
            record(cell.patch, one, group.runs.group.members)
        group.keep(wave, values)

    def _checked(
        self, waves: Sequence[tuple[GroupWork, list[Cell]]], check: Callable[[], None]
    ) -> dict[tuple[int, int], Float[np.ndarray, "metric some"]]:
        """Measure some of the cells that will be run with the reference executor.

        Before the others, so that no other thread is in the model meanwhile.

        Raises:
            MeasurementError: In a group chosen by chance, patching nothing or everything did not
                give the base or the source run.
        """
        if not self.fast or not waves:
            return {}
        chance = random.Random(self.seed)
        require_ends(self.model, chance.choice(waves)[0].runs, check)
        cells = [(group, cell) for group, wave in waves for cell in wave]
        return {
            (id(group), cell.patch): group.reference(cell, slice(0, CHECKED_PROMPTS), check)
            for group, cell in chance.sample(cells, min(CHECKED_CELLS, len(cells)))
        }

    def _verify(self, check: Callable[[], None]) -> None:
        """Measure some stored cells again.

        Raises:
            MeasurementError: One has another number now.
        """
        stored = [(group, patch) for group in self.work for patch in group.stored]
        chosen = random.Random(self.seed).sample(stored, min(self.verify, len(stored)))
        for group, patch in chosen:
            (again,) = group.values([group.cells[patch]], check)
            require_same(group.stored[patch], again, self.model, str(self.plan.patches[patch]))
