"""A relative change divides by a tiny probability."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["tiny_ratio_base"]

MOST = 10
"""Times; a suggestion of ours."""


@rule(
    "study",
    "warning",
    reason=(
        "Where the patched run gives the answer almost nothing, the metric is that small "
        "number's reciprocal and few prompts decide the mean."
    ),
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042, appendix C, on the metric of Stolfo, Belinkov "
        "& Sachan 2023, arXiv 2305.15054"
    ),
    todo="Read `logit_diff` beside it, and `result.effect(...).median('prompt')`.",
)
def tiny_ratio_base(facts: StudyFacts) -> Found | None:
    """A relative change divides by a tiny probability."""
    for info, clean, corrupted in facts.runs():
        if info.unit != "ratio":
            continue
        gap = abs(float((clean - corrupted).mean()))
        if gap > MOST:
            return gap, (
                f"Between the two runs `{info.name}` moves by {gap:.3g}, so that it divides by "
                "tiny probabilities."
            )
    return None
