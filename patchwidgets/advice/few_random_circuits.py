"""So few random circuits that no circuit could stand out from them."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.circuits.result import CircuitResult

__all__ = ["few_random_circuits"]

LEVEL = 0.05


@rule(
    "circuit",
    "note",
    reason="With n draws no p can be below 1 / (1 + n), however good the circuit is.",
    source="Counting; the level of 0.05 is ours",
    todo="Draw 19 or more: `study.circuit(nodes, random=20)`.",
)
def few_random_circuits(circuit: CircuitResult) -> Found | None:
    """So few random circuits that no circuit could stand out from them."""
    chance = circuit.chance()
    count = len(chance.shares)
    if not count:
        return 0, "No random circuit was measured to compare this one with."
    if chance.smallest_p <= LEVEL:
        return None
    were = "was 1 random circuit" if count == 1 else f"were {count} random circuits"
    return count, f"There {were}, with which the smallest p is {chance.smallest_p:.2g}."
