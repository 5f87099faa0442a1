"""Measures a plan: chunks of cells, progress, cancel, and the checks every sweep must pass."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.cells import Cell, Difference, positions_of, resolve
from patchwidgets.engine.path_forms import travel
from patchwidgets.engine.path_reference import PathReference
from patchwidgets.engine.path_wave import Receiver
from patchwidgets.engine.reference import reference_logits
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.wave import advance
from patchwidgets.errors import MeasurementError
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

CHECKED_PROMPTS = 4
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
        checked = self._checked()
        work = [_GroupWork(self, runs) for runs in self.groups]
        for chunk in self._chunks(work[0]):
            for index, group in enumerate(work):
                group.measure(chunk, checked[index], job.check, record)
            job.advance(len(chunk))

    def _checked(self) -> list[set[int]]:
        """Choose for every group which patches are measured again by the reference executor."""
        checked: list[set[int]] = [set() for _ in self.groups]
        if self.fast:
            chance = random.Random(self.seed)
            patches = range(len(self.plan.patches))
            for patch in chance.sample(patches, min(CHECKED_CELLS, len(patches))):
                chance.choice(checked).add(patch)
        return checked

    def _chunks(self, work: "_GroupWork") -> list[list[int]]:
        """Split the patches into lists that are measured together, earliest block first."""
        cells = sorted(work.cells, key=lambda cell: (cell.start, cell.entry))
        tokens = sum(runs.batch for runs in self.groups) * work.runs.base.length
        chunks: list[list[int]] = []
        room = 0
        start = -1
        for cell in cells:
            suffix = tokens * (work.runs.base.length - cell.start) // work.runs.base.length
            if room < suffix or cell.start != start:
                chunks.append([])
                room, start = max(CHUNK_TOKENS, SMALL_CHUNK_TOKENS * len(self.groups)), cell.start
            chunks[-1].append(cell.patch)
            room -= suffix
        return chunks


class _GroupWork:
    """A plan resolved on one group of prompts."""

    def __init__(self, measurement: Measurement, runs: GroupRuns) -> None:
        self.model = measurement.model
        self.fast = measurement.fast
        self.runs = runs
        self.form: Form | None = measurement.plan.form
        self.difference = Difference(runs.base, runs.source, runs.group.first_difference)
        patches = measurement.plan.patches
        self.cells = [
            self._resolve(index, patch.nodes if patch.path is None else (patch.path.sender,))
            for index, patch in enumerate(patches)
        ]
        path = patches[0].path if patches else None
        self.receivers = _receivers(path.receivers, runs) if path else []
        self._replays: dict[int, Replay] = {}

    def measure(
        self,
        chunk: Sequence[int],
        checked: set[int],
        check: Callable[[], None],
        record: Recorder,
    ) -> None:
        """Measure some patches on this group's prompts."""
        members = self.runs.group.members
        live = []
        for index in chunk:
            cell = self.cells[index]
            if self.difference.touches(cell):
                live.append(cell)
            else:
                record(index, self.runs.base_values, members, identity=True)
        for start in sorted({cell.start for cell in live}):
            together = sorted(
                (cell for cell in live if cell.start == start), key=lambda cell: cell.order
            )
            for cell, values in zip(together, self._values(together, check), strict=True):
                if cell.patch in checked:
                    self._compare(cell, values)
                record(cell.patch, values, members)

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


def replay_problem(model: LensModel, runs: GroupRuns, check: Callable[[], None]) -> str:
    """Return why this group's blocks cannot be replayed; empty if they can.

    Two cells are replayed: one that patches nothing must equal the base run, and one that patches
    the whole residual stream before the first block must equal the source run.
    """
    if not runs.base.keys:
        return "the model keeps no key/value cache that covers the prompt"
    hooks = model.callers_hooks()
    if hooks:
        return (
            f"the model carries hooks of yours ({', '.join(hooks[:3])}) that expect whole prompts"
        )
    start = runs.group.first_difference
    nothing = Cell(patch=0, writes=(), entry=0, start=start)
    everything = resolve(1, [Node("embed")], {}, start, runs.batch)
    try:
        replay = Replay(model, runs.base, start)
        end = advance(replay, runs.source, [nothing, everything], check)
        values = runs.reader.of_residual(end)
        require_equal(values[:, : runs.batch], runs.base_values, model, "patching nothing")
        require_equal(values[:, runs.batch :], runs.source_values, model, "patching everything")
    except (MeasurementError, RuntimeError, TypeError, AttributeError) as problem:
        return f"its blocks do not replay ({problem})"
    return ""


def tolerance(model: LensModel) -> float:
    """Return the largest difference that counts as rounding, relative to values above 1."""
    return 1e-3 if model.dtype.itemsize >= 4 else 0.1


def require_equal(
    got: Float[np.ndarray, "metric batch"],
    wanted: Float[np.ndarray, "metric batch"],
    model: LensModel,
    what: str,
) -> None:
    """Check that two measurements of one thing agree.

    Raises:
        MeasurementError: They do not.
    """
    error = np.abs(got - wanted) / np.maximum(1, np.abs(wanted))
    if not (error <= tolerance(model)).all():
        raise MeasurementError(
            f"The fast engine and the reference executor disagree on {what} of "
            f"`{model.spec.name}`: {np.max(error):.2g} where {tolerance(model):.0g} is rounding. "
            "No number is returned. Measure with `executor='reference'`, and please report the "
            "model."
        )
