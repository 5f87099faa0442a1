"""Path patching, form `pinned`: how a change travels with every other attention head frozen.

Source: Wang et al. 2022 (arXiv 2211.00593), appendix B, step C: MLPs and norms are recomputed.
All senders of one receiver set travel together.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.path_blocks import call, call_until, reading
from patchwidgets.engine.path_legs import Leg
from patchwidgets.engine.path_receivers import Arrived, Receiver, together
from patchwidgets.engine.replay import Replay


def carried(
    replay: Replay, leg: Leg, receivers: Sequence[Receiver], check: Callable[[], None]
) -> Arrived:
    """Return what receivers are let know of every change, other heads frozen on the way.

    Args:
        replay: The blocks, and the base run.
        leg: Who changes what.
        receivers: Who is let know.
        check: Called before every block; raises to stop.
    """
    arrived: Arrived = {}
    last = max(receiver.layer for receiver in receivers)
    first = leg.layers[0]
    stream = replay.residual(first, 0)
    for layer in range(first, last + 1):
        check()
        here = [receiver for receiver in receivers if receiver.layer == layer]
        mlps = [receiver for receiver in here if receiver.site == "mlp_in"]
        stream = torch.cat([stream, leg.before(layer)])
        arrived |= read(replay, layer, stream, [one for one in here if one not in mlps])
        if mlps:
            arrived |= _read_by_mlp(replay, leg, layer, stream, mlps)
        if layer < last:
            stream = _cross(replay, leg, layer, stream)
    return arrived


def read(
    replay: Replay,
    layer: int,
    stream: Float[Tensor, "rows suffix d_model"],
    receivers: Sequence[Receiver],
) -> Arrived:
    """Return what receivers of a block's attention, or of the stream itself, read."""
    heads = [receiver for receiver in receivers if receiver.site != "resid_pre"]
    arrived: Arrived = {one: stream for one in receivers if one.site == "resid_pre"}
    if heads and len(stream):
        call_until(replay, layer, stream, reading(replay, heads, arrived, len(stream)))
    return arrived


def read_by_mlp(
    replay: Replay,
    layer: int,
    stream: Float[Tensor, "rows suffix d_model"],
    mlps: Sequence[Receiver],
) -> Arrived:
    """Return what a block's MLP reads when attention adds what it adds in the base run."""
    arrived: Arrived = {}
    if len(stream):
        hooks = reading(replay, mlps, arrived, len(stream))
        call_until(replay, layer, stream, hooks, frozen=True)
    return arrived


def _read_by_mlp(
    replay: Replay, leg: Leg, layer: int, stream: Tensor, mlps: Sequence[Receiver]
) -> Arrived:
    parts = [read_by_mlp(replay, layer, stream, mlps)] if len(stream) else []
    cells, hooks = leg.in_attention(layer)
    if cells:
        entering = replay.residual(layer, cells)
        read_there: Arrived = {}
        hooks = [*hooks, *reading(replay, mlps, read_there, len(entering))]
        call_until(replay, layer, entering, hooks)
        parts.append(read_there)
    return together(parts)


def _cross(
    replay: Replay, leg: Leg, layer: int, stream: Float[Tensor, "rows suffix d_model"]
) -> Float[Tensor, "more_rows suffix d_model"]:
    """Take the change through a block, with those that join in it.

    Attention is computed for nobody but those that join in it. These are as the base run so far, so
    that their other heads are frozen by themselves.
    """
    travelling = len(stream)
    in_attention, changing = leg.in_attention(layer)
    at_mlp, hooks = leg.at_mlp(layer, travelling // replay.batch)
    stream = torch.cat([stream, replay.residual(layer, at_mlp)])
    if len(stream):
        stream = call(replay, layer, stream, hooks, frozen=True)
    if not in_attention:
        return stream
    entered = call(replay, layer, replay.residual(layer, in_attention), changing)
    return torch.cat([stream[:travelling], entered, stream[travelling:]])
