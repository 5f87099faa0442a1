"""The model does not do the task."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import percent

__all__ = ["task_not_done"]

HALF = 0.5
"""Share of prompts; a suggestion of ours. The sources drop every prompt that the model fails."""


@rule(
    "study",
    "error",
    reason=(
        "Where a model does not show a behaviour there is nothing to localise: a map then "
        "shows what else the two prompts differ in."
    ),
    source=(
        "Meng et al. 2022, arXiv 2202.05262, and Zhang & Nanda 2024, appendix C, drop prompts "
        "that the model fails"
    ),
    todo=(
        "Use a larger model, other prompts or another task, or keep what it can do with "
        "`study.keep([...])` or `pw.Study(..., known=True)`."
    ),
)
def task_not_done(facts: StudyFacts) -> Found | None:
    """The model does not do the task."""
    if facts.prompts:
        right = float(np.mean([pair.right for pair in facts.prompts]))
        if right <= HALF:
            return (
                right,
                f"The model prefers the right answer on {percent(right)} of the clean prompts.",
            )
    runs = facts.run("logit_diff")
    if runs is None or not runs[0].mean() <= 0:
        return None
    mean = float(runs[0].mean())
    return (
        mean,
        f"The mean logit difference of the clean runs is {mean:.3g}: the wrong answer wins.",
    )
