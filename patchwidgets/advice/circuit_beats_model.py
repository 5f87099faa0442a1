"""A circuit that does more than the whole model."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import percent
from patchwidgets.circuits.result import CircuitResult

__all__ = ["circuit_beats_model"]

BEYOND = 1.0
"""What the whole interval has to be above."""


@rule(
    "circuit",
    "warning",
    reason=(
        "More than the model is not better: nodes that work against the answer are outside of "
        "the circuit, so it explains another behaviour than the model's."
    ),
    source=(
        "Miller et al. 2024, arXiv 2407.08734, on IOI circuits above 100 %; Mueller et al. 2025, "
        "arXiv 2504.13151, who count the distance from 1 (CMD) for this reason"
    ),
    todo=(
        "Add the nodes with negative effects, `heads.detect().negative`, and report the distance "
        "from 1 besides the share."
    ),
)
def circuit_beats_model(circuit: CircuitResult) -> Found | None:
    """A circuit that does more than the whole model."""
    kept = circuit.faithfulness()
    if not kept.low > BEYOND:
        return None
    return kept.value, (
        f"The circuit carries {percent(kept.value)} of the behaviour, and its whole interval "
        f"({percent(kept.low)} to {percent(kept.high)}) is above what the model does."
    )
