"""The model fails some of the clean prompts."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import percent

__all__ = ["some_prompts_wrong"]

TOLERATED, HALF = 0.1, 0.5
"""Share of prompts; from a half on, `task_not_done` says so. The first is a suggestion of ours."""


@rule(
    "study",
    "warning",
    reason=(
        "Prompts without the behaviour pull every mean towards 0 and add effects that have "
        "nothing to do with it."
    ),
    source="Meng et al. 2022, arXiv 2202.05262, trace only prompts that the model gets right",
    todo=(
        "Draw pairs that the model knows with `pw.Study(..., known=True)`, or keep the groups that "
        "it can do: `study.by_group()`, `study.keep([...])`."
    ),
)
def some_prompts_wrong(facts: StudyFacts) -> Found | None:
    """The model fails some of the clean prompts."""
    if not facts.prompts:
        return None
    wrong = 1 - float(np.mean([pair.right for pair in facts.prompts]))
    if not TOLERATED < wrong < HALF:
        return None
    return wrong, (
        f"The model prefers a wrong answer on {percent(wrong)} of the clean prompts{_where(facts)}."
    )


def _where(facts: StudyFacts) -> str:
    """Return the group that the model fails most, where there are several."""
    groups = sorted({pair.group for pair in facts.prompts})
    if len(groups) < 2:
        return ""
    wrong = {
        group: 1 - float(np.mean([pair.right for pair in facts.prompts if pair.group == group]))
        for group in groups
    }
    worst = max(groups, key=lambda group: wrong[group])
    return f", most often in the group `{worst}` ({percent(wrong[worst])})"
