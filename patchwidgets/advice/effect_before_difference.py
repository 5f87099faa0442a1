"""A position before the first difference has an effect."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import facts_of
from patchwidgets.advice._maps import nodes_of, rounding, source_of
from patchwidgets.results.result import Result

__all__ = ["effect_before_difference"]

TOLERANCE = 1e-3
"""In the metric's unit, beyond rounding; a suggestion of ours."""


@rule(
    "result",
    "error",
    reason=(
        "A causal model is the same in both runs there, so that there is nothing to patch and "
        "the effect must be 0. The numbers are those of a fault."
    ),
    source="Causality of the attention mask",
    todo="Measure again with `executor='reference'`, and report it with `result.save(...)`.",
)
def effect_before_difference(result: Result) -> Found | None:
    """A position before the first difference has an effect."""
    facts = facts_of(result)
    if facts.noise is not None or source_of(result) != "other" or not facts.prompts:
        return None
    firsts = [min(pair.differing, default=len(pair.clean)) for pair in facts.prompts]
    snapshot = result.snapshot()
    for index, patch in enumerate(result.plan.patches):
        places = [node.position for node in nodes_of(patch)]
        before = [place for place in places if isinstance(place, int) and place < min(firsts)]
        size = np.abs(snapshot.mean_effect(0)[index])
        if len(before) == len(places) and size > TOLERANCE + rounding(result, 0):
            name = result.plan.names[index]
            return float(size), (
                f"{name} had an effect of {size:.3g}, and the prompts are the same up to"
                f" position {min(firsts) - 1}."
            )
    return None
