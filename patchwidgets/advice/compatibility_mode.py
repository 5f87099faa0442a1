"""The model is in compatibility mode."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["compatibility_mode"]


@rule(
    "study",
    "note",
    reason=(
        "Unless `no_processing=True` was given, it has folded norms into the weights and centred "
        "them, for good. The probabilities stay the same, but raw logits, what is in the residual "
        "stream and the size of noise on embeddings are other numbers than those of the model as "
        "it was published."
    ),
    source="TransformerLens, documentation of compatibility mode",
    todo="Say so beside the numbers; a model loaded anew has the published weights.",
)
def compatibility_mode(facts: StudyFacts) -> Found | None:
    """The model is in compatibility mode."""
    if not facts.compatibility_mode:
        return None
    return 1, "`enable_compatibility_mode` was called on the model, which changes weights in place."
