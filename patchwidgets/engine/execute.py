"""Measures a plan: chunks of cells, progress, cancel, and the checks every sweep must pass."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.cells import Cell, Difference, positions_of, resolve
from patchwidgets.engine.checks import require_ends, require_equal
from patchwidgets.engine.cost import block_calls
from patchwidgets.engine.path_forms import travel
from patchwidgets.engine.path_reference import PathReference
from patchwidgets.engine.path_wave import Receiver
from patchwidgets.engine.reference import reference_logits
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.wave import advance
from patchwidgets.jobs import Job
from patchwidgets.models.bridge import LensModel
from patchwidgets.nodes import Node
from patchwidgets.plans.plan import Form, Plan

CHUNK_TOKENS = 1536
"""Tokens that travel together: enough to keep the matrix multiplier busy, few enough to report
progress and obey a cancel several times a second on two cores."""

SMALL_CHUNK_TOKENS = 384
"""The same for each group, where there are many small groups."""

CHECKED_CELLS = 2
"""Cells of every sweep that the reference executor measures again."""

CHECKED_PROMPTS = 2
"""Prompts on which it does so, of one group."""


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
    """

    model: LensModel
    plan: Plan
    groups: Sequence[GroupRuns]
    fast: bool
    seed: int = 0

    def run(self, job: Job, record: Recorder) -> None:
        """Measure every cell of the plan.

        Raises:
            MeasurementError: A check failed; nothing that was measured may be trusted.
            Cancelled: Somebody asked to stop; what was recorded stays.
        """
        work = [_GroupWork(self, runs) for runs in self.groups]
        job.expect(sum(group.work(cell) for group in work for cell in group.cells))
        checked = self._checked(job.check)
        for chunk in self._chunks(work):
            for index, group in enumerate(work):
                group.measure(chunk, checked[index], job, record)
            job.advance(cells=len(chunk))

    def _checked(self, check: Callable[[], None]) -> list[set[int]]:
        """Choose for every group which patches are measured again by the reference executor.

        Raises:
            MeasurementError: In a group chosen by chance, patching nothing or everything did not
                give the base or the source run.
        """
        checked: list[set[int]] = [set() for _ in self.groups]
        if self.fast:
            chance = random.Random(self.seed)
            require_ends(self.model, chance.choice(self.groups), check)
            patches = range(len(self.plan.patches))
            for patch in chance.sample(patches, min(CHECKED_CELLS, len(patches))):
                chance.choice(checked).add(patch)
        return checked

    def _chunks(self, work: Sequence["_GroupWork"]) -> list[list[int]]:
        """Split the patches into lists that are measured together, earliest block first.

        Cells in which nothing differs cost nothing; they are the first list.
        """
        live = set().union(*(group.live for group in work))
        cells = sorted(work[0].cells, key=lambda cell: (cell.start, cell.entry))
        chunks = [[cell.patch for cell in cells if cell.patch not in live]]
        room = 0
        start = -1
        for cell in cells:
            if cell.patch not in live:
                continue
            tokens = sum(group.tokens(group.cells[cell.patch]) for group in work)
            if room < tokens or cell.start != start:
                chunks.append([])
                room, start = max(CHUNK_TOKENS, SMALL_CHUNK_TOKENS * len(work)), cell.start
            chunks[-1].append(cell.patch)
            room -= tokens
        return chunks


class _GroupWork:
    """A plan resolved on one group of prompts."""

    def __init__(self, measurement: Measurement, runs: GroupRuns) -> None:
        self.model = measurement.model
        self.fast = measurement.fast
        self.runs = runs
        self.form: Form | None = measurement.plan.form
        patches = measurement.plan.patches
        self.cells = [
            self._resolve(index, patch.nodes if patch.path is None else (patch.path.sender,))
            for index, patch in enumerate(patches)
        ]
        difference = Difference(runs.base, runs.source, runs.group.first_difference)
        self.live = {cell.patch for cell in self.cells if difference.touches(cell)}
        path = patches[0].path if patches else None
        self.receivers = _receivers(path.receivers, runs) if path else []
        self._replays: dict[int, Replay] = {}

    def measure(
        self,
        chunk: Sequence[int],
        checked: set[int],
        job: Job,
        record: Recorder,
    ) -> None:
        """Measure some patches on this group's prompts."""
        members = self.runs.group.members
        live = []
        for index in chunk:
            cell = self.cells[index]
            if index in self.live:
                live.append(cell)
            else:
                record(index, self.runs.base_values, members, identity=True)
        for start in sorted({cell.start for cell in live}):
            together = sorted(
                (cell for cell in live if cell.start == start), key=lambda cell: cell.order
            )
            for cell, values in zip(together, self._values(together, job.check), strict=True):
                if cell.patch in checked:
                    self._compare(cell, values)
                record(cell.patch, values, members)
            job.advance(work=sum(map(self.work, together)))

    def work(self, cell: Cell) -> int:
        """Return how many tokens are put through how many blocks for a cell."""
        if cell.patch not in self.live:
            return 0
        base = self.runs.base
        if not self.fast:
            return len(base.calls) * base.tokens.numel()
        receivers = None if self.form is None else self.receivers
        return self.tokens(cell) * block_calls(cell, receivers, len(base.calls))

    def tokens(self, cell: Cell) -> int:
        """Return how many tokens a cell carries: those from its first changed position on."""
        return self.runs.batch * (self.runs.base.length - cell.start)

    def _values(
        self, cells: Sequence[Cell], check: Callable[[], None]
    ) -> Sequence[Float[np.ndarray, "metric batch"]]:
        if not self.fast:
            return [self._reference(cell, slice(None), check) for cell in cells]
        replay = self._replay(cells[0].start)
        if self.form is None:
            end = advance(replay, self.runs.source, cells, check)
        else:
            end = travel(self.form, replay, self.runs.source, cells, self.receivers, check)
        values = self.runs.reader.of_residual(end)
        return list(values.reshape(len(values), len(cells), -1).swapaxes(0, 1))

    def _replay(self, start: int) -> Replay:
        if start not in self._replays:
            self._replays = {start: Replay(self.model, self.runs.base, start)}
        return self._replays[start]

    def _reference(
        self, cell: Cell, prompts: slice, check: Callable[[], None]
    ) -> Float[np.ndarray, "metric batch"]:
        check()
        base, source = self.runs.base, self.runs.source
        if self.form is None:
            logits = reference_logits(self.model, base, source, cell, prompts)
        else:
            run = PathReference(self.model, base, source, self.receivers, prompts)
            logits = run.logits(self.form, cell)
        return self.runs.reader.of_logits(logits, prompts)

    def _compare(self, cell: Cell, values: Float[np.ndarray, "metric batch"]) -> None:
        """Measure a cell again with the reference executor.

        Raises:
            MeasurementError: The two disagree.
        """
        again = self._reference(cell, slice(0, CHECKED_PROMPTS), lambda: None)
        require_equal(values[:, :CHECKED_PROMPTS], again, self.model, f"patch {cell.patch}")

    def _resolve(self, index: int, nodes: Sequence[Node]) -> Cell:
        group = self.runs.group
        return resolve(index, nodes, group.roles, group.first_difference, self.runs.batch)


def _receivers(nodes: Sequence[Node], runs: GroupRuns) -> list[Receiver]:
    return [
        Receiver(
            site=node.site,
            layer=node.layer,
            head=node.head,
            positions=positions_of(node, runs.group.roles, runs.batch),
        )
        for node in nodes
        if node.layer is not None and node.head is not None
    ]
