"""A window does more than its layers alone."""

import math

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import together
from patchwidgets.results.result import Result

__all__ = ["window_beats_sum"]

AT_LEAST = 1.2
"""Times; what the paper finds in most of its settings."""


@rule(
    "result",
    "note",
    reason=(
        "A peak of windows is then partly one of working together, and not of any layer in it."
    ),
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042, section 5, where windows reach 1.40, 1.75 and "
        "1.59 times the sum"
    ),
    todo="Show `result.effect(map='window')` beside `result.summed()`, and the layers alone.",
)
def window_beats_sum(result: Result) -> Found | None:
    """A window does more than its layers alone."""
    windows = together(result, "window")
    if not windows:
        return None
    name, effect, _ = max(windows, key=lambda one: abs(one[1]))
    largest = max(abs(total) for *_, total in windows)
    if not abs(effect) > AT_LEAST * largest:
        return None
    if largest == 0:
        return math.inf, f"{name} has an effect of {effect:.3g}, and no layer alone has any."
    ratio = abs(effect) / largest
    return ratio, (
        f"The strongest window, {name}, does {ratio:.2f} times what the strongest sum of single "
        "layers does."
    )
