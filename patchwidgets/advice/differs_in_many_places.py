"""The prompts of a pair differ in more than one place."""

from collections.abc import Sequence

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["differs_in_many_places"]


@rule(
    "study",
    "note",
    reason=(
        "An effect may then belong to any of the differences, and positions between them "
        "carry several at once."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255, section 2",
    todo=(
        "Read `study.prompts.show()`, and compare with a corruption site that replaces one word."
    ),
)
def differs_in_many_places(facts: StudyFacts) -> Found | None:
    """The prompts of a pair differ in more than one place."""
    if facts.noise is not None:
        return None
    many = [pair for pair in facts.prompts if _places(pair.differing) > 1]
    if not many:
        return None
    most = max(_places(pair.differing) for pair in many)
    return most, (
        f"{len(many)} of {counted(len(facts.prompts), 'prompt pair')} differ in more than one "
        f"place, in up to {most}."
    )


def _places(positions: Sequence[int]) -> int:
    """Return how many runs of neighbouring positions there are."""
    return sum(at - 1 not in positions for at in positions)
