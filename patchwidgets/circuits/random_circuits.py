"""Circuits of the same size, drawn by chance from the same nodes."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from patchwidgets.circuits.universe import KINDS, ordered, whole
from patchwidgets.errors import PlanError
from patchwidgets.nodes import Node

Layers = Literal["any", "same"]
"""Where the nodes of random circuits may be: in any layer, or as many in each layer as the circuit
has there."""

LAYERS: tuple[Layers, ...] = ("any", "same")

_Place = tuple[str, int | None, int | str | None]
"""Site, layer (or `None` for any) and position."""


def draw(
    universe: Sequence[Node], nodes: Sequence[Node], count: int, layers: Layers, seed: int
) -> tuple[tuple[Node, ...], ...]:
    """Return circuits that differ from one another and from this one.

    Each has as many heads as the circuit and as many MLPs, at the same positions.

    Args:
        universe: The nodes to choose from.
        nodes: The circuit.
        count: How many to draw.
        layers: Whether as many as in the circuit have to be in each layer.
        seed: Of the draw.

    Raises:
        PlanError: There are not so many.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise PlanError(
            f"`random={count!r}` is not a number of random circuits. Write how many to draw, such "
            "as `random=20`, or `random=0` for none."
        )
    if not count:
        return ()
    wanted = Counter(_place(node, layers) for node in nodes)
    members = {place: _members(universe, place) for place in wanted}
    possible = math.prod(math.comb(len(members[place]), wanted[place]) for place in wanted)
    if possible - 1 < count:
        raise _too_few(nodes, layers, possible - 1, count)
    chance = random.Random(seed)
    found: dict[tuple[Node, ...], None] = {}
    circuit = ordered(universe, nodes)
    while len(found) < count:
        drawn = [
            one for place, size in wanted.items() for one in chance.sample(members[place], size)
        ]
        if _overlaps(drawn):
            continue
        one = ordered(universe, drawn)
        if one != circuit:
            found.setdefault(one)
    return tuple(found)


def _place(node: Node, layers: Layers) -> _Place:
    return node.site, node.layer if layers == "same" else None, node.position


def _members(universe: Sequence[Node], place: _Place) -> list[Node]:
    site, layer, position = place
    return [
        replace(node, position=position)
        for node in universe
        if node.site == site and layer in (None, node.layer)
    ]


def _overlaps(nodes: Sequence[Node]) -> bool:
    """Whether a node is there both at all positions and at one."""
    entire = {node for node in nodes if node.position is None}
    return any(node.position is not None and whole(node) in entire for node in nodes)


def _too_few(nodes: Sequence[Node], layers: Layers, possible: int, count: int) -> PlanError:
    where = " with as many in each layer" if layers == "same" else ""
    kinds = Counter(KINDS[node.site] for node in nodes)
    size = " and ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in kinds.items())
    there = "is 1 other circuit" if possible == 1 else f"are {possible} other circuits"
    instead = f"`random={possible}`, or none with `random=0`" if possible else "`random=0`"
    also = ", or for any layer with `layers='any'`" if layers == "same" else ""
    return PlanError(
        f"`random={count}` asks for more random circuits than there are: there {there} of "
        f"{size}{where}. A comparison with chance needs circuits that are not this one. Ask for "
        f"{instead}{also}."
    )
