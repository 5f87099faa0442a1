"""The nodes that a circuit chooses from, and what is outside of one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans._grid import require_node
from patchwidgets.plans.shape import PromptShape

Mlps = Literal["live", "counted"]
"""`live`: circuits are sets of heads, and every MLP goes on computing from what it is given, as in
Wang et al. 2022, section 3. `counted`: MLPs are nodes as heads are, and one outside the circuit is
overwritten too."""

MLPS: tuple[Mlps, ...] = ("live", "counted")

KINDS = {"z": "head", "mlp_out": "MLP"}
"""What nodes of a circuit are called."""


def universe_of(spec: ModelSpec, mlps: Mlps = "live") -> tuple[Node, ...]:
    """Return every node that could be in a circuit, layer by layer; heads before their MLP."""
    nodes = []
    for layer in range(spec.n_layers):
        nodes += [Node("z", layer, head) for head in range(spec.n_heads)]
        if mlps == "counted" and spec.d_mlp:
            nodes.append(Node("mlp_out", layer))
    return tuple(nodes)


def whole(node: Node) -> Node:
    """Return the node at all of its positions."""
    return replace(node, position=None)


def outside(universe: Sequence[Node], kept: Collection[Node]) -> tuple[Node, ...]:
    """Return everything that is not kept; of a node kept at some positions, the others."""
    places: dict[Node, list[str]] = defaultdict(list)
    for node in kept:
        if node.position is not None:
            places[whole(node)].append(str(node.position))
    return tuple(
        replace(node, position="!" + "!".join(sorted(places[node]))) if node in places else node
        for node in universe
        if node not in kept
    )


def ordered(universe: Sequence[Node], nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return nodes in the order of the universe, so that a set is always written the same way."""
    place = {node: index for index, node in enumerate(universe)}
    return tuple(sorted(nodes, key=lambda node: (place[whole(node)], str(node.position))))


def nodes_of(
    spec: ModelSpec, shape: PromptShape, mlps: Mlps, nodes: Iterable[str | Node]
) -> tuple[Node, ...]:
    """Return the nodes of a circuit, checked.

    Raises:
        PlanError: There are none, one is twice in it, or one cannot be in a circuit.
    """
    if isinstance(nodes, str):
        raise PlanError(
            f"`nodes={nodes!r}` is one text, and a circuit is a list of nodes. Write "
            f"`study.circuit([{nodes!r}])`."
        )
    if not isinstance(nodes, Iterable):
        raise PlanError(
            f"`nodes` is a `{type(nodes).__name__}`, and a circuit is a list of nodes. Write "
            "which, such as `study.circuit(heads.detect().positive, order=heads)`."
        )
    found: list[Node] = []
    for node in map(parse_node, nodes):
        _require_kind(spec, mlps, node)
        require_node(spec, shape, node)
        _require_new(found, node)
        found.append(node)
    if not found:
        raise PlanError(
            "The circuit has no nodes, so that there is nothing to keep. Give at least one, such "
            "as `study.circuit(['L9H6', 'L10H0@END'])`."
        )
    return tuple(found)


def _require_kind(spec: ModelSpec, mlps: Mlps, node: Node) -> None:
    if node.site in ("q", "k", "v") and node.head is not None and node.layer is not None:
        shared = spec.heads_per_kv_head if node.site != "q" else 1
        heads = [
            f"L{node.layer}H{head}" for head in range(node.head * shared, (node.head + 1) * shared)
        ]
        written = ", ".join(f"`{head}`" for head in heads)
        raise PlanError(
            f"`{node}` is one input of {'a head' if shared == 1 else f'{shared} heads'}, and a "
            "circuit keeps whole heads: what is measured is a set of nodes, and not the paths "
            f"between them. Write {written}, and what feeds the input as "
            f"`paths=['L0H0 -> {node}']`, which is drawn."
        )
    if node.site not in KINDS or (node.site == "z" and node.head is None):
        raise PlanError(
            f"`{node}` is outside of what a circuit chooses from. A circuit is a set of heads, "
            "such as `L9H6` or `L9H6@END`, and with `mlps='counted'` of MLPs, such as "
            "`L9.mlp_out`: one of the two writes all that is added to the residual stream."
        )
    if node.site == "mlp_out" and mlps == "live":
        raise PlanError(
            f"`{node}` is outside of what this circuit chooses from: with `mlps='live'` every MLP "
            "goes on computing from what it is given, in the circuit or not. Leave it out, or "
            "count MLPs as nodes with `mlps='counted'`."
        )


def _require_new(found: Sequence[Node], node: Node) -> None:
    if node in found:
        raise PlanError(
            f"`{node}` is twice in the circuit, and a circuit is a set: it would count as two "
            "nodes and be one. Name each node once."
        )
    for other in found:
        if whole(other) == whole(node) and None in (other.position, node.position):
            part = other if node.position is None else node
            raise PlanError(
                f"The circuit has `{whole(node)}` at all positions and `{part}` besides, which is "
                "part of it. Keep one of the two."
            )
