"""Some patches move the metric further than the source run."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import normalized
from patchwidgets.advice._words import counted, percent
from patchwidgets.results.result import Result

__all__ = ["beyond_the_source"]

MORE = 1.02
"""Of the gap: more than rounding; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "That is no fault: where negative nodes are left as they were, a patch can restore "
        "more than all there was. It does mean that 100 % restored is not a whole circuit."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255",
    todo="Look for the negative nodes: `result.detect().negative`.",
)
def beyond_the_source(result: Result) -> Found | None:
    """Some patches move the metric further than the source run."""
    shares = normalized(result)
    beyond = {node: share for node, share in shares.items() if share > MORE}
    if not beyond:
        return None
    most = max(beyond, key=lambda node: beyond[node])
    return beyond[most], (
        f"{counted(len(beyond), 'cell')} moved the metric beyond the source run, the most {most} "
        f"with {percent(beyond[most])} of the gap."
    )
