"""How much work a cell is, before it is measured."""

from collections.abc import Sequence

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_wave import Receiver


def block_calls(cell: Cell, receivers: Sequence[Receiver] | None, n_layers: int) -> int:
    """Return how many blocks a cell passes through, one token of it.

    Args:
        cell: The cell.
        receivers: Of a path patch, empty for the logits; `None` for a plain patch.
        n_layers: Blocks of the model.
    """
    if not receivers:
        return n_layers - cell.entry
    layers = [receiver.layer for receiver in receivers]
    return max(layers) - cell.entry + n_layers - min(layers)
