"""Detected nodes are within chance."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.advice._words import counted, listed
from patchwidgets.results.result import Result

__all__ = ["not_beyond_chance"]

TESTABLE, FLIPS = 6, 1000
"""Prompt pairs for a p of 0.05; sign patterns, of which more would hardly change who passes."""


@rule(
    "result",
    "warning",
    reason=(
        "With many cells the largest effect of a map is large by chance. `max_t` keeps the "
        "chance of any false node in the map below 5 %."
    ),
    source="Westfall & Young 1993, algorithm 2.8; see `results/README.md`",
    todo=(
        "Read `result.detect('max_t')`, use more prompt pairs, or test one node with "
        "`result.confirm('...')`."
    ),
)
def not_beyond_chance(result: Result) -> Found | None:
    """Detected nodes are within chance."""
    if len(result.groups) < TESTABLE:
        return None
    detection = found(result)
    sure = signs(result.detect("max_t", flips=FLIPS))
    doubted = [node for node in signs(detection) if node not in sure]
    if not doubted:
        return None
    return len(doubted), (
        f"{len(doubted)} of {counted(len(signs(detection)), 'detected node')} could be chance in a "
        f"map of {detection.n_cells} cells (max-T, p above 0.05): {listed(doubted)}."
    )
