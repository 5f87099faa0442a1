"""The six choices by which measurements of circuits differ, in words."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from patchwidgets.circuits.circuit import Circuit
from patchwidgets.circuits.universe import KINDS

VALUES = {
    "other": "resample: the values of the corrupted run of each prompt pair",
    "zero": "zero",
    "mean": "mean: over reference prompts",
    "resample": "resample: the values of another prompt pair",
}


def choices_of(circuit: Circuit, provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return what was chosen where papers choose differently.

    Source: Miller et al. 2024 (arXiv 2407.08734), section 2: numbers measured with different
    choices cannot be compared.

    Args:
        circuit: What is measured.
        provenance: Of its runs.
    """
    source = str(provenance.get("source", "other"))
    value = VALUES.get(source.partition("(")[0].partition(" ")[0], source)
    if source == "other" and "noise" in provenance:
        value = "noise: the values of runs whose embeddings are noised"
    places = sorted({str(node.position) for node in circuit.nodes if node.position is not None})
    everywhere = any(node.position is None for node in circuit.nodes)
    some = f"some nodes at {', '.join(places)} only" if everywhere else f"at {', '.join(places)}"
    live = ", MLPs left live" if circuit.mlps == "live" else " and MLP outputs"
    return {
        "granularity": "nodes, not the paths between them",
        "component": f"outputs of attention heads (z){live}",
        "value": value,
        "positions": some if places else "all positions",
        "direction": "on the clean prompt, values of the other run are written",
        "set": "what is outside of the circuit is overwritten (faithfulness); the circuit itself "
        "is overwritten (what is left)",
    }


def size_in_words(circuit: Circuit) -> str:
    """Return how many nodes of each kind the circuit has, such as `3 heads and 1 MLP`."""
    kinds = Counter(KINDS[node.site] for node in circuit.nodes)
    return " and ".join(
        f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items()
    )
