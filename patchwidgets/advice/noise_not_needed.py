"""Noise was used where words could have been replaced."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["noise_not_needed"]


@rule(
    "study",
    "warning",
    reason=(
        "Noise takes the model out of what it knows: attention goes elsewhere, and heads are "
        "found that token replacement does not find."
    ),
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042, sections 3.2 and 6, which recommend token "
        "replacement"
    ),
    todo=(
        "Use `corruption='token_replacement'`, or compare both with "
        "`study.compare(corruptions=[...])`."
    ),
)
def noise_not_needed(facts: StudyFacts) -> Found | None:
    """Noise was used where words could have been replaced."""
    if facts.noise is None or not facts.replaceable:
        return None
    size = float(facts.noise["k"])
    return size, (
        f"`{facts.corruption}` of {size:g} standard deviations was used, and these prompts have "
        "replacements of the same length."
    )
