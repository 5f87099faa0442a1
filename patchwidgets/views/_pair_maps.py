"""Maps on single prompt pairs, as they are drawn: never waits."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from patchwidgets.results.result import Result
from patchwidgets.views._estimates import estimates
from patchwidgets.views._grid import lay_out
from patchwidgets.views._picture import metric_column, status_on
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.pair_map import PairMap

_known: WeakKeyDictionary[Result, dict[int, tuple[PairMap, bytes]]] = WeakKeyDictionary()
"""Of results that are measured, which change no more: a view is drawn at every click."""


def known_pair_map(
    result: Result, prompt: int, caption_of: Callable[[Result], str]
) -> tuple[PairMap, bytes]:
    """Return the map of a result on one pair, without its key, and its arrays.

    Args:
        result: What is being measured, or was.
        prompt: Which pair.
        caption_of: Says what a reader needs to redo a result.
    """
    known = _known.setdefault(result, {})
    if prompt in known:
        return known[prompt]
    # Asked first: what is measured in between is in the map then.
    done = result.progress.state == "done"
    made = _pair_map(result.glimpse_pair(prompt), prompt, caption_of)
    if done:
        known[prompt] = made
    return made


def _pair_map(
    alone: Result, prompt: int, caption_of: Callable[[Result], str]
) -> tuple[PairMap, bytes]:
    block, snapshot, grid = ArrayBlock(), alone.snapshot(), lay_out(alone.plan)
    columns = [metric_column(alone, snapshot, m) for m in range(len(alone.metrics))]
    effects = [snapshot.mean_effect(m) for m in range(len(columns))]
    made = PairMap(
        map="",
        prompt=prompt,
        caption=caption_of(alone),
        metrics=columns,
        effect=block.add(grid.stack(effects)),
        status=block.add(status_on(grid, snapshot)),
        estimate=estimates(alone, snapshot, grid, columns, block),
    )
    return made, block.to_bytes()
