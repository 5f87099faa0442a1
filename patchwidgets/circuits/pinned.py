"""What is drawn of a circuit beside its runs: effects of its nodes, and paths that were pinned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from patchwidgets.circuits.universe import ordered, whole
from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_node, parse_stops
from patchwidgets.plans.plan import Plan
from patchwidgets.results.result import Result

ENDS = ("embed", "logits")
"""Where a path may start and end besides nodes of the circuit."""

Paths = Sequence[str | Path] | Mapping[str, Result | None]
"""Paths as text, each by itself or with the path map in which it was measured."""


@dataclass(frozen=True)
class Drawn:
    """A node or a path with the effect it has by itself, as it was measured before.

    Args:
        name: The node, or the path as `L5H1 -> L9H6.q`.
        effect: Mean over prompts, in the unit of `metric`; `None` where it was not measured.
        normalized: As a share of the gap between the two runs; `None` where there is no ratio.
        metric: Name of the metric; empty where there is no effect.
        form: Which nodes were frozen, of a path; empty otherwise.
    """

    name: str
    effect: float | None = None
    normalized: float | None = None
    metric: str = ""
    form: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        return asdict(self)


def parse_path(written: str | Path) -> Path:
    """Return the path that text such as `L5H1 -> L9H6.q` names.

    Raises:
        PlanError: It is no path.
    """
    if isinstance(written, Path):
        return written
    sender, arrow, rest = str(written).partition("->")
    if not arrow:
        raise PlanError(
            f"{written!r} is no path. Write the sender, an arrow and what it is let know, such as "
            "`L5H1 -> L9H6.q`."
        )
    *through, receivers = parse_stops(rest)
    return Path(parse_node(sender.strip()), receivers, tuple(through))


def paths_of(spec: ModelSpec, nodes: Sequence[Node], paths: Paths) -> tuple[Drawn, ...]:
    """Return the pinned paths with their effects.

    Raises:
        PlanError: A path has an end that is not in the circuit, or is not in its path map.
    """
    if isinstance(paths, str):
        raise PlanError(f"`paths={paths!r}` is one text. Write a list: `paths=[{paths!r}]`.")
    found: dict[str, Drawn] = {}
    members = {whole(node) for node in nodes}
    for written in paths:
        path = parse_path(written)
        for end in (path.sender, *(node for stop in path.stops for node in stop)):
            if end.site not in ENDS and not members & set(whose(spec, end)):
                raise PlanError(
                    f"`{path}` has an end, `{end}`, that is not in the circuit, so there is "
                    "nothing to draw it between. Pin the node too, or leave the path out."
                )
        result = paths.get(str(written)) if isinstance(paths, Mapping) else None
        found[str(path)] = _measured(path, result)
    return tuple(found.values())


def whose(spec: ModelSpec, node: Node) -> tuple[Node, ...]:
    """Return the nodes of a circuit that a node is part of: the heads that read a key, say."""
    layer = node.layer
    if node.site in ("k", "v") and node.head is not None:
        shared = spec.heads_per_kv_head
        heads = range(node.head * shared, (node.head + 1) * shared)
        return tuple(Node("z", layer, head) for head in heads)
    if node.head is not None:
        return (Node("z", layer, node.head),)
    return (Node("mlp_out", layer),)


def _measured(path: Path, result: Result | None) -> Drawn:
    if result is None:
        return Drawn(str(path))
    names = [str(patch.path) for patch in result.plan.patches]
    if str(path) not in names:
        raise PlanError(
            f"`{path}` is not in the map that was given for it, which is into "
            f"{names[0].partition(' -> ')[2] if names else 'nothing'}. Give the result of "
            f"`study.path({path.destination!r})`."
        )
    return _drawn(str(path), result, names.index(str(path)), result.plan.form or "")


def _drawn(name: str, result: Result, patch: int, form: str = "") -> Drawn:
    """Return what a result says of one patch, by its first metric; without waiting."""
    snapshot = result.snapshot()
    effect = float(snapshot.mean_effect(0)[patch])
    if np.isnan(effect):
        return Drawn(name, form=form)
    normalized = float(snapshot.normalized(0)[patch])
    finite = normalized if np.isfinite(normalized) else None
    return Drawn(name, effect, finite, result.metrics[0].name, form)


def order_of(
    universe: Sequence[Node], nodes: Sequence[Node], order: Result | Iterable[str | Node] | None
) -> tuple[Node, ...]:
    """Return in which order nodes are added: those of the circuit, then any others that are known.

    Args:
        universe: What a circuit chooses from.
        nodes: The circuit; its own order where there is no other.
        order: A result, by the size of whose effects nodes are ordered, the largest first; or
            nodes in their order.

    Raises:
        PlanError: It has a node twice or one that is outside of the universe, or a result has no
            effect of any node of the universe.
    """
    if order is None:
        return tuple(nodes)
    given = _ranked(universe, order) if isinstance(order, Result) else list(map(parse_node, order))
    members = set(universe)
    for place, node in enumerate(given):
        if whole(node) not in members or node in given[:place]:
            what = "twice in" if whole(node) in members else "outside of the universe, but in"
            raise PlanError(
                f"`{node}` is {what} `order`, in which every node that could be in the circuit "
                "stands once. Give a head map, such as `order=study.sweep('heads')`, or the names "
                "of nodes without it."
            )
    rank = {node: place for place, node in reversed(list(enumerate(given)))}
    last = len(given)
    mine = sorted(nodes, key=lambda node: rank.get(node, rank.get(whole(node), last)))
    taken = {whole(node) for node in nodes} | set(nodes)
    return (*mine, *(node for node in given if node not in taken))


def _ranked(universe: Sequence[Node], result: Result) -> list[Node]:
    """Return the nodes that a result measured one at a time, the largest effect first."""
    effects = np.abs(result.wait().snapshot().mean_effect(0))
    members, found = set(universe), {}
    for place, patch in enumerate(result.plan.patches):
        alone = patch.nodes[0] if len(patch.nodes) == 1 else None
        if alone in members and not np.isnan(effects[place]):
            found[alone] = effects[place]
    if not found:
        raise PlanError(
            f"`order` is a {result.plan.name} map, in which no node that could be in the circuit "
            "was measured by itself at all positions. Give a head map, such as "
            "`order=study.sweep('heads')`, or the names of nodes in their order."
        )
    return sorted(ordered(universe, found), key=lambda node: -found[node])


def effects_of(nodes: Sequence[Node], result: Result | None) -> tuple[Drawn, ...]:
    """Return the nodes of a circuit with the effects that a result has of them."""
    if result is None:
        return tuple(Drawn(str(node)) for node in nodes)
    plan: Plan = result.plan
    places = {p.nodes[0]: place for place, p in enumerate(plan.patches) if len(p.nodes) == 1}
    return tuple(
        _drawn(str(node), result, places[node]) if node in places else Drawn(str(node))
        for node in nodes
    )
