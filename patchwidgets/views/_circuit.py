"""A circuit as it is drawn: never waits, so that it can be shown while it is measured."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from patchwidgets.circuits.pinned import ENDS, Drawn, parse_path
from patchwidgets.circuits.reading import Reading
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.circuits.shares import Share
from patchwidgets.circuits.words import LIVE, NODES, sentences
from patchwidgets.nodes import Node, parse_node
from patchwidgets.results.measured import MetricInfo
from patchwidgets.views import circuit as wire
from patchwidgets.views._advice import written
from patchwidgets.views._words import UNITS
from patchwidgets.views.fact import Fact
from patchwidgets.views.heatmap import Progress

KEY = "circuit"
"""What a page calls the measuring of a circuit when it cancels it."""

TITLE = "How much does this circuit carry?"


def circuit(shown: CircuitResult) -> tuple[wire.Circuit, bytes]:
    """Return header and arrays of a picture of a circuit as it is now, without waiting."""
    reading, about = shown.now(), shown.provenance
    nodes, paths = shown.effects, shown.paths
    header = pinned(nodes, paths, _heads_per_kv_head(about), shown.metrics).model_copy(
        update={
            "facts": _facts(shown),
            "universe": len(shown.circuit.universe),
            "metrics": [_metric(reading, metric) for metric in shown.metrics],
            "choices": [Fact(label=name, value=text) for name, text in shown.choices.items()],
            "remarks": [
                *([LIVE] if shown.circuit.mlps == "live" else []),
                *([NODES] if paths else []),
            ],
            "progress": Progress(**shown.progress._asdict()),
            "advice": _advice(shown),
            "code": shown.code,
        }
    )
    return header, b""


def pinned(
    nodes: Sequence[Drawn],
    paths: Sequence[Drawn] = (),
    heads_per_kv_head: int = 1,
    metrics: Sequence[MetricInfo] = (),
) -> wire.Circuit:
    """Return what was pinned, before anything is measured of it.

    Args:
        nodes: The circuit, with the effects its nodes have by themselves where these are known.
        paths: Paths between them, with theirs.
        heads_per_kv_head: Query heads that share one key/value head.
        metrics: Say the unit of effects that are not normalized.
    """
    known = [one for one in (*nodes, *paths) if one.effect is not None]
    normalized = all(one.normalized is not None for one in known)
    units = {info.name: UNITS[info.unit] for info in metrics}
    unit = units.get(known[0].metric, "its unit") if known else ""
    effects = "normalized effect" if normalized else f"effect in {unit}"
    ends = {end for one in paths for end in _ends(one.name)}
    drawn = [_node(parse_node(one.name), _effect(one, normalized)) for one in nodes]
    return wire.Circuit(
        view="circuit",
        title=TITLE,
        facts=[],
        nodes=[*drawn, *(_node(Node(end), None) for end in ENDS if end in ends)],
        edges=[
            edge
            for one in paths
            for edge in _edges(one, drawn, heads_per_kv_head, _effect(one, normalized))
        ],
        effects=effects if known else "",
        size=len(nodes),
        universe=0,
        metrics=[],
        choices=[],
        remarks=[],
        progress=None,
        advice=[],
        code="",
    )


def _effect(one: Drawn, normalized: bool) -> float | None:
    return one.normalized if normalized else one.effect


def _node(node: Node, effect: float | None) -> wire.CircuitNode:
    kinds: dict[str, Literal["head", "mlp", "embed", "logits"]] = {
        "z": "head",
        "mlp_out": "mlp",
        "embed": "embed",
        "logits": "logits",
    }
    label = f"MLP {node.layer}" if node.site == "mlp_out" else str(node)
    if node.site == "mlp_out" and node.position is not None:
        label += f"@{node.position}"
    return wire.CircuitNode(
        name=str(node), kind=kinds[node.site], layer=node.layer, label=label, effect=effect
    )


def _ends(path: str) -> set[str]:
    parsed = parse_path(path)
    return {node.site for node in (parsed.sender, *parsed.receivers) if node.site in ENDS}


def _edges(
    one: Drawn, nodes: Sequence[wire.CircuitNode], shared: int, effect: float | None
) -> list[wire.CircuitEdge]:
    """Return the legs of a path, each from every node that sends to every one that receives."""
    path = parse_path(one.name)
    stops = [(path.sender,), *path.stops]
    found: dict[tuple[str, str, str], wire.CircuitEdge] = {}
    for senders, receivers in pairwise(stops):
        for sender in senders:
            for receiver in receivers:
                inputs: Any = receiver.site if receiver.site in ("q", "k", "v") else ""
                for start in _drawn_as(sender, nodes, shared):
                    for end in _drawn_as(receiver, nodes, shared):
                        found[start, end, inputs] = wire.CircuitEdge(
                            path=one.name, sender=start, receiver=end, input=inputs, effect=effect
                        )
    return list(found.values())


def _drawn_as(node: Node, nodes: Sequence[wire.CircuitNode], shared: int) -> list[str]:
    """Return the names of the drawn nodes that a node of a path is part of."""
    if node.site in ENDS:
        return [node.site]
    heads = {node.head}
    if node.site in ("k", "v") and node.head is not None:
        heads = set(range(node.head * shared, (node.head + 1) * shared))
    parsed = [(one.name, parse_node(one.name)) for one in nodes]
    found = [(name, one) for name, one in parsed if one.layer == node.layer and one.head in heads]
    exact = [name for name, one in found if one.position == node.position]
    return exact or [name for name, _ in found]


def _metric(reading: Reading, metric: MetricInfo) -> wire.CircuitMetric:
    kept, left = reading.faithfulness(metric.name), reading.left(metric.name)
    shares = reading.chance(metric.name).shares
    measured = not any(np.isnan(shares))
    cpr, cmd = _areas(reading, metric.name)
    return wire.CircuitMetric(
        name=metric.name,
        label=metric.label,
        unit=metric.unit,
        kept=wire.CircuitShare(**_share(kept)),
        left=wire.CircuitShare(**_share(left)),
        random=list(shares) if measured else [],
        curve=_curve(reading, metric.name),
        cpr=cpr,
        cmd=cmd,
        words=sentences(reading, metric.name),
    )


def _curve(reading: Reading, metric: str) -> list[wire.CircuitPoint]:
    table = reading.curve(metric)
    return [
        wire.CircuitPoint(
            size=row["size"],
            added=row["added"],
            value=_number(row["share"]),
            low=_number(row["low"]),
            high=_number(row["high"]),
            effect=_number(row["effect"]),
        )
        for row in table.reset_index(names="size").to_dict("records")
    ]


def _areas(reading: Reading, metric: str) -> tuple[float | None, float | None]:
    if not reading.circuit.is_complete or np.isnan(reading.curve(metric)["share"].to_numpy()).any():
        return None, None
    areas = reading.areas(metric)
    return areas.cpr, areas.cmd


def _share(share: Share) -> dict[str, float | None]:
    names = ("value", "low", "high", "effect")
    return {name: _number(getattr(share, name)) for name in names}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _facts(shown: CircuitResult) -> list[Fact]:
    about, measured = shown.provenance, shown.measured
    corruption = str(about.get("corruption", "")).replace("_", " ")
    source = str(about.get("source", "other"))
    drawn = "draws of noise" if "noise" in about else "corrupted prompts"
    draws = f", {measured.draws} {drawn} each" if measured.draws > 1 else ""
    found = {
        "model": about.get("model", {}).get("name", ""),
        "pairs": f"{len(measured.groups)}{draws}",
        "corruption": f"{corruption} at {about['at']}" if "at" in about else corruption,
        "source": "" if source == "other" else source,
        "chosen from": f"{len(shown.circuit.universe)} nodes",
    }
    return [Fact(label=label, value=str(value)) for label, value in found.items() if value]


def _heads_per_kv_head(about: dict[str, Any]) -> int:
    model = about.get("model")
    return model["n_heads"] // model["n_kv_heads"] if model else 1


def _advice(shown: CircuitResult) -> list[Any]:
    """Return the advice on a circuit that is measured; none before, for it would wait."""
    if shown.progress.state != "done":
        return []
    return list(written(shown.frozen().advice()))
