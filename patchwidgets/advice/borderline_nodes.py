"""Some nodes are just below or just above the bar."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found
from patchwidgets.advice._words import counted, listed
from patchwidgets.results.result import Result

__all__ = ["borderline_nodes"]

NEAR = 0.1
"""SD; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Whether they are in the list is luck: the bar is where the rule puts it, and nothing "
        "changes there."
    ),
    source="Follows from the rule of Zhang & Nanda 2024, arXiv 2309.16042, section 3",
    todo=(
        "Read `result.stability()`, which says how often each node is detected on redrawn prompts."
    ),
)
def borderline_nodes(result: Result) -> Found | None:
    """Some nodes are just below or just above the bar."""
    detection, cells = found(result), result.cells()
    if not detection.spread > 0:
        return None
    bars = np.abs(cells.effect.mean(axis=1) - detection.center) / detection.spread
    near = [node for node, far in zip(cells.names, bars, strict=True) if abs(far - 2) <= NEAR]
    if not near:
        return None
    return len(near), (
        f"{counted(len(near), 'node')} {'is' if len(near) == 1 else 'are'} within {NEAR} SD of the "
        f"bar of 2 SD: {listed(near)}."
    )
