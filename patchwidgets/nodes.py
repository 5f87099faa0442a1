"""Nodes and paths, and the one grammar in which they are written.

`L9H6` (the output z of a head), `L9H6.q`, `L9.mlp_out`, `L9.resid_pre@14`, `L9H6@S2`, `embed`,
`logits`; a path is `L9H6 -> L10H7.q`. The head index counts along the node's own head axis: query
heads for `z` and `q`, key/value heads for `k` and `v`.
"""

import re
from dataclasses import dataclass

from patchwidgets.errors import PlanError

HEAD_SITES = ("z", "q", "k", "v")
WHOLE_NODES = ("embed", "logits")

_WRITTEN = re.compile(
    r"L(?P<layer>\d+)(?:H(?P<head>\d+))?(?:\.(?P<site>[a-z_]+))?(?:@(?P<position>[\w+\-]+))?"
)


@dataclass(frozen=True)
class Node:
    """One place in the model.

    Args:
        site: Kind of activation, a file name in `models/sites/`, or `embed` or `logits`.
        layer: Block index from 0; `None` for `embed` and `logits`.
        head: Index on the site's head axis; `None` where the site has none.
        position: A token position, the name of a role, or `None` for every position.
    """

    site: str
    layer: int | None = None
    head: int | None = None
    position: int | str | None = None

    def __str__(self) -> str:
        if self.site in WHOLE_NODES:
            place = self.site
        elif self.head is None:
            place = f"L{self.layer}.{self.site}"
        else:
            place = f"L{self.layer}H{self.head}" + ("" if self.site == "z" else f".{self.site}")
        return place if self.position is None else f"{place}@{self.position}"


@dataclass(frozen=True)
class Path:
    """The sender's effect on the receivers, and on nothing else."""

    sender: Node
    receivers: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.sender} -> {', '.join(map(str, self.receivers))}"


def parse_node(written: str | Node) -> Node:
    """Return the node that `written` names; a node comes back as it is.

    Raises:
        PlanError: The text does not follow the grammar of this module.
    """
    if isinstance(written, Node):
        return written
    if written in WHOLE_NODES:
        return Node(written)
    match = _WRITTEN.fullmatch(str(written))
    if match is None or (match["head"] is None and match["site"] is None):
        raise _not_a_node(written)
    site = match["site"] or "z"
    if (match["head"] is not None) != (site in HEAD_SITES):
        raise _not_a_node(written)
    position = match["position"]
    return Node(
        site=site,
        layer=int(match["layer"]),
        head=None if match["head"] is None else int(match["head"]),
        position=int(position) if position and position.isdecimal() else position,
    )


def _not_a_node(written: object) -> PlanError:
    return PlanError(
        f"{written!r} is not the name of a node. Write a head as `L9H6`, its query, key or value "
        "input as `L9H6.q`, another site as `L9.mlp_out`, one position as `L9.resid_pre@14`, or "
        "`embed` or `logits`."
    )
