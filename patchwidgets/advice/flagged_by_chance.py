"""As many nodes are detected as chance alone would give."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.results.result import Result

__all__ = ["flagged_by_chance"]

NORMAL = 0.0455
"""Share of a normal distribution beyond 2 SD."""


@rule(
    "result",
    "note",
    reason=(
        "2 SD is relative to this map: of normally distributed noise it flags 4.6 % of the cells."
    ),
    source="Follows from the rule of Zhang & Nanda 2024, arXiv 2309.16042, section 3",
    todo="Read `result.detect('max_t')`, which says what is more than chance.",
)
def flagged_by_chance(result: Result) -> Found | None:
    """As many nodes are detected as chance alone would give."""
    detection = found(result)
    flagged, chance = len(signs(detection)), NORMAL * detection.n_cells
    if not 0 < flagged <= chance:
        return None
    return flagged, (
        f"2 SD flags {flagged} of {detection.n_cells} cells, and would flag {chance:.1f} of pure "
        "noise."
    )
