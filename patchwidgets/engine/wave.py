"""The exact wavefront: every cell enters at its own block, and all live cells advance together."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.overwrite import overwrite
from patchwidgets.engine.replay import Replay
from patchwidgets.models.bridge import Hook, require_fired
from patchwidgets.models.layout import by_position
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES


def advance(
    replay: Replay, source: Record, cells: Sequence[Cell], check: Callable[[], None]
) -> Float[Tensor, "rows d_model"]:
    """Run cells to the end of the residual stream and return it at the positions that are read.

    Args:
        replay: The blocks, and the base run the cells start from.
        source: The run whose values are written.
        cells: Sorted by `order`; all with the same `start` as the replay or a later one.
        check: Called before every block; raises to stop.

    Returns:
        The residual stream after the last block; rows are cells x prompts x positions that are
        read (`Record.read`), cells in the order given.

    Raises:
        MeasurementError: A hook did not fire.
    """
    last = len(replay.base.calls) - 1
    hidden = replay.residual(cells[0].entry, 0)
    for layer in range(cells[0].entry, last):
        check()
        hidden = _joined(replay, source, cells, layer, hidden)
        hidden = call_block(replay, source, layer, hidden, _inside(cells, layer))
    check()
    return _ended(replay, source, cells, _joined(replay, source, cells, last, hidden))


def _joined(
    replay: Replay,
    source: Record,
    cells: Sequence[Cell],
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
) -> Float[Tensor, "more_rows suffix d_model"]:
    """Add the cells that enter before a block, and write what is written there."""
    entering = sum(cell.entry == layer for cell in cells)
    if entering:
        hidden = torch.cat([hidden, replay.residual(layer, entering)])
    before = [pair for pair in _writes(cells, layer) if _is_before(pair[1])]
    write_all(hidden, replay, source, before)
    return hidden


def _ended(
    replay: Replay,
    source: Record,
    cells: Sequence[Cell],
    hidden: Float[Tensor, "rows suffix d_model"],
) -> Float[Tensor, "more_rows d_model"]:
    """Take cells through the last block; only those that write in or after it need all of it."""
    last = len(replay.base.calls) - 1
    writers = {index for index, _ in [*_inside(cells, last), *_writes(cells, last + 1)]}
    apart = hidden.unflatten(0, (-1, replay.batch))
    others = [index for index in range(len(apart)) if index not in writers]
    late = sorted(writers)
    end = hidden.new_empty(len(cells), replay.batch * replay.base.read, hidden.shape[-1])
    if others:
        end[others] = replay.end(apart[others].flatten(0, 1)).unflatten(0, (len(others), -1))
    if late:
        stream = apart[[index for index in late if index < len(apart)]].flatten(0, 1)
        mine = [cells[index] for index in late]
        if len(stream):
            stream = call_block(replay, source, last, stream, _inside(mine, last))
        stream = _joined(replay, source, mine, last + 1, stream)
        end[late] = replay.read_off(stream).unflatten(0, (len(late), -1))
    return end.flatten(0, 1)


def call_block(
    replay: Replay,
    source: Record,
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
    writes: Sequence[tuple[int, Write]],
    reading: Sequence[tuple[str, Hook]] = (),
) -> Float[Tensor, "rows suffix d_model"]:
    """Call one block while writing the source's values inside it.

    Args:
        replay: The blocks.
        source: The run whose values are written.
        layer: Which block.
        hidden: What it is given.
        writes: Which cell (its place among the rows) writes what.
        reading: More hooks, which only look.

    Raises:
        MeasurementError: A hook did not fire exactly once.
    """
    sites = list(dict.fromkeys(write.site for _, write in writes))
    names = [SITES.get(site).hook.format(layer=layer) for site in sites]
    fired = [0] * len(sites)

    def writer(index: int) -> Hook:
        mine = [pair for pair in writes if pair[1].site == sites[index]]

        def hook(activation: Tensor) -> None:
            fired[index] += 1
            write_all(activation, replay, source, mine)

        return hook

    hooks = [*((name, writer(index)) for index, name in enumerate(names)), *reading]
    output = replay.block(layer, hidden, hooks)
    require_fired(names, fired)
    return output


def write_all(
    activation: Tensor, replay: Replay, source: Record, writes: Sequence[tuple[int, Write]]
) -> None:
    """Overwrite, in place, each write's rows, positions and head with the source run's values.

    Args:
        activation: As the model lays it out; rows are cells x prompts.
        replay: Gives prompts per cell and the suffix's first position.
        source: The run whose values are written.
        writes: Which cell (its place among the rows) writes what.
    """
    batch, start = replay.batch, replay.start
    for cell, write in writes:
        rows = activation[cell * batch : (cell + 1) * batch]
        rows = by_position(SITES.get(write.site), rows, replay.model.spec.d_head)
        values = source.site(write.site, write.layer)[:, start:]
        overwrite(rows, values, write, start)


def _writes(cells: Sequence[Cell], layer: int) -> list[tuple[int, Write]]:
    return [
        (index, write)
        for index, cell in enumerate(cells)
        for write in cell.writes
        if write.layer == layer
    ]


def _inside(cells: Sequence[Cell], layer: int) -> list[tuple[int, Write]]:
    return [pair for pair in _writes(cells, layer) if not _is_before(pair[1])]


def _is_before(write: Write) -> bool:
    return write.site == "resid_pre"
