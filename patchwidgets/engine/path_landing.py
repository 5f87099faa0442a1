"""Where changes land: receivers are overwritten, and everything after them is recomputed.

Source: Wang et al. 2022 (arXiv 2211.00593), appendix B, step D. Every cell joins at the block of
its first receiver, so that paths into many receivers are one pass over the blocks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.path_blocks import Hooks, call, writing
from patchwidgets.engine.path_receivers import Arrived, Receiver
from patchwidgets.engine.replay import Replay

Arriving = Callable[[int, Float[Tensor, "rows suffix d_model"]], Arrived]
"""Takes a block and the live residual stream before it; gives what its receivers are let know."""


@dataclass(frozen=True, eq=False)
class Landing:
    """Cells whose changes arrive at one set of receivers.

    Args:
        receivers: The set.
        cells: Place of each cell among all those that travel.
        arriving: What the receivers are let know; rows are those of the first of these cells.
    """

    receivers: Sequence[Receiver]
    cells: Sequence[int]
    arriving: Arriving

    @property
    def first(self) -> int:
        """Block of the first receiver, at which the cells join."""
        return min(receiver.layer for receiver in self.receivers)

    @property
    def last(self) -> int:
        """Block of the last receiver."""
        return max(receiver.layer for receiver in self.receivers)


def land(
    replay: Replay, landings: Sequence[Landing], check: Callable[[], None]
) -> Float[Tensor, "rows d_model"]:
    """Return the end of the residual stream, where it is read, for every cell that travels.

    Args:
        replay: The blocks, and the base run.
        landings: All cells, each in one of them.
        check: Called before every block; raises to stop.
    """
    there = sorted(landings, key=lambda one: one.first)
    last = len(replay.base.calls) - 1
    hidden = replay.residual(min(there[0].first, last), 0)
    for layer in range(there[0].first, last):
        check()
        hidden = _joined(replay, there, layer, hidden)
        hidden = _through(replay, [one for one in there if one.first <= layer], layer, hidden)
    check()
    hidden = _joined(replay, there, last, hidden)
    return _in_order(replay, there, _ended(replay, there, hidden))


def _joined(
    replay: Replay, landings: Sequence[Landing], layer: int, hidden: Tensor
) -> Float[Tensor, "more_rows suffix d_model"]:
    """Add the cells whose first receiver is in a block."""
    entering = sum(len(one.cells) for one in landings if one.first == layer)
    return torch.cat([hidden, replay.residual(layer, entering)]) if entering else hidden


def _through(
    replay: Replay, landings: Sequence[Landing], layer: int, hidden: Tensor
) -> Float[Tensor, "rows suffix d_model"]:
    """Take cells through a block, or to the end of the stream, while receivers are overwritten."""
    hidden, hooks = overwriting(replay, landings, layer, hidden)
    return call(replay, layer, hidden, hooks) if layer < len(replay.base.calls) else hidden


def overwriting(
    replay: Replay,
    landings: Sequence[Landing],
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
) -> tuple[Tensor, Hooks]:
    """Return the stream before a block with receivers overwritten, and hooks for those inside."""
    hooks: Hooks = []
    row = 0
    for landing, live in zip(landings, _parts(replay, landings, hidden), strict=True):
        arrived = {}
        if landing.first <= layer <= landing.last:
            arrived = landing.arriving(layer, live)
        for one in [one for one in arrived if one.site == "resid_pre"]:
            hidden = one.overwritten(hidden, arrived.pop(one), replay.start, 0, row)
        hooks += writing(replay, arrived, row)
        row += len(live)
    return hidden, hooks


def _ended(
    replay: Replay, landings: Sequence[Landing], hidden: Tensor
) -> list[Float[Tensor, "_rows d_model"]]:
    """Take cells through the last block; only those that receive in or after it need all of it."""
    last = len(replay.base.calls) - 1
    here = [one for one in landings if one.first <= last]
    parts = dict(zip(here, _parts(replay, here, hidden), strict=True))
    early = [one for one in here if one.last < last]
    ends: dict[Landing, Tensor] = {}
    if early:
        stream = hidden if early == list(landings) else torch.cat([parts[one] for one in early])
        ends |= zip(early, _parts(replay, early, replay.end(stream)), strict=True)
    late = [one for one in landings if one not in ends]
    if late:
        inside = [one for one in late if one.first <= last]
        stream = replay.residual(last + 1, 0)
        if inside:
            whole = torch.cat([parts[one] for one in inside])
            stream = _through(replay, inside, last, whole)
        stream = _through(replay, late, last + 1, _joined(replay, late, last + 1, stream))
        ends |= zip(late, _parts(replay, late, replay.read_off(stream)), strict=True)
    return [ends[one] for one in landings]


def _parts(replay: Replay, landings: Sequence[Landing], rows: Tensor) -> Sequence[Tensor]:
    """Return the rows of every landing, which lie one after another."""
    cells = sum(len(one.cells) for one in landings)
    each = len(rows) // cells if cells else replay.batch
    return rows.split([len(one.cells) * each for one in landings])


def _in_order(
    replay: Replay, landings: Sequence[Landing], ends: Sequence[Tensor]
) -> Float[Tensor, "rows d_model"]:
    """Return the ends of all cells in the order in which they travel."""
    if len(ends) == 1:
        return ends[0]
    cells = torch.tensor([cell for one in landings for cell in one.cells])
    apart = torch.cat(list(ends)).unflatten(0, (len(cells), -1))
    return apart[cells.argsort().to(apart.device)].flatten(0, 1)
