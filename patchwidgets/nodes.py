"""Nodes and paths, and the one grammar in which they are written.

`L9H6` (the output z of a head), `L9H6.q`, `L9.mlp_out`, `L9.resid_pre@14`, `L9H6@S2`, neurons
`L9.mlp_post[7]` and `L9.mlp_post[0:64]`, a pattern `L9H6.pattern` or one entry of it
`L9H6.pattern@END<-S2` (END attends to S2), `embed`, `logits`, and `L9H6@!END` at every position
but END; a path is `L9H6 -> L10H7.q`, or
`L5H1 -> L9H6.q -> L10H7.v` by way of another node. The head index counts along the node's own head
axis: query heads for `z` and `q`, key/value heads for `k` and `v`.
"""

import re
from dataclasses import dataclass

from patchwidgets.errors import PlanError

HEAD_SITES = ("z", "q", "k", "v", "pattern")
WHOLE_NODES = ("embed", "logits")

_WRITTEN = re.compile(
    r"L(?P<layer>\d+)(?:H(?P<head>\d+))?(?:\.(?P<site>[a-z_]+))?"
    r"(?:\[(?P<first>\d+)(?::(?P<end>\d+))?\])?"
    r"(?:@(?P<position>[\w+\-!]+))?(?:<-(?P<attended>[\w+\-]+))?"
)

_ENDLESS = re.compile(r"\d{10}")
"""No layer, head or position has so many digits, and Python refuses to read thousands."""


@dataclass(frozen=True)
class Node:
    """One place in the model.

    Args:
        site: Kind of activation, a file name in `models/sites/`, or `embed` or `logits`.
        layer: Block index from 0; `None` for `embed` and `logits`.
        head: Index on the site's head axis; `None` where the site has none.
        position: A token position, the name of a role, or `None` for every position. What is
            outside a circuit is at every position but some: `!END`, or `!S2!END`.
        neurons: First and last-plus-one neuron of `mlp_post`; `None` for all of them.
        attended: The attended position of `pattern`, or its role; `None` for all.
    """

    site: str
    layer: int | None = None
    head: int | None = None
    position: int | str | None = None
    neurons: tuple[int, int] | None = None
    attended: int | str | None = None

    def __str__(self) -> str:
        if self.site in WHOLE_NODES:
            place = self.site
        elif self.head is None:
            place = f"L{self.layer}.{self.site}"
        else:
            place = f"L{self.layer}H{self.head}" + ("" if self.site == "z" else f".{self.site}")
        if self.neurons is not None:
            first, end = self.neurons
            place += f"[{first}]" if end == first + 1 else f"[{first}:{end}]"
        if self.position is not None:
            place += f"@{self.position}"
        return place if self.attended is None else f"{place}<-{self.attended}"


@dataclass(frozen=True)
class Path:
    """The sender's effect on the receivers, and on nothing else.

    Args:
        sender: The node whose output is changed.
        receivers: The nodes that are let know.
        through: Stops on the way, in order: each lets its own nodes know and nothing else, and
            what these write because of it is what the next stop is let know.
    """

    sender: Node
    receivers: tuple[Node, ...]
    through: tuple[tuple[Node, ...], ...] = ()

    @property
    def stops(self) -> tuple[tuple[Node, ...], ...]:
        """Every set of nodes that is let know, in order; the receivers are the last."""
        return *self.through, self.receivers

    @property
    def destination(self) -> str:
        """The path without its sender, as text."""
        return " -> ".join(", ".join(map(str, stop)) for stop in self.stops)

    def __str__(self) -> str:
        return f"{self.sender} -> {self.destination}"


def parse_node(written: str | Node) -> Node:
    """Return the node that `written` names; a node comes back as it is.

    Raises:
        PlanError: The text does not follow the grammar of this module.
    """
    if isinstance(written, Node):
        return written
    if not isinstance(written, str) or _ENDLESS.search(written):
        raise _not_a_node(written)
    if written in WHOLE_NODES:
        return Node(written)
    if written.startswith("embed@"):
        return Node("embed", position=_place(written.removeprefix("embed@")))
    match = _WRITTEN.fullmatch(str(written))
    if match is None or (match["head"] is None and match["site"] is None):
        raise _not_a_node(written)
    site = match["site"] or "z"
    if (match["head"] is not None) != (site in HEAD_SITES):
        raise _not_a_node(written)
    if (match["first"] and site != "mlp_post") or (match["attended"] and site != "pattern"):
        raise _not_a_node(written)
    return Node(
        site=site,
        layer=int(match["layer"]),
        head=None if match["head"] is None else int(match["head"]),
        position=_place(match["position"]),
        neurons=_neurons(match["first"], match["end"]),
        attended=_place(match["attended"]),
    )


def _place(written: str | None) -> int | str | None:
    return int(written) if written and written.isdecimal() else written


def _neurons(first: str | None, end: str | None) -> tuple[int, int] | None:
    if first is None:
        return None
    return int(first), int(first) + 1 if end is None else int(end)


def spared_places(position: int | str | None) -> list[int | str]:
    """Return the places that a position such as `!S2!14` leaves out; none of any other position."""
    if not isinstance(position, str) or not position.startswith("!"):
        return []
    return [int(place) if place.isdecimal() else place for place in position[1:].split("!")]


def parse_stops(written: str) -> tuple[tuple[Node, ...], ...]:
    """Return the stops that text such as `L9H6.q, L9H6.k -> L10H7.v` names, in order.

    Raises:
        PlanError: A part of it is not the name of a node.
    """
    stops = written.split("->")
    return tuple(tuple(parse_node(node.strip()) for node in stop.split(",")) for stop in stops)


def _not_a_node(written: object) -> PlanError:
    shown = repr(written)
    shown = shown if len(shown) <= 100 else f"{shown[:100]}..."
    return PlanError(
        f"{shown} is not the name of a node. Write a head as `L9H6`, its query, key or value "
        "input as `L9H6.q`, another site as `L9.mlp_out`, one position as `L9.resid_pre@14`, or "
        "`embed` or `logits`."
    )
