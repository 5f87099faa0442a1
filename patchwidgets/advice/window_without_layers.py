"""Windows were measured and the layers in them were not."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import is_window
from patchwidgets.advice._words import counted
from patchwidgets.plans.patch import Patch
from patchwidgets.results.measured import NOT_MEASURED
from patchwidgets.results.result import Result

__all__ = ["window_without_layers"]


@rule(
    "result",
    "warning",
    reason=(
        "A window is larger than its layers alone where they work together, so that its peak "
        "may be due to the window."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 5",
    todo=(
        "Measure the layers too: `study.sweep(..., window=5)` does both if it is not stopped "
        "or cut by `top`."
    ),
)
def window_without_layers(result: Result) -> Found | None:
    """Windows were measured and the layers in them were not."""
    snapshot = result.snapshot()
    status = dict(zip(result.plan.patches, snapshot.status, strict=True))
    wide = [patch for patch in result.plan.patches if is_window(patch) and status[patch]]
    bare = [
        patch
        for patch in wide
        if not all(status.get(Patch((node,)), NOT_MEASURED) for node in patch.nodes)
    ]
    if not bare:
        return None
    return len(bare), (
        f"{len(bare)} of {counted(len(wide), 'window')} had a layer that was not measured alone, "
        f"such as {bare[0]}."
    )
