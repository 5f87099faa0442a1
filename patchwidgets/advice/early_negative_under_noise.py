"""Heads of the first layers are negative under noise."""

import re

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found
from patchwidgets.advice._words import counted, listed
from patchwidgets.results.result import Result

__all__ = ["early_negative_under_noise"]

EARLY = re.compile(r"L[01]H")


@rule(
    "result",
    "warning",
    reason=(
        "With noise on embeddings the first layers read values that no word has; such heads "
        "were negative under noise and not under token replacement."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 3.2",
    todo="Measure the same map with `corruption='token_replacement'` before you believe them.",
)
def early_negative_under_noise(result: Result) -> Found | None:
    """Heads of the first layers are negative under noise."""
    if "noise" not in result.provenance:
        return None
    negative = [node for node in found(result).negative if EARLY.match(node)]
    if not negative:
        return None
    return len(negative), (
        f"Under noise {counted(len(negative), 'head')} of layers 0 and 1 had a negative effect: "
        f"{listed(negative)}."
    )
