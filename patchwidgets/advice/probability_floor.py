"""Negative nodes cannot be detected by probability."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found
from patchwidgets.results.result import Result

__all__ = ["probability_floor"]


@rule(
    "result",
    "warning",
    reason=(
        "A probability ends at 0 and at 1. Where the lower bar of 2 SD lies beyond that end, "
        "no node could reach it, however much it hurts."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 4.2 (the same condition)",
    todo="Detect by `metric='logit_diff'`, which has no floor.",
)
def probability_floor(result: Result) -> Found | None:
    """Negative nodes cannot be detected by probability."""
    if "prob" not in [info.name for info in result.metrics]:
        return None
    snapshot = result.snapshot()
    m = [info.name for info in result.metrics].index("prob")
    base, gap = float(snapshot.base[m].mean()), float(snapshot.gap(m).mean())
    room, bar = (base if gap > 0 else 1 - base), found(result, "prob").threshold_low
    if not -room > bar:
        return None
    return room, (
        f"By probability no effect can be below -{room:.3g}, and the bar for negative nodes is "
        f"{bar:.3g}: none can be detected."
    )
