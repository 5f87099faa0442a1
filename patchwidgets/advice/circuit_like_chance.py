"""Random circuits of the same size do as well."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import percent
from patchwidgets.circuits.result import CircuitResult

__all__ = ["circuit_like_chance"]

LEVEL = 0.05


@rule(
    "circuit",
    "warning",
    reason=(
        "A share is high or low only next to what any nodes of that number would keep. Where "
        "random circuits do as well, it says nothing of the nodes that were chosen."
    ),
    source="Shi et al. 2024, arXiv 2410.13032, on sufficiency; the level of 0.05 is ours",
    todo=(
        "Look at `circuit.random_runs()`. Choose nodes by a map, or another corruption, under "
        "which fewer of all nodes carry the behaviour; `layers='same'` is the stricter comparison."
    ),
)
def circuit_like_chance(circuit: CircuitResult) -> Found | None:
    """Random circuits of the same size do as well."""
    chance = circuit.chance()
    if not chance.smallest_p <= LEVEL or not chance.p > LEVEL:
        return None
    return chance.p, (
        f"{percent(chance.as_well)} of {len(chance.shares)} random circuits of the same size do "
        f"as well as this one (p = {chance.p:.2g})."
    )
