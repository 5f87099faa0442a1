"""No patch does anything."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import measured_effects, rounding
from patchwidgets.results.result import Result

__all__ = ["all_effects_zero"]


@rule(
    "result",
    "error",
    reason=(
        "A hook that is not reached, or whose value is dropped, leaves every run as it was, "
        "and looks just like this."
    ),
    source=(
        "TransformerLens, documentation of hooks (a hook that returns nothing changes nothing)"
    ),
    todo=(
        "Patch all of the residual stream, which must move the metric: "
        "`study.sweep('residual', positions=None)`."
    ),
)
def all_effects_zero(result: Result) -> Found | None:
    """No patch does anything."""
    sizes = measured_effects(result)
    if sizes.shape[1] < 2:
        return None
    largest = sizes.max(axis=1)
    if any(size > rounding(result, m) for m, size in enumerate(largest)):
        return None
    return float(largest.max()), (
        f"The largest effect of {sizes.shape[1]} measured cells is {largest.max():.2g}: rounding."
    )
