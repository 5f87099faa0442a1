"""Maps on single prompt pairs, as they are drawn: never waits."""

from patchwidgets.results.result import Result
from patchwidgets.views._estimates import estimates
from patchwidgets.views._grid import lay_out
from patchwidgets.views._picture import metric_column, status_on
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.pair_map import PairMap


def pair_map(result: Result, key: str, caption: str, block: ArrayBlock) -> PairMap:
    """Return the map of a result on one pair.

    Args:
        result: What `glimpse_pair` returned.
        key: Of the map over all pairs.
        caption: What a reader needs to redo it.
        block: Takes the arrays.
    """
    snapshot, grid = result.snapshot(), lay_out(result.plan)
    columns = [metric_column(result, snapshot, m) for m in range(len(result.metrics))]
    effects = [snapshot.mean_effect(m) for m in range(len(columns))]
    return PairMap(
        map=key,
        prompt=result.provenance["pair"]["prompt"],
        caption=caption,
        metrics=columns,
        effect=block.add(grid.stack(effects)),
        status=block.add(status_on(grid, snapshot)),
        estimate=estimates(result, snapshot, grid, columns, block),
    )
