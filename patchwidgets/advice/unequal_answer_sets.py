"""Prompts have other numbers of right than of wrong answers."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["unequal_answer_sets"]


@rule(
    "study",
    "note",
    reason=(
        "A difference of summed logits over sets of unequal size changes when a constant is "
        "added to all logits, which no model notices. `logit_diff` takes means, and the "
        "probabilities sums; numbers of the greater-than papers, which sum logits, are not "
        "the same."
    ),
    source=(
        "Hanna, Liu & Variengien 2023, arXiv 2305.00586 (greater-than); the reason is arithmetic"
    ),
    todo=(
        "In a metric of your own take means over answer sets, or compare probabilities, as "
        "`prob_diff` does."
    ),
)
def unequal_answer_sets(facts: StudyFacts) -> Found | None:
    """Prompts have other numbers of right than of wrong answers."""
    unequal = [pair for pair in facts.prompts if len(pair.answers) != len(pair.wrong_answers)]
    if not unequal:
        return None
    first = unequal[0]
    return len(unequal), (
        f"{len(unequal)} of {counted(len(facts.prompts), 'prompt pair')} have unequal answer sets, "
        f"such as {len(first.answers)} right and {len(first.wrong_answers)} wrong."
    )
