"""Path patching, form `pinned`, for all senders of one receiver set at once.

Source: Wang et al. 2022 (arXiv 2211.00593), appendix B. First wave: from each sender to the
receivers with every other attention head frozen at its base value, MLPs and norms recomputed.
Second wave: the receivers are overwritten with what they received there, and everything after
them is recomputed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.wave import call_block, write_all
from patchwidgets.models.bridge import Hook, require_fired
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES


@dataclass(frozen=True, eq=False)
class Receiver:
    """A query, key or value input that is overwritten in the second wave.

    Args:
        site: `q`, `k` or `v`.
        layer: Block.
        head: Index on the site's head axis.
        positions: One position per prompt, or `None` for every position.
    """

    site: str
    layer: int
    head: int
    positions: Int[Tensor, " batch"] | None

    @property
    def hook(self) -> str:
        """Name of the hook it is read and written at."""
        return SITES.get(self.site).hook.format(layer=self.layer)


Received = dict[Receiver, Float[Tensor, "_rows suffix d_head"]]
"""What each receiver would receive; rows are those senders that reach it, in cell order."""


def to_logits(
    replay: Replay, source: Record, senders: Sequence[Cell], check: Callable[[], None]
) -> Float[Tensor, "rows d_model"]:
    """Return the last position of the residual stream when only the final read-out receives.

    Args:
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`.
        check: Called before every block; raises to stop.
    """
    hidden, _ = _send(replay, source, senders, [], len(replay.base.calls), check)
    return hidden[:, -1]


def to_heads(
    replay: Replay,
    source: Record,
    senders: Sequence[Cell],
    receivers: Sequence[Receiver],
    check: Callable[[], None],
) -> Float[Tensor, "rows d_model"]:
    """Return the last position of the residual stream when `receivers` alone receive.

    Args:
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`; each reaches some receiver.
        receivers: The set that receives.
        check: Called before every block; raises to stop.
    """
    last = max(receiver.layer for receiver in receivers)
    _, received = _send(replay, source, senders, receivers, last, check)
    first = min(receiver.layer for receiver in receivers)
    n_layers = len(replay.base.calls)
    hidden = replay.residual(first, len(senders))
    for layer in range(first, n_layers):
        check()
        here = {one: values for one, values in received.items() if one.layer == layer}
        hidden = receiving_block(replay, layer, hidden, here)
    return hidden[:, -1]


def _send(
    replay: Replay,
    source: Record,
    senders: Sequence[Cell],
    receivers: Sequence[Receiver],
    until: int,
    check: Callable[[], None],
) -> tuple[Float[Tensor, "rows suffix d_model"], Received]:
    """Carry every sender's change up to the input of block `until`, heads frozen on the way."""
    received: Received = {}
    hidden = replay.residual(senders[0].entry, 0)
    for layer in range(senders[0].entry, until + 1):
        check()
        writes = [
            (index, write)
            for index, cell in enumerate(senders)
            for write in cell.writes
            if write.layer == layer
        ]
        before = [pair for pair in writes if pair[1].site == "resid_pre"]
        if before:
            hidden = torch.cat([hidden, replay.residual(layer, len(before))])
            write_all(hidden, replay, source, before)
        here = [receiver for receiver in receivers if receiver.layer == layer]
        if here and len(hidden):
            received.update(receive(replay, layer, hidden, here))
        if layer == until:
            break
        inside = [pair for pair in writes if pair[1].site != "resid_pre"]
        hidden = _frozen_block(replay, source, layer, hidden, inside)
    return hidden, received


def _frozen_block(
    replay: Replay,
    source: Record,
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
    inside: Sequence[tuple[int, Write]],
) -> Float[Tensor, "more_rows suffix d_model"]:
    """Run a block on the travelling rows with attention frozen, and on the entering senders.

    An entering sender's block sees base values only, so its other heads are frozen by themselves.
    """
    parts = []
    if len(hidden):
        with replay.frozen_attention(layer):
            parts.append(replay.block(layer, hidden))
    if inside:
        offset = len(hidden) // replay.batch
        local = [(index - offset, write) for index, write in inside]
        entering = replay.residual(layer, len(inside))
        parts.append(call_block(replay, source, layer, entering, local))
    return torch.cat(parts) if parts else hidden


def receive(
    replay: Replay,
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
    receivers: Sequence[Receiver],
) -> Received:
    """Return what `receivers` of one block receive from the residual stream `hidden`."""
    received: Received = {}
    fired = [0] * len(receivers)

    def reader(index: int, receiver: Receiver) -> Hook:
        def hook(activation: Tensor) -> None:
            fired[index] += 1
            heads = _heads(activation, replay)
            received[receiver] = heads[:, :, receiver.head].clone()

        return hook

    hooks = [(one.hook, reader(index, one)) for index, one in enumerate(receivers)]
    replay.block(layer, hidden, hooks)
    require_fired([name for name, _ in hooks], fired)
    return received


def receiving_block(
    replay: Replay, layer: int, hidden: Float[Tensor, "rows suffix d_model"], received: Received
) -> Float[Tensor, "rows suffix d_model"]:
    """Run a block while its receivers are overwritten with what they received."""
    fired = [0] * len(received)

    def writer(index: int, receiver: Receiver, values: Tensor) -> Hook:
        def hook(activation: Tensor) -> None:
            fired[index] += 1
            heads = _heads(activation, replay)[: len(values), :, receiver.head]
            if receiver.positions is None:
                heads.copy_(values)
            else:
                cells = len(values) // replay.batch
                where = (receiver.positions - replay.start).repeat(cells)
                # Before `start` every cell is as the base run: there is nothing to write.
                (rows,) = (where >= 0).nonzero(as_tuple=True)
                heads[rows, where[rows]] = values[rows, where[rows]]

        return hook

    hooks = [
        (receiver.hook, writer(index, receiver, values))
        for index, (receiver, values) in enumerate(received.items())
    ]
    output = replay.block(layer, hidden, hooks)
    require_fired([name for name, _ in hooks], fired)
    return output


def _heads(activation: Tensor, replay: Replay) -> Tensor:
    if activation.ndim == 4:
        return activation
    return activation.unflatten(-1, (-1, replay.model.spec.d_head))
