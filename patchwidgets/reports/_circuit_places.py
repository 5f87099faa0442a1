"""Where nodes and lines of a circuit lie in a figure, in inches: a row per layer, inputs lowest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from patchwidgets.views.circuit import Circuit, CircuitNode

LEFT, BETWEEN, PASSING, HIGH, PITCH = 0.45, 0.25, 0.12, 0.36, 0.72
WIDEST = 7.0
"""Of a row, beyond which a layer has several."""

FEW = 8
"""Up to so many nodes that send no path, their whole effects are drawn as lines to the logits; as
on the page (js/src/views/circuit-graph.ts)."""

TURNS = 12
PORTS = {"q": -0.3, "k": 0.0, "v": 0.3, "": 0.0}
"""Where on a head its query, key and value enter, as a share of its width."""


class Box(NamedTuple):
    """A node, by its left lower corner."""

    node: CircuitNode
    x: float
    y: float
    width: float


class Line(NamedTuple):
    """A leg of a path, or a node's whole effect by whatever route, from the sender upwards."""

    points: list[tuple[float, float]]
    effect: float | None
    input: str
    whole: bool


class Places(NamedTuple):
    """Where everything lies; `rows` are labels of layers and their heights."""

    boxes: list[Box]
    lines: list[Line]
    rows: list[tuple[str, float]]
    width: float
    height: float


@dataclass(eq=False)
class _Item:
    """What takes room in a row: a node, or a line that passes it."""

    width: float
    node: CircuitNode | None = None
    x: float = 0.0
    below: list["_Item"] = field(default_factory=list)
    above: list["_Item"] = field(default_factory=list)


class _Link(NamedTuple):
    sender: str
    receiver: str
    effect: float | None
    input: str
    whole: bool


def places_of(circuit: Circuit) -> Places:
    """Return places of a circuit without overlaps; lines pass between nodes."""
    nodes = _with_logits(circuit.nodes)
    rows = [[_Item(_wide(node), node) for node in row] for row in _rows(nodes)]
    at = {one.node.name: (level, one) for level, row in enumerate(rows) for one in row if one.node}
    links = [link for link in _links(circuit) if at[link.sender][0] < at[link.receiver][0]]
    routes = [_route(link, rows, at) for link in links]
    _settle(rows)
    least = min((one.x - one.width / 2 for row in rows for one in row), default=0.0)
    for one in (one for row in rows for one in row):
        one.x += LEFT - least
    width = max((one.x + one.width / 2 for row in rows for one in row), default=0.0)
    bottoms = [PITCH * level for level in range(len(rows))]
    return Places(
        boxes=[
            Box(one.node, one.x - one.width / 2, bottom, one.width)
            for row, bottom in zip(rows, bottoms, strict=True)
            for one in row
            if one.node
        ],
        lines=[
            _line(link, route, at[link.sender][0])
            for link, route in zip(links, routes, strict=True)
        ],
        rows=_labels(rows),
        width=width,
        height=PITCH * max(0, len(rows) - 1) + HIGH,
    )


def _with_logits(nodes: Sequence[CircuitNode]) -> list[CircuitNode]:
    if not nodes or any(node.kind == "logits" for node in nodes):
        return list(nodes)
    logits = CircuitNode(name="logits", kind="logits", layer=None, label="logits", effect=None)
    return [*nodes, logits]


def _links(circuit: Circuit) -> list[_Link]:
    pinned = [
        _Link(edge.sender, edge.receiver, edge.effect, edge.input, False) for edge in circuit.edges
    ]
    senders = {link.sender for link in pinned}
    lonely = [node for node in circuit.nodes if node.layer is not None and node.name not in senders]
    known = [node for node in lonely if node.effect is not None] if len(lonely) <= FEW else []
    return [*pinned, *(_Link(node.name, "logits", node.effect, "", True) for node in known)]


def _rows(nodes: Sequence[CircuitNode]) -> list[list[CircuitNode]]:
    """Return the nodes by row, the lowest first; MLPs read what the heads of their layer write."""
    ends = {"embed": -1.0, "logits": float("inf")}
    layers: dict[float, list[CircuitNode]] = {}
    for node in nodes:
        height = ends.get(node.kind, (node.layer or 0) + 0.5 * (node.kind == "mlp"))
        layers.setdefault(height, []).append(node)
    rows: list[list[CircuitNode]] = []
    for height in sorted(layers):
        taken = WIDEST
        for node in layers[height]:
            if taken + _wide(node) > WIDEST:
                rows.append([])
                taken = 0.0
            rows[-1].append(node)
            taken += _wide(node) + BETWEEN
    return rows


def _wide(node: CircuitNode) -> float:
    return max(0.66, 0.085 * len(node.label) + 0.16)


def _route(link: _Link, rows: list[list[_Item]], at: dict[str, tuple[int, _Item]]) -> list[_Item]:
    """Put a line into the rows that it passes, and return its items from end to end."""
    (start, first), (end, last) = at[link.sender], at[link.receiver]
    passing = [_Item(PASSING) for _ in range(start + 1, end)]
    for row, one in zip(rows[start + 1 : end], passing, strict=True):
        row.append(one)
    route = [first, *passing, last]
    for lower, upper in pairwise(route):
        lower.above.append(upper)
        upper.below.append(lower)
    return route


def _settle(rows: list[list[_Item]]) -> None:
    """Sort every row by where its neighbours are, then move all towards them as there is room."""
    for row in rows:
        for place, one in enumerate(row):
            one.x = place - (len(row) - 1) / 2
    for turn in range(4):
        for row in rows if turn % 2 == 0 else rows[::-1]:
            row.sort(key=lambda one, turn=turn: _wanted(one, (one.below, one.above)[turn % 2]))
            for place, one in enumerate(row):
                one.x = place - (len(row) - 1) / 2
    for turn in range(TURNS):
        for row in rows if turn % 2 == 0 else rows[::-1]:
            _apart(row, np.array([_wanted(one, one.below + one.above) for one in row]))


def _wanted(one: _Item, neighbours: Sequence[_Item]) -> float:
    return float(np.mean([other.x for other in neighbours])) if neighbours else one.x


def _apart(row: list[_Item], best: np.ndarray) -> None:
    """Put the items of a row where they are best, in their order, without overlaps."""
    gaps = [
        (one.width + other.width) / 2 + (BETWEEN if one.node and other.node else PASSING)
        for one, other in pairwise(row)
    ]
    steps = np.concatenate([[0.0], np.cumsum(gaps)])
    right = np.maximum.accumulate(best - steps)
    left = np.minimum.accumulate((best - steps)[::-1])[::-1]
    for one, x in zip(row, (right + left) / 2 + steps, strict=True):
        one.x = float(x)


def _line(link: _Link, route: list[_Item], level: int) -> Line:
    points: list[tuple[float, float]] = []
    for step, one in enumerate(route):
        bottom = PITCH * (level + step)
        if step:
            port = PORTS[link.input] * one.width if one.node else 0.0
            points.append((one.x + port, bottom))
        if step < len(route) - 1:
            points.append((one.x, bottom + HIGH))
    return Line(points, link.effect, link.input, link.whole)


def _labels(rows: list[list[_Item]]) -> list[tuple[str, float]]:
    found: dict[int, float] = {}
    for level, row in enumerate(rows):
        for one in row:
            if one.node and one.node.layer is not None:
                found.setdefault(one.node.layer, PITCH * level + HIGH / 2)
    return [(f"L{layer}", height) for layer, height in found.items()]
