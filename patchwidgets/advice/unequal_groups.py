"""Some templates have many more prompts than others."""

from collections import Counter

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["unequal_groups"]

AT_MOST = 2
"""Times as many, as where templates take turns; a suggestion of ours."""


@rule(
    "study",
    "note",
    reason="A mean over prompts is then mostly a mean over the common templates.",
    source="Miller, Chughtai & Saunders 2024, arXiv 2407.08734",
    todo=(
        "Read `result.normalized(how='mean_of_groups')` and `result.by_group()`, or draw "
        "every template equally often."
    ),
)
def unequal_groups(facts: StudyFacts) -> Found | None:
    """Some templates have many more prompts than others."""
    sizes = Counter(facts.groups).most_common()
    if len(sizes) < 2:
        return None
    (most, many), (least, few) = sizes[0], sizes[-1]
    if not many > AT_MOST * few:
        return None
    return many / few, (
        f"`{most or 'no group'}` has {counted(many, 'prompt pair')} and `{least or 'no group'}` "
        f"has {few}: {many / few:.1f} times as many."
    )
