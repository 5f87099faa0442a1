"""Who begins a leg of a path, and where they join: senders, or a stop that was let know."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_blocks import Hooks, writing
from patchwidgets.engine.path_receivers import Arrived, Receiver
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.wave import write_all
from patchwidgets.models.bridge import Hook
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.plans._reach import comes_before, writes_at

Joining = tuple[int, Hooks]
"""How many cells join, and the hooks that make the change on their rows."""


@runtime_checkable
class Leg(Protocol):
    """Cells in the order in which they join: by block; before it, in its attention, at its MLP."""

    @property
    def layers(self) -> Sequence[int]:
        """Blocks at which some join, in order."""
        ...

    def before(self, layer: int) -> Float[Tensor, "rows suffix d_model"]:
        """Return the residual stream of those that join before a block."""
        ...

    def in_attention(self, layer: int) -> Joining:
        """Return those that change what a block's attention writes."""
        ...

    def at_mlp(self, layer: int, offset: int) -> Joining:
        """Return those that change what a block's MLP writes; their rows come after `offset`."""
        ...

    def reaching(self, receiver: Receiver) -> int:
        """Return how many rows are in the residual stream that a receiver reads."""
        ...


class Senders:
    """Cells of one sender each.

    Args:
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        cells: Sorted by `order`.
    """

    def __init__(self, replay: Replay, source: Record, cells: Sequence[Cell]) -> None:
        self._replay = replay
        self._source = source
        self._cells = cells

    @property
    def layers(self) -> Sequence[int]:
        """Blocks at which some join, in order."""
        return sorted({cell.entry for cell in self._cells})

    def before(self, layer: int) -> Float[Tensor, "rows suffix d_model"]:
        """Return the residual stream of those that join before a block."""
        cells = self._at(layer, lambda site: site == "resid_pre")
        stream = self._replay.residual(layer, len(cells))
        writes = [(index, cell.writes[0]) for index, cell in enumerate(cells)]
        write_all(stream, self._replay, self._source, writes)
        return stream

    def in_attention(self, layer: int) -> Joining:
        """Return those that change what a block's attention writes."""
        cells = self._at(layer, lambda site: site not in ("resid_pre", "mlp_out"))
        return len(cells), self._hooks(layer, cells, 0)

    def at_mlp(self, layer: int, offset: int) -> Joining:
        """Return those that change what a block's MLP writes; their rows come after `offset`."""
        cells = self._at(layer, lambda site: site == "mlp_out")
        return len(cells), self._hooks(layer, cells, offset)

    def reaching(self, receiver: Receiver) -> int:
        """Return how many rows are in the residual stream that a receiver reads."""
        parallel = self._replay.model.spec.parallel
        there = (receiver.site, receiver.layer)
        sent = ((writes_at(cell.writes[0].site), cell.entry) for cell in self._cells)
        before = sum(comes_before(one, there, parallel=parallel) for one in sent)
        return before * self._replay.batch

    def _at(self, layer: int, wanted: Callable[[str], bool]) -> list[Cell]:
        here = (cell for cell in self._cells if cell.entry == layer)
        return [cell for cell in here if wanted(writes_at(cell.writes[0].site))]

    def _hooks(self, layer: int, cells: Sequence[Cell], offset: int) -> Hooks:
        def writer(site: str) -> Hook:
            writes = [
                (offset + index, cell.writes[0])
                for index, cell in enumerate(cells)
                if cell.writes[0].site == site
            ]
            return lambda activation: write_all(activation, self._replay, self._source, writes)

        sites = dict.fromkeys(cell.writes[0].site for cell in cells)
        return [(SITES.get(site).hook.format(layer=layer), writer(site)) for site in sites]


class Stopover:
    """A stop that was let know: what its nodes write because of it is what travels on.

    Args:
        replay: The blocks, and the base run.
        arrived: What its nodes are let know, for every cell; all in one layer, and all inputs of
            heads or all of an MLP.
        cells: How many.
    """

    def __init__(self, replay: Replay, arrived: Arrived, cells: int) -> None:
        self._replay = replay
        self._arrived = arrived
        self._cells = cells
        receiver = next(iter(arrived))
        self._layer = receiver.layer
        self._is_mlp = receiver.site == "mlp_in"

    @property
    def layers(self) -> Sequence[int]:
        """The one block at which all join."""
        return [self._layer]

    def before(self, layer: int) -> Float[Tensor, "rows suffix d_model"]:
        """Return no rows: nobody joins before a block."""
        return self._replay.residual(layer, 0)

    def in_attention(self, layer: int) -> Joining:
        """Return all cells where the nodes are inputs of heads in this block."""
        return self._joining(here=layer == self._layer and not self._is_mlp)

    def at_mlp(self, layer: int, offset: int) -> Joining:
        """Return all cells where the node is what this block's MLP reads."""
        assert offset == 0 or layer != self._layer
        return self._joining(here=layer == self._layer and self._is_mlp)

    def reaching(self, receiver: Receiver) -> int:
        """Return the rows of all cells: no stop comes after the next one."""
        assert receiver.layer >= self._layer
        return self._cells * self._replay.batch

    def _joining(self, *, here: bool) -> Joining:
        return (self._cells, writing(self._replay, self._arrived)) if here else (0, [])
