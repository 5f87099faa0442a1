"""A few large effects hide smaller ones."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["large_effects_hide"]

HALF = 0.5
"""Of the SD with all cells; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Large effects are part of the SD that they are compared with: without them the bar "
        "would be lower. In the paper this hides heads that are known to matter."
    ),
    source="Follows from the rule of Zhang & Nanda 2024, arXiv 2309.16042, section 3",
    todo="Read `result.detect('mad')`, whose spread large effects hardly move.",
)
def large_effects_hide(result: Result) -> Found | None:
    """A few large effects hide smaller ones."""
    detection, cells = found(result), result.cells()
    rest = cells.choose(
        np.array([name not in signs(detection) for name in cells.names], dtype=bool)
    )
    if not signs(detection) or not rest.names:
        return None
    means = rest.effect.mean(axis=1)
    center, spread = float(means.mean()), float(means.std())
    far = int((np.abs(means - center) >= 2 * spread).sum())
    if spread == 0 or not spread < HALF * detection.spread or not far:
        return None
    return far, (
        f"Without the {counted(len(signs(detection)), 'detected node')} the SD is {spread:.3g} "
        f"instead of {detection.spread:.3g} {cells.unit}, and {far} more would stand out."
    )
