"""There are fewer prompt pairs than is usual."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["few_prompts"]

TESTABLE, USUAL = 6, 100
"""Below the first, `too_few_to_test` says so; the second is a suggestion of ours."""


@rule(
    "study",
    "note",
    reason="Other prompts of the same kind may pick other nodes; the papers use 200 to 500.",
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042; Meloux, Portet & Peyrard 2025, arXiv "
        "2510.00845, on how unstable circuits are"
    ),
    todo=(
        "Use `n=100` or more for what you report, and read `result.interval()` and "
        "`result.stability()`."
    ),
)
def few_prompts(facts: StudyFacts) -> Found | None:
    """There are fewer prompt pairs than is usual."""
    pairs = len(facts.groups)
    if not TESTABLE <= pairs < USUAL:
        return None
    return pairs, f"There are {pairs} prompt pairs, fewer than {USUAL}."
