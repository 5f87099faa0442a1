"""The model has a norm between a component and the residual stream."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["post_norm_model"]

FAMILIES = ("Gemma2", "Gemma3", "Olmo2", "Olmo3", "Granite")


@rule(
    "study",
    "note",
    reason=(
        "What a head or MLP computes is rescaled before it is added. `attn_out` and `mlp_out` "
        "are here what is added, after that norm; `z` and `mlp_post` come before it, so that "
        "the effects of heads of one layer do not add up to that of `attn_out`."
    ),
    source="TransformerLens issue 1648",
    todo="Say which site you patched, and compare with `site='attn_out'` or `'mlp_out'`.",
)
def post_norm_model(facts: StudyFacts) -> Found | None:
    """The model has a norm between a component and the residual stream."""
    family = "" if facts.spec is None else str(facts.spec.get("family", ""))
    if not family.startswith(FAMILIES):
        return None
    return 1, f"`{family}` has a norm or a factor between its components and the residual stream."
