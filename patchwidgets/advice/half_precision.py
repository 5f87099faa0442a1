"""The model computes in half precision."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["half_precision"]

BITS = {"bfloat16": 8, "float16": 11}


@rule(
    "study",
    "warning",
    reason="A logit of 10 is then known to 0.03 or worse, so that small effects are rounding.",
    source="TransformerLens, guide to numerical divergence",
    todo=(
        "Load the model in float32; else compare effects with `result.provenance['noise_floor']`."
    ),
)
def half_precision(facts: StudyFacts) -> Found | None:
    """The model computes in half precision."""
    bits = BITS.get(facts.dtype or "")
    if bits is None:
        return None
    return bits, f"The model computes in {facts.dtype}, which keeps {bits} significant bits."
