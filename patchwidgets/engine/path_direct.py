"""Path patching that adds a sender's change at the receiver's own input: `direct`, `pinned_all`.

Both leave MLPs and heads between sender and receiver as they are. `direct` keeps everything else
live, so that one receiver's change reaches another that comes after it; `pinned_all` takes every
receiver's input from the base run. For a single receiver they are the same.

Source: `direct` is the edge of Goldowsky-Dill et al. 2023 (arXiv 2304.05969) and of
`transformer_lens.patching.get_act_patch_direct_path`; `pinned_all` is Wang et al. 2022, appendix B,
with MLPs frozen too.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_wave import Receiver, receive, receiving_block
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.wave import call_block
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES


def added_to_logits(
    replay: Replay, source: Record, senders: Sequence[Cell], check: Callable[[], None]
) -> Float[Tensor, "rows d_model"]:
    """Return the base residual stream after the last block plus each sender's change, at the end.

    Args:
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`.
        check: Called before every block; raises to stop.
    """
    change = contributions(replay, source, senders, check)
    return (replay.residual(len(replay.base.calls), len(senders)) + change)[:, -1]


def added_to_heads(
    replay: Replay,
    source: Record,
    senders: Sequence[Cell],
    receivers: Sequence[Receiver],
    check: Callable[[], None],
    *,
    live: bool,
) -> Float[Tensor, "rows d_model"]:
    """Return the last position of the residual stream when `receivers` read each sender's change.

    Args:
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`; each reaches some receiver.
        receivers: The set that receives.
        check: Called before every block; raises to stop.
        live: Whether the change is added to the live residual stream (`direct`), or to that of
            the base run (`pinned_all`).
    """
    change = contributions(replay, source, senders, check)
    first = min(receiver.layer for receiver in receivers)
    hidden = replay.residual(first, len(senders))
    for layer in range(first, len(replay.base.calls)):
        check()
        here = [receiver for receiver in receivers if receiver.layer == layer]
        received = {}
        if here:
            rows = replay.batch * sum(_comes_before(cell, layer) for cell in senders)
            stream = hidden if live else replay.residual(layer, len(senders))
            if rows:
                received = receive(replay, layer, stream[:rows] + change[:rows], here)
        hidden = receiving_block(replay, layer, hidden, received)
    return hidden[:, -1]


def contributions(
    replay: Replay, source: Record, senders: Sequence[Cell], check: Callable[[], None]
) -> Float[Tensor, "rows suffix d_model"]:
    """Return what each sender's change adds to the residual stream, as the model writes it.

    A head's is read where the attention layer's output joins the stream, so that output
    projections and norms after attention are those of the model.
    """
    changes: dict[int, Tensor] = {}
    for layer in sorted({cell.entry for cell in senders}):
        check()
        here = [cell for cell in senders if cell.entry == layer]
        heads = [cell for cell in here if cell.writes[0].site == "z"]
        changes |= _of_heads(replay, source, layer, heads) if heads else {}
        changes |= {
            cell.patch: _difference(replay, source, cell) for cell in here if cell not in heads
        }
    return torch.cat([changes[cell.patch] for cell in senders])


def _of_heads(
    replay: Replay, source: Record, layer: int, heads: Sequence[Cell]
) -> dict[int, Float[Tensor, "batch suffix d_model"]]:
    """Return by patch what each head's change does to its layer's attention output."""
    kept: list[Tensor] = []
    reading = (SITES.get("attn_out").hook.format(layer=layer), lambda x: kept.append(x.clone()))
    writes = [(index, cell.writes[0]) for index, cell in enumerate(heads)]
    hidden = replay.residual(layer, len(heads))
    call_block(replay, source, layer, hidden, writes, reading=[reading])
    base = replay.base.site("attn_out", layer)[:, replay.start :]
    changed = kept[0].unflatten(0, (len(heads), -1)) - base
    return {cell.patch: change for cell, change in zip(heads, changed, strict=True)}


def _difference(
    replay: Replay, source: Record, cell: Cell
) -> Float[Tensor, "batch suffix d_model"]:
    """Return source minus base where the sender itself is what the stream receives."""
    (write,) = cell.writes
    there, here = (run.site(write.site, write.layer) for run in (source, replay.base))
    return (there - here)[:, replay.start :]


def _comes_before(cell: Cell, layer: int) -> bool:
    """Whether a sender's change is in the residual stream that block `layer` reads."""
    return cell.entry < layer or cell.writes[0].site == "resid_pre"
