"""How much arithmetic a cell is, before it is measured."""

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_receivers import Stops
from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans.plan import Form


def multiply_adds(
    cell: Cell,
    spec: ModelSpec,
    *,
    prompts: int,
    length: int,
    read: int = 1,
    form: Form | None = None,
    stops: Stops = (),
    shared_by: int = 1,
) -> int:
    """Return the multiply-adds with which the fast engine measures a cell.

    Counted are products with weights and of queries, keys and values, in the blocks the cell's
    tokens pass through. Norms, read-out and a mixture's experts that are not called are not.

    Args:
        cell: The cell.
        spec: The model's sizes.
        prompts: Prompts of the group.
        length: Tokens per prompt.
        read: Positions at the end that are read.
        form: Of a path patch; `None` for a plain patch.
        stops: Of a path patch: who is let know, the receivers last.
        shared_by: Of a path patch: cells that share the way to the receivers, which is gone once.
    """
    tokens = prompts * (length - cell.start)
    block = spec.attention_weights + spec.mlp_weights + 2 * spec.n_heads * spec.d_head * length
    before = [write.site == "resid_pre" for write in cell.writes]
    latest = max(write.layer - one for write, one in zip(cell.writes, before, strict=True))
    if stops:
        latest = max(receiver.layer for receiver in stops[-1])
    spared = _spared(spec, block, prompts * read, tokens) if latest < spec.n_layers - 1 else 0
    if form is None:
        return tokens * block * (spec.n_layers - cell.entry) - spared
    total, entry = 0, cell.entry
    inside = not any(before)
    for stop in stops:
        layers = [receiver.layer for receiver in stop]
        total += block * inside
        if form == "pinned":
            # On the way attention is frozen, so that only MLPs are computed.
            total += spec.mlp_weights * max(0, max(layers) - entry - inside)
        entry, inside = min(layers), True
    return tokens * (total // shared_by + block * (spec.n_layers - entry)) - spared


def _spared(spec: ModelSpec, block: int, read: int, tokens: int) -> int:
    """Return the multiply-adds spared where the last block is run only where it is read.

    What it still needs of the others are keys and values, which are made along with queries.
    """
    made = spec.d_model * spec.d_head * (spec.n_heads + 2 * spec.n_kv_heads)
    return max(0, tokens * (block - made) - read * block)
