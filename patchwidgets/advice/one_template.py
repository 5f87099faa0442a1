"""All prompts are of one template."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["one_template"]


@rule(
    "study",
    "note",
    reason=(
        "A node may do its work under this wording only: faithfulness differs even between "
        "the two orders of names of one task."
    ),
    source="Miller, Chughtai & Saunders 2024, arXiv 2407.08734",
    todo="Add prompts of other templates, and read `result.by_group()`.",
)
def one_template(facts: StudyFacts) -> Found | None:
    """All prompts are of one template."""
    named = set(facts.groups)
    if len(facts.groups) < 2 or len(named) > 1 or named == {""}:
        return None
    (name,) = named
    return 1, f"All {len(facts.groups)} prompt pairs are of one template, `{name}`."
