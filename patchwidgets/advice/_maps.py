"""What several rules read off a result."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.results.detection import Detection
from patchwidgets.results.labels import find_map
from patchwidgets.results.measured import AGREE, MEASURED, NOT_MEASURED
from patchwidgets.results.result import Result


def nodes_of(patch: Patch) -> tuple[Node, ...]:
    """Return what a patch writes: its nodes, or the sender of its path."""
    return patch.nodes if patch.path is None else (patch.path.sender,)


def is_window(patch: Patch) -> bool:
    """Whether a patch writes neighbouring layers together."""
    nodes = patch.nodes
    return (
        len(nodes) > 1
        and nodes[0].layer is not None
        and all(
            node == replace(nodes[0], layer=nodes[0].layer + step)
            for step, node in enumerate(nodes)
        )
    )


def sites_of(result: Result) -> set[str]:
    """Return the sites that a plan's patches write."""
    return {node.site for patch in result.plan.patches for node in nodes_of(patch)}


def receiving_sites(result: Result) -> set[str]:
    """Return the sites that paths lead to; none for plain patches."""
    paths = [patch.path for patch in result.plan.patches if patch.path is not None]
    return {node.site for path in paths for stop in path.stops for node in stop}


def source_of(result: Result) -> str:
    """Return the key of the source: `other`, or such as `zero`; `other` where it is not known."""
    return str(result.provenance.get("source", "other"))


def noise_floor(result: Result, metric: int) -> float:
    """Return what rounding alone does to a metric, as far as it was measured."""
    floors: Mapping[str, float] = result.provenance.get("noise_floor", {})
    return float(floors.get(result.metrics[metric].name, 0.0))


def found(result: Result, metric: str | None = None) -> Detection:
    """Return the nodes that the paper's rule detects in the first map."""
    return result.detect("sd", metric)


def signs(detection: Detection) -> dict[str, int]:
    """Return the detected nodes with their sign, strongest first within a sign."""
    return dict.fromkeys(detection.positive, 1) | dict.fromkeys(detection.negative, -1)


def normalized(result: Result) -> dict[str, float]:
    """Return the normalized effect of every measured patch of the first map, by its name.

    By the first metric. Empty where effects cannot be normalized.
    """
    snapshot = result.snapshot()
    if not np.isfinite(snapshot.gap(0)).all() or result.normalizable() is not None:
        return {}
    shares = snapshot.normalized(0)
    cells = [cell for cell in find_map(result.plan, None).cells if cell is not None]
    return {
        result.plan.names[cell]: float(shares[cell])
        for cell in cells
        if snapshot.status[cell] != NOT_MEASURED
    }


def together(result: Result, name: str) -> list[tuple[str, float, float]]:
    """Return the name, effect and summed effect of the sets of nodes of a map.

    By the first metric, averaged over prompts; sets whose nodes were not all measured alone are
    left out, as are single nodes.

    Args:
        result: With a map of windows or of joint sets.
        name: Of the map; nothing is returned where there is none.
    """
    if name not in [plan_map.name for plan_map in result.plan.maps]:
        return []
    joint = result.effect(map=name).mean("prompt")
    summed = result.summed(map=name).mean("prompt").to_numpy().ravel()
    cells = [cell for cell in find_map(result.plan, name).cells if cell is not None]
    rows = zip(
        cells, joint["node"].to_numpy().ravel(), joint.to_numpy().ravel(), summed, strict=True
    )
    return [
        (str(node), float(effect), float(total))
        for cell, node, effect, total in rows
        if len(result.plan.patches[cell].nodes) > 1 and np.isfinite([effect, total]).all()
    ]


def measured_effects(result: Result) -> np.ndarray:
    """Return the largest size of any prompt's effect, metric by cell that was run."""
    snapshot = result.snapshot()
    run = snapshot.status == MEASURED
    sizes = [np.abs(snapshot.effect(m))[run] for m in range(len(result.metrics))]
    return np.array([np.nan_to_num(size).max(axis=1) for size in sizes])


def rounding(result: Result, metric: int) -> float:
    """Return the size up to which an effect may be rounding."""
    return max(noise_floor(result, metric), AGREE)
