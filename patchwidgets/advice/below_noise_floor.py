"""Detected effects are no larger than rounding."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, noise_floor, signs
from patchwidgets.advice._words import counted, listed
from patchwidgets.results.result import Result

__all__ = ["below_noise_floor"]


@rule(
    "result",
    "warning",
    reason=(
        "Running the same prompt twice in another order of arithmetic moves the metric as much."
    ),
    source="TransformerLens, guide to numerical divergence; the floor is measured by every sweep",
    todo="Load the model in float32, or leave these nodes out.",
)
def below_noise_floor(result: Result) -> Found | None:
    """Detected effects are no larger than rounding."""
    floor = noise_floor(result, 0)
    cells, detected = result.cells(), signs(found(result))
    means = zip(cells.names, np.abs(cells.effect.mean(axis=1)), strict=True)
    lost = [node for node, size in means if node in detected and size <= floor]
    if not lost:
        return None
    return len(lost), (
        f"{counted(len(lost), 'detected node')} had an effect within rounding ({floor:.2g} "
        f"{cells.unit}): {listed(lost)}."
    )
