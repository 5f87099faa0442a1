"""The strongest effect depends on the draw of the noise, or of the corrupted prompts."""

import numpy as np

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import percent
from patchwidgets.results.result import Result

__all__ = ["draws_differ"]

HALF = 0.5
"""Of the variance of an effect; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Where draws differ more than prompts do, more prompts do not make the map surer, and "
        "another seed changes it."
    ),
    source="Analysis of variance with pairs as random groups; see `Result.draw_spread`",
    todo=(
        "Take more draws, such as `gaussian_noise` with `draws=30`, and read "
        "`result.draw_spread()`."
    ),
)
def draws_differ(result: Result) -> Found | None:
    """The strongest effect depends on the draw of the noise."""
    if result.draws < 2:
        return None
    spread = result.draw_spread()
    sizes = np.abs(spread["effect"].to_numpy().ravel())
    if not np.isfinite(sizes).any():
        return None
    at = int(np.nanargmax(sizes))
    share = float(spread["share_draws"].to_numpy().ravel()[at])
    if not share > HALF:
        return None
    node = spread["effect"]["node"].to_numpy().ravel()[at]
    return share, f"{percent(share)} of the variance of {node}, the strongest, is due to the draw."
