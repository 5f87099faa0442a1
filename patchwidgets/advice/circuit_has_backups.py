"""A circuit carries much, and without it much is left."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import percent
from patchwidgets.circuits.result import CircuitResult

__all__ = ["circuit_has_backups"]

KEPT, LEFT = 0.5, 0.2
"""A circuit that carries half of the behaviour is called faithful here; a fifth is much to be left
without it. Both are suggestions of ours."""


@rule(
    "circuit",
    "note",
    reason=(
        "The circuit is enough and not needed: other nodes do the same work when it fails, or "
        "do it as well all the time. Wang et al. found backups of the name movers in this way."
    ),
    source=(
        "Wang et al. 2022, arXiv 2211.00593, section 4.2 (completeness); McGrath et al. 2023, "
        "arXiv 2307.15771, on self-repair"
    ),
    todo=(
        "Sweep with `direction='noising'`, and look for nodes that do something only without the "
        "circuit: patch it together with each of them, `study.sweep('joint', sets=...)`."
    ),
)
def circuit_has_backups(circuit: CircuitResult) -> Found | None:
    """A circuit carries much, and without it much is left."""
    kept, left = circuit.faithfulness().value, circuit.left().value
    if not kept >= KEPT or not left > LEFT:
        return None
    return left, (
        f"The circuit carries {percent(kept)} of the behaviour, and without it {percent(left)} is "
        "left."
    )
