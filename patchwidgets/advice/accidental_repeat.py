"""A replacement repeats a word of the prompt, and the word it replaced did not."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import PromptFacts, StudyFacts
from patchwidgets.advice._words import counted

__all__ = ["accidental_repeat"]


@rule(
    "study",
    "note",
    reason=(
        "A name or number that happens to occur twice in the corrupted prompt starts "
        "induction and duplicate-token heads of its own, which are no part of the behaviour."
    ),
    source="Wang et al. 2022, arXiv 2211.00593, section 2 (distributions of names)",
    todo=(
        "Draw replacements that do not occur in the prompt, or drop these pairs: `pairs[[...]]`."
    ),
)
def accidental_repeat(facts: StudyFacts) -> Found | None:
    """A replacement repeats a word of the prompt, and the word it replaced did not."""
    repeated = [i for i, pair in enumerate(facts.prompts) if _repeats(pair)]
    if not repeated:
        return None
    return len(repeated), (
        f"In {len(repeated)} of {counted(len(facts.prompts), 'prompt pair')} a replacement repeats "
        f"a word, which the replaced word did not, first in pair {repeated[0]}."
    )


def _repeats(pair: PromptFacts) -> bool:
    return any(
        pair.corrupted.count(pair.corrupted[at]) > 1 and pair.clean.count(pair.clean[at]) == 1
        for at in pair.differing
    )
