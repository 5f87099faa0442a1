"""The model routes tokens to experts."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["mixture_of_experts"]


@rule(
    "study",
    "note",
    reason=(
        "A router jumps: a tiny change upstream can send a token to another expert, so that "
        "effects jump too and rounding can show."
    ),
    source="TransformerLens, notes on mixture-of-experts models",
    todo=("Compare small effects with `result.provenance['noise_floor']`, and measure in float32."),
)
def mixture_of_experts(facts: StudyFacts) -> Found | None:
    """The model routes tokens to experts."""
    family = "" if facts.spec is None else str(facts.spec.get("family", ""))
    if "moe" not in family.lower() and "mixtral" not in family.lower():
        return None
    return 1, f"`{family}` routes every token to some of its experts."
