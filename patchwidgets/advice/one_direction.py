"""Only one direction was measured."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.comparison import Comparison

__all__ = ["one_direction"]


@rule(
    "comparison",
    "note",
    reason=(
        "Denoising finds what is enough and misses nodes that are all needed; noising finds "
        "what is needed and misses nodes that stand in for one another."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255, section 4",
    todo="Compare both: `study.compare(directions=['denoising', 'noising'])`.",
)
def one_direction(comparison: Comparison) -> Found | None:
    """Only one direction was measured."""
    directions = {setting.direction for setting in comparison.results}
    if len(directions) > 1:
        return None
    (only,) = directions
    return 1, f"All {counted(len(comparison.methods), 'method')} are {only}."
