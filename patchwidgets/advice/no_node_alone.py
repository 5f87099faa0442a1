"""No node does much alone."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import normalized
from patchwidgets.advice._words import percent
from patchwidgets.results.result import Result

__all__ = ["no_node_alone"]

LITTLE = 0.1
"""Of the gap; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Nodes that stand in for one another show nothing one at a time when noising, and "
        "nodes that are all needed show nothing one at a time when denoising. A small effect "
        "does not say that a node is idle."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255, on AND and OR",
    todo=(
        "Patch several together with `study.sweep('joint', sets={...})`, and try the other "
        "direction."
    ),
)
def no_node_alone(result: Result) -> Found | None:
    """No node does much alone."""
    shares = normalized(result)
    if len(shares) < 2:
        return None
    most = max(shares, key=lambda node: abs(shares[node]))
    if not abs(shares[most]) < LITTLE:
        return None
    return shares[most], (
        f"No cell moved the metric by more than {percent(abs(shares[most]))} of the gap; the "
        f"strongest is {most}."
    )
