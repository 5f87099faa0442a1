"""The corrupted run keeps most of the clean logit difference."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts
from patchwidgets.advice._words import percent

__all__ = ["corruption_keeps_most"]

HALF, NEARLY_ALL = 0.5, 0.9
"""Above the second, `corruption_too_weak` says so; the first is a suggestion of ours."""


@rule(
    "study",
    "warning",
    reason=(
        "Information that the corruption leaves in place cannot be found by patching it back, "
        "so that nodes which use it look idle."
    ),
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042, section 3.2; Meng et al. 2022, arXiv 2202.05262"
    ),
    todo=(
        "Corrupt more with `at=...`, or use token replacement; `study.corruption_report()` "
        "says how far the runs are apart."
    ),
)
def corruption_keeps_most(facts: StudyFacts) -> Found | None:
    """The corrupted run keeps most of the clean logit difference."""
    runs = facts.run("logit_diff")
    if runs is None or not runs[0].mean() > 0:
        return None
    kept = float(runs[1].mean() / runs[0].mean())
    if not HALF < kept <= NEARLY_ALL:
        return None
    return kept, f"The corrupted run keeps {percent(kept)} of the clean logit difference."
