"""The corruption hardly moves the metric."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["corruption_too_weak"]

AT_LEAST = {"logit": 0.5, "probability": 0.01}
"""In the metric's unit: ten times what an effect may be divided by; a suggestion of ours."""
SHARE = 0.1
"""Of the clean value; a suggestion of ours."""


@rule(
    "study",
    "error",
    reason=(
        "There is nothing to restore: a normalized effect divides by this gap and explodes, "
        "and what is left of the answer in the corrupted run shows in every cell."
    ),
    source="Meng et al. 2022, arXiv 2202.05262, on how much noise is needed; the bars are ours",
    todo="Corrupt another word with `at=...`, use token replacement, or take larger noise.",
)
def corruption_too_weak(facts: StudyFacts) -> Found | None:
    """The corruption hardly moves the metric."""
    for info, clean, corrupted in facts.runs():
        if info.unit not in ("logit", "probability"):
            continue
        before, after = float(clean.mean()), float(corrupted.mean())
        gap, needed = abs(before - after), max(AT_LEAST[info.unit], SHARE * abs(before))
        if gap < needed:
            return gap, (
                f"The corruption moves the mean `{info.name}` by {gap:.3g}, from {before:.3g} "
                f"to {after:.3g}, and less than {needed:.3g} is too little."
            )
    return None
