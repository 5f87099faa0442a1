"""The corrupted prompts do not make the model prefer their own answers."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import percent

__all__ = ["corrupted_not_flipped"]

MOST_KEPT = 0.5
"""Share of pairs; a suggestion of ours."""


@rule(
    "study",
    "warning",
    reason=(
        "Symmetric token replacement takes for granted that the wrong answer is right for the "
        "corrupted prompt; where the model does not say so, the two runs are no mirror images "
        "and a logit difference mixes two changes."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 2.1",
    todo=(
        "Keep the pairs that the model knows both ways with `pw.Study(..., known=True)`, or "
        "choose another corruption site."
    ),
)
def corrupted_not_flipped(facts: StudyFacts) -> Found | None:
    """The corrupted prompts do not make the model prefer their own answers."""
    runs = facts.run("logit_diff")
    if runs is None or facts.noise is not None or not facts.symmetric:
        return None
    kept = float((runs[1] >= 0).mean())
    if not kept > MOST_KEPT:
        return None
    return kept, (
        f"On {percent(kept)} of the corrupted prompts the model does not prefer their own answer."
    )
