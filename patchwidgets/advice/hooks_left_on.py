"""Hooks of your own are on the model."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted, listed

__all__ = ["hooks_left_on"]


@rule(
    "study",
    "warning",
    reason=(
        "They run in every forward pass, the two unpatched ones included, so that a map is "
        "one of the model with these hooks. Hooks that were added outside `run_with_hooks` "
        "stay until they are removed."
    ),
    source="TransformerLens, documentation of hooks",
    todo="If that was not meant: `model.reset_hooks()`, then open the study again.",
)
def hooks_left_on(facts: StudyFacts) -> Found | None:
    """Hooks of your own are on the model."""
    if not facts.hooks:
        return None
    return len(facts.hooks), (
        f"The model has hooks of yours at {counted(len(facts.hooks), 'place')}: "
        f"{listed(facts.hooks)}."
    )
