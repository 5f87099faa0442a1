"""A plan on one group of prompts: what each cell is there, what it costs, and its numbers."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.cells import Cell, Difference, resolve
from patchwidgets.engine.memory import cell_bytes, is_out_of_memory, one_cell_too_many, release
from patchwidgets.engine.path_forms import travel
from patchwidgets.engine.path_reference import PathReference
from patchwidgets.engine.path_routes import routes_of
from patchwidgets.engine.reference import reference_logits
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.store import StoredCells
from patchwidgets.engine.wave import advance
from patchwidgets.engine.work import multiply_adds
from patchwidgets.models.bridge import LensModel
from patchwidgets.nodes import Node
from patchwidgets.plans.plan import Form, Plan


class GroupWork:
    """A plan resolved on one group of prompts.

    Args:
        model: The model.
        plan: The patches.
        runs: The unpatched runs of the group.
        fast: Whether blocks may be replayed.
        store: Where its cells are kept between sessions; `None` for nowhere.
    """

    def __init__(
        self,
        model: LensModel,
        plan: Plan,
        runs: GroupRuns,
        *,
        fast: bool,
        store: StoredCells | None = None,
    ) -> None:
        self.model = model
        self.fast = fast
        self.runs = runs
        self.form: Form | None = plan.form
        self.cells = [
            self._resolve(index, patch.nodes if patch.path is None else (patch.path.sender,))
            for index, patch in enumerate(plan.patches)
        ]
        difference = Difference(runs.base, runs.source, runs.first)
        self.live = {cell.patch for cell in self.cells if difference.touches(cell)}
        n_layers = len(runs.base.calls)
        self.routes = routes_of(plan, self.cells, runs.group.roles, runs.batch, n_layers)
        self._replays: dict[int, Replay] = {}
        self._most_tokens = float("inf")
        self._store = store
        self._written = [" + ".join(map(str, patch.nodes)) or str(patch) for patch in plan.patches]
        there = store.read() if store else {}
        self.stored = {
            patch: there[written] for patch, written in enumerate(self._written) if written in there
        }

    def waves(self, chunk: Sequence[int]) -> list[list[Cell]]:
        """Return the cells of a chunk that have to be run, by the position where they start."""
        cells = [self.cells[patch] for patch in chunk if patch in self.live]
        return [
            sorted((cell for cell in cells if cell.start == start), key=lambda cell: cell.order)
            for start in sorted({cell.start for cell in cells})
        ]

    def depth(self, cell: Cell) -> int:
        """Return the block from which on a cell takes a row of its own."""
        if not self.routes:
            return cell.entry
        return min(receiver.layer for receiver in self.routes[cell.patch].receivers)

    def is_stored(self, wave: Sequence[Cell]) -> bool:
        """Whether a wave need not be run. Part of one is not read: whole waves keep every bit."""
        return all(cell.patch in self.stored for cell in wave)

    def keep(
        self, wave: Sequence[Cell], values: Sequence[Float[np.ndarray, "metric batch"]]
    ) -> None:
        """Write a wave to the store."""
        if self._store is not None:
            self._store.write(
                {self._written[cell.patch]: one for cell, one in zip(wave, values, strict=True)}
            )

    def forget(self) -> None:
        """Drop everything stored for this group."""
        if self._store is not None:
            self._store.forget()

    def work(self, cell: Cell) -> int:
        """Return the multiply-adds of a cell."""
        route = self.routes[cell.patch] if self.routes else None
        return multiply_adds(
            cell if self.fast else Cell(cell.patch, cell.writes, entry=0, start=0),
            self.model.spec,
            prompts=self.runs.batch,
            length=self.runs.base.length,
            read=self.runs.base.read,
            form=self.form if self.fast else None,
            stops=route.stops if route else (),
            shared_by=route.shared_by if route else 1,
        )

    def tokens(self, cell: Cell) -> int:
        """Return how many tokens a cell carries: those from its first changed position on."""
        return self.runs.batch * (self.runs.base.length - self._start(cell))

    def bytes(self, cell: Cell) -> int:
        """Return the memory that a cell takes in a wave."""
        return cell_bytes(
            self.model.spec,
            self.model.dtype.itemsize,
            prompts=self.runs.batch,
            length=self.runs.base.length,
            start=self._start(cell),
            every_logit=self.runs.reader.every_logit,
            read=self.runs.base.read,
        )

    def values(
        self, cells: Sequence[Cell], check: Callable[[], None]
    ) -> list[Float[np.ndarray, "metric batch"]]:
        """Return the metrics of the cells of one wave, in halves where memory runs out.

        Raises:
            MemoryBudgetError: There is no memory for a single cell.
        """
        tokens = sum(map(self.tokens, cells))
        if tokens <= self._most_tokens or len(cells) == 1:
            try:
                return self._together(cells, check)
            except Exception as problem:
                if not is_out_of_memory(problem):
                    raise
                if len(cells) == 1:
                    base = self.runs.base
                    name = self.model.spec.name
                    raise one_cell_too_many(name, self.runs.batch, base.length) from problem
            # Only here has the exception, and with it every tensor of the wave, been let go.
            self._most_tokens = tokens // 2
            release()
        half = len(cells) // 2
        return self.values(cells[:half], check) + self.values(cells[half:], check)

    def reference(
        self, cell: Cell, prompts: slice, check: Callable[[], None]
    ) -> Float[np.ndarray, "metric batch"]:
        """Return the metrics of a cell by whole forward passes of TransformerLens."""
        check()
        base, source = self.runs.base, self.runs.source
        if self.form is None:
            logits = reference_logits(self.model, base, source, cell, self.runs.rows(prompts))
        else:
            stops = self.routes[cell.patch].stops
            run = PathReference(self.model, base, source, stops, self.runs.rows(prompts))
            logits = run.logits(self.form, cell)
        return self.runs.reader.of_logits(logits, prompts)

    def _together(
        self, cells: Sequence[Cell], check: Callable[[], None]
    ) -> list[Float[np.ndarray, "metric batch"]]:
        if not self.fast:
            return [self.reference(cell, slice(None), check) for cell in cells]
        replay = self._replay(cells[0].start)
        if self.form is None:
            end = advance(replay, self.runs.source, cells, check)
        else:
            routes = [self.routes[cell.patch] for cell in cells]
            end = travel(self.form, replay, self.runs.source, routes, check)
        values = self.runs.reader.of_residual(end)
        return list(values.reshape(len(values), len(cells), -1).swapaxes(0, 1))

    def _replay(self, start: int) -> Replay:
        replay = self._replays.get(start)
        if replay is None:
            replay = Replay(self.model, self.runs.base, start)
            self._replays = {start: replay}
        return replay

    def _start(self, cell: Cell) -> int:
        """Return the first position that is run; a model without keys to read runs them all."""
        return cell.start if self.fast and self.runs.base.keys else 0

    def _resolve(self, index: int, nodes: Sequence[Node]) -> Cell:
        group = self.runs.group
        return resolve(index, nodes, group.roles, self.runs.first, self.runs.batch)
