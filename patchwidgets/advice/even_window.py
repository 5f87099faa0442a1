"""The window has an even number of layers."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import is_window
from patchwidgets.results.result import Result

__all__ = ["even_window"]


@rule(
    "result",
    "note",
    reason=(
        "It has one layer more before its name than after it; texts and codes of other "
        "projects put that layer on the other side."
    ),
    source="Meng et al. 2022, arXiv 2202.05262, whose text and code differ by one layer",
    todo="Use an odd width, or name the layers.",
)
def even_window(result: Result) -> Found | None:
    """The window has an even number of layers."""
    windows = [patch for patch in result.plan.patches if is_window(patch)]
    if not windows or "window" not in [plan_map.name for plan_map in result.plan.maps]:
        return None
    width = max(len(patch.nodes) for patch in windows)
    if width % 2:
        return None
    widest = next(patch for patch in windows if len(patch.nodes) == width)
    return width, f"The window has {width} layers, such as {widest}, and so no middle layer."
