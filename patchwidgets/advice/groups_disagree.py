"""A detected node works the other way round under some templates."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.advice._words import counted, listed
from patchwidgets.results.result import Result

__all__ = ["groups_disagree"]

ENOUGH = 5
"""Prompt pairs, below which a mean of the other sign says little; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "The mean over prompts then hides two behaviours, and other templates would give "
        "another map."
    ),
    source=(
        "Miller, Chughtai & Saunders 2024, arXiv 2407.08734, on the two orders of names of IOI"
    ),
    todo="Read `result.by_group(of='effect')`, and `study.keep([...])` for one template.",
)
def groups_disagree(result: Result) -> Found | None:
    """A detected node works the other way round under some templates."""
    groups = np.array(result.groups)
    names, sizes = np.unique(groups, return_counts=True)
    large = names[sizes >= ENOUGH]
    if len(large) < 2:
        return None
    cells, detected = result.cells(), signs(found(result))
    turned = [
        node
        for node, effect in zip(cells.names, cells.effect, strict=True)
        if node in detected
        and any(effect[groups == name].mean() * detected[node] < 0 for name in large)
    ]
    if not turned:
        return None
    return len(turned), (
        f"{counted(len(turned), 'detected node')} had the other sign in some group of {ENOUGH} "
        f"prompt pairs or more: {listed(turned)}."
    )
