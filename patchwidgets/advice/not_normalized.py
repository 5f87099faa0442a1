"""Effects are shown in the metric's unit, because the gap is too small."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.results.measured import not_normalizable

__all__ = ["not_normalized"]

SAID_ELSEWHERE = ("logit", "probability")
"""Units on which `corruption_too_weak` speaks, with a higher bar."""


@rule(
    "study",
    "note",
    reason=(
        "A share of almost nothing is no number to read. The map of this metric shows effects in "
        "its unit."
    ),
    source=(
        "Meng et al. 2022, arXiv 2202.05262, on corruption that is too weak; the bars are ours"
    ),
    todo="Read another metric, or corrupt another word with `at=...`.",
)
def not_normalized(facts: StudyFacts) -> Found | None:
    """Effects are shown in the metric's unit, because the gap is too small."""
    for info, *runs in facts.runs():
        base, source = runs[::-1] if facts.direction == "denoising" else runs
        why = None if info.unit in SAID_ELSEWHERE else not_normalizable(info, base, source)
        if why is not None:
            return abs(float((source - base).mean())), why
    return None
