"""Measures the path maps into the strongest heads before anybody clicks, to be in the file."""

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patchwidgets.engine.cost import Cost, written_seconds
from patchwidgets.errors import PlanError
from patchwidgets.jobs import OURS, Job, State
from patchwidgets.nodes import Node
from patchwidgets.results.result import Result
from patchwidgets.terminal import progress_bar

INPUTS = ("q", "k", "v")
DEEPEST = 4
MOST_MAPS = 500
"""A head map of 1,000 heads has 3,000 inputs; more than this is a mistake more often than not."""


@dataclass(frozen=True)
class Level:
    """What is asked for: of every map the `top` strongest heads, their `inputs`, `depth` times."""

    depth: int
    top: int
    inputs: tuple[str, ...]

    def maps(self) -> int:
        """Return the most path maps this can be."""
        each = self.top * len(self.inputs)
        return sum(each**level for level in range(1, self.depth + 1))


def level_of(depth: int, top: int, inputs: Sequence[str]) -> Level:
    """Return a checked request.

    Raises:
        PlanError: It asks for nothing, for something that no head has, or for far too much.
    """
    chosen = tuple(dict.fromkeys(inputs))
    unknown = [one for one in chosen if one not in INPUTS]
    if unknown or not chosen:
        raise PlanError(
            f"`inputs={inputs!r}` are no inputs of a head. A path map goes into its query, key or "
            "value. Give some of `'q'`, `'k'` and `'v'`."
        )
    if not 1 <= depth <= DEEPEST or top < 1:
        raise PlanError(
            f"`depth={depth!r}, top={top!r}` measures nothing that can be shown: `depth` counts "
            f"path maps one behind another, 1 to {DEEPEST}, and `top` heads, at least 1. Try "
            "`study.bake(depth=1, top=5)`."
        )
    asked = Level(depth, top, chosen)
    if asked.maps() > MOST_MAPS:
        raise PlanError(
            f"`depth={depth}, top={top}` and {len(chosen)} inputs are up to {asked.maps():,} path "
            f"maps, more than the {MOST_MAPS} that are measured in one go. Each takes about as "
            f"long as a sweep. Ask for fewer, such as `study.bake(depth={min(depth, 2)}, top=5)`."
        )
    return asked


def receivers_of(result: Result, asked: Level, heads_per_kv_head: int) -> list[str]:
    """Return the inputs of the strongest heads of a map, by the first metric, strongest first.

    Heads that share a key/value head share its key and value, which then stand here once.

    Args:
        result: Measured: a map of heads, or a path map.
        asked: How many heads, and which inputs.
        heads_per_kv_head: Query heads of every key/value head.
    """
    sizes = np.abs(result.snapshot().mean_effect(0))
    order = np.argsort(-np.nan_to_num(sizes), kind="stable")
    nodes = [_sender(result, patch) for patch in order if sizes[patch] > 0]
    heads = [node for node in nodes if node is not None][: asked.top]
    found: dict[str, None] = {}
    for layer, head in heads:
        for one in asked.inputs:
            at = head if one == "q" else head // heads_per_kv_head
            found[f"L{layer}H{at}.{one}"] = None
    return list(found)


def pairs_of(result: Result, asked: Sequence[int] | str) -> list[int]:
    """Return checked prompt pairs of a result.

    Raises:
        PlanError: It is a word that is not `all`.
        MeasurementError: There is no such pair.
    """
    if isinstance(asked, str):
        if asked == "all":
            return list(range(len(result.groups)))
        raise PlanError(
            f"`pairs={asked!r}` names no prompt pairs, which are counted from 0. Give their "
            "numbers, as in `study.bake(pairs=[0, 2])`, or `'all'`."
        )
    for pair in asked:
        result.glimpse_pair(pair)
    return list(asked)


def _sender(result: Result, patch: int | np.integer) -> tuple[int, int] | None:
    """Return layer and head of a patch of one whole head; `None` for any other."""
    made = result.plan.patches[int(patch)]
    nodes: Sequence[Node] = made.nodes if made.path is None else (made.path.sender,)
    if len(nodes) != 1 or nodes[0].site != "z" or nodes[0].position is not None:
        return None
    layer, head = nodes[0].layer, nodes[0].head
    return None if layer is None or head is None else (layer, head)


@dataclass(frozen=True)
class BakingCost:
    """What `bake` will take. Printing it says so in words.

    Args:
        maps: Path maps of the first level that are not measured yet.
        cells: Their patches.
        seconds: Estimate of their time, as `study.cost` makes it.
        more: The most path maps that deeper levels may add; which they are is known only when
            the first level is measured.
        receivers: The first level's, in the order in which they are measured.
    """

    maps: int
    cells: int
    seconds: float
    more: int
    receivers: tuple[str, ...]

    def __str__(self) -> str:
        if not self.maps and not self.more:
            return "nothing to measure: every path map asked for is there"
        first = f"{self.maps} path maps, {self.cells} patches, {written_seconds(self.seconds)}"
        if not self.more:
            return first
        each = self.seconds / max(1, self.maps)
        return f"{first}; then up to {self.more} more, {written_seconds(self.more * each)} at most"

    __repr__ = __str__


def baking_cost(costs: Sequence[tuple[str, Cost]], asked: Level) -> BakingCost:
    """Return the sum of what single path maps cost.

    Args:
        costs: Of every receiver of the first level that is not measured yet.
        asked: What was asked for.
    """
    each = asked.top * len(asked.inputs)
    return BakingCost(
        maps=len(costs),
        cells=sum(cost.cells for _, cost in costs),
        seconds=float(sum(cost.seconds for _, cost in costs)),
        more=asked.maps() - each,
        receivers=tuple(receiver for receiver, _ in costs),
    )


class _MapsInTurn(Job):
    """Measures maps that name further maps; stopping it stops the one that is measured."""

    def __init__(self, work: Callable[[Job], None], total: int) -> None:
        super().__init__(work, total)
        self.results: dict[str, Result] = {}
        self._stopping = False

    def measure(self, name: str, result: Result) -> None:
        """Wait until a map is measured."""
        self.results[name] = result
        if self._stopping:
            result.cancel()
        result.wait()
        self.check()

    def cancel(self) -> None:
        """Ask it to stop soon; what was measured stays."""
        super().cancel()
        self._stopping = True
        for result in list(self.results.values()):
            result.cancel()


class Baking:
    """Path maps that are being measured one after another; also its own future.

    Args:
        first: The map whose strongest heads are opened.
        open_paths: Starts the path map into a receiver, or returns the one that is there; `None`
            where nothing reaches it.
        receivers: Names the receivers to open of a map.
        depth: How many path maps one behind another.
        cost: What it was said to take.
        pairs: Prompt pairs on which every map is drawn alone too.
    """

    def __init__(
        self,
        first: Result,
        open_paths: Callable[[str], Result | None],
        receivers: Callable[[Result], list[str]],
        depth: int,
        cost: BakingCost,
        pairs: Sequence[int] = (),
    ) -> None:
        self.cost = cost
        self._pairs = pairs
        self._open_paths, self._receivers, self._depth = open_paths, receivers, depth
        self._first = first
        self._job = _MapsInTurn(self._work, total=cost.maps + cost.more)
        # Not the model's own thread, in which the maps are measured that are waited for here.
        threading.Thread(target=self._job.run, name=f"{OURS}-bake", daemon=True).start()

    def _work(self, job: Job) -> None:
        self._show(self._first)
        level = [self._first]
        for _ in range(self._depth):
            wanted = dict.fromkeys(name for result in level for name in self._receivers(result))
            level = [result for name in wanted if (result := self._measured(name)) is not None]

    def _measured(self, name: str) -> Result | None:
        self._job.check()
        if name in self.results:
            return self.results[name]
        result = self._open_paths(name)
        if result is not None:
            self._show(result)
            fresh = not result.done
            self._job.measure(name, result)
            self._job.advance(int(fresh))
        return result

    def _show(self, result: Result) -> None:
        """Draw a map where the first is drawn, on single pairs too."""
        result.draw_pairs(self._pairs)
        self._first.show_with(result)

    @property
    def results(self) -> dict[str, Result]:
        """The path maps by receiver, as they are started."""
        return self._job.results

    @property
    def state(self) -> State:
        """`waiting`, `running`, `done`, `cancelled` or `failed`."""
        return self._job.state

    @property
    def done(self) -> bool:
        """Whether nothing is being measured any more."""
        return self._job.ended

    @property
    def share(self) -> float:
        """Part of the path maps that is measured, from 0 to 1."""
        return 1.0 if self.state == "done" else self._job.share

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end; `None` before the first map is measured."""
        return None if self.done else self._job.seconds_left

    def cancel(self) -> "Baking":
        """Ask it to stop soon and return this; what was measured stays."""
        self._job.cancel()
        return self

    def wait(self) -> "Baking":
        """Wait until the end and return this; re-raise what a map raised.

        An interrupt from the keyboard cancels.
        """
        with progress_bar(self._job, "path maps"):
            self._job.wait()
        return self

    def __await__(self) -> Generator[Any, None, "Baking"]:
        return asyncio.to_thread(self.wait).__await__()

    def __repr__(self) -> str:
        measured = sum(result.done for result in list(self.results.values()))
        left = self.seconds_left
        more = "" if left is None else f", {written_seconds(left)} left"
        return f"<Baking: {measured} path maps measured ({self.state}{more}); {self.cost}>"
