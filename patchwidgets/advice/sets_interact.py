"""Nodes patched together do another thing than the sum of them alone."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import together
from patchwidgets.results.result import Result

__all__ = ["sets_interact"]

SHARE = 0.2
"""Of the larger of the two; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Where together is more, the nodes need one another; where it is less, they stand in "
        "for one another. Effects of single nodes do not tell."
    ),
    source=(
        "Heimersheim & Nanda 2024, arXiv 2404.15255, on AND and OR; Zhang & Nanda 2024, arXiv "
        "2309.16042, section 5"
    ),
    todo="Report `result.effect(map='sets')` and `result.summed(map='sets')` side by side.",
)
def sets_interact(result: Result) -> Found | None:
    """Nodes patched together do another thing than the sum of them alone."""
    differing = [
        (name, effect, total)
        for name, effect, total in together(result, "sets")
        if abs(effect - total) > SHARE * max(abs(effect), abs(total))
    ]
    if not differing:
        return None
    name, effect, total = max(differing, key=lambda one: abs(one[1] - one[2]))
    return effect - total, (
        f"{name} had an effect of {effect:.3g} together, and {total:.3g} as the sum of "
        "its nodes alone."
    )
