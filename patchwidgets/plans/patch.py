"""One intervention: some nodes, or one path, written with the source run's values."""

from dataclasses import dataclass, replace

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
        return str(self.path) if self.path else written_together(self.nodes)


def written_name(patch: Patch) -> str:
    """Return the name of what a patch writes: its nodes, or the sender of its path."""
    return str(patch.path.sender) if patch.path else str(patch)


def written_together(nodes: tuple[Node, ...]) -> str:
    """Return nodes that are overwritten together as text; a window as `L2-L6.mlp_out`."""
    first, last = nodes[0], nodes[-1]
    if len(nodes) > 1 and first.layer is not None:
        window = [replace(first, layer=first.layer + i) for i in range(len(nodes))]
        if list(nodes) == window:
            return f"L{first.layer}-{last}"
    return " + ".join(map(str, nodes))
