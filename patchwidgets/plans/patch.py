"""One intervention: some nodes, or one path, written with the source run's values."""

from dataclasses import dataclass

from patchwidgets.nodes import Node, Path


@dataclass(frozen=True)
class Patch:
    """What one cell of a map does to the base run.

    Args:
        nodes: Nodes that are overwritten together. Empty for a path patch.
        path: Sender and receivers; `None` for a plain patch.
    """

    nodes: tuple[Node, ...] = ()
    path: Path | None = None

    def __str__(self) -> str:
        return str(self.path) if self.path else " + ".join(map(str, self.nodes))
