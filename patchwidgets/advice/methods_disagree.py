"""Methods detect other nodes."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted, percent
from patchwidgets.results.comparison import Comparison

__all__ = ["methods_disagree"]

AGREEING = 0.8
"""Share of nodes that both detect with one sign; a suggestion of ours."""


@rule(
    "comparison",
    "warning",
    reason="A node that one method finds and another does not may be due to the method.",
    source="Zhang & Nanda 2024, arXiv 2309.16042, tables 1 and 5",
    todo=(
        "Report the nodes that most methods find: `comparison.detections()`, `comparison.flips()`."
    ),
)
def methods_disagree(comparison: Comparison) -> Found | None:
    """Methods detect other nodes."""
    overlap = comparison.overlap().to_numpy()
    pairs = overlap[np.triu_indices(len(overlap), k=1)]
    known = pairs[~np.isnan(pairs)]
    if not known.size or not known.min() < AGREEING:
        return None
    least = float(known.min())
    opposite = int(comparison.flips()["opposite"].to_numpy().sum())
    return least, (
        f"The two methods that differ most agree on {percent(least)} of the nodes that either "
        f"detects; {counted(opposite, 'node')} had opposite signs."
    )
