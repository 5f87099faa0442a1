"""The way of every path patch: who sends, through whom, to which receivers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_receivers import Receiver, Stops, resolve_stops
from patchwidgets.nodes import Node
from patchwidgets.plans.plan import Plan


@dataclass(frozen=True, eq=False)
class Route:
    """The way of one cell.

    Args:
        sender: Its sender; one object for all cells of that sender.
        stops: Who is let know, one set after another; the last are the receivers. One object per
            place for all cells.
        shared_by: How many cells of the plan have this sender and the same stops on the way.
    """

    sender: Cell
    stops: Stops
    shared_by: int = 1

    @property
    def way(self) -> tuple[tuple[Receiver, ...], ...]:
        """The stops before the receivers."""
        return tuple(map(tuple, self.stops[:-1]))

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The last stop."""
        return tuple(self.stops[-1])


def routes_of(
    plan: Plan,
    cells: Sequence[Cell],
    roles: Mapping[str, Int[Tensor, " batch"]],
    batch: int,
    n_layers: int,
) -> list[Route]:
    """Return the way of every patch of a plan on a group of prompts; none without paths.

    Args:
        plan: The patches.
        cells: What their senders write.
        roles: Positions of the roles in the group's prompts, BOS counted.
        batch: Prompts in the group.
        n_layers: Blocks of the model.
    """
    paths = [patch.path for patch in plan.patches if patch.path is not None]
    known: dict[Node, Receiver] = {}
    senders: dict[Node, Cell] = {}
    sharing = Counter((path.sender, path.through) for path in paths)
    return [
        Route(
            sender=senders.setdefault(path.sender, cell),
            stops=resolve_stops(path, roles, batch, n_layers, known),
            shared_by=sharing[path.sender, path.through],
        )
        for path, cell in zip(paths, cells, strict=False)
    ]
