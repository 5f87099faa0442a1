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
    """Heads of the first layers are negative under noise, by any of the metrics."""
    if "noise" not in result.provenance:
        return None
    by: dict[str, list[str]] = {}
    for metric in result.metrics:
        for node in found(result, metric.name).negative:
            if EARLY.match(node):
                by.setdefault(node, []).append(metric.name)
    if not by:
        return None
    named = [f"{node} ({', '.join(f'`{one}`' for one in metrics)})" for node, metrics in by.items()]
    return len(by), (
        f"Under noise {counted(len(by), 'head')} of layers 0 and 1 had a negative effect: "
        f"{listed(named if len(result.metrics) > 1 else list(by))}."
    )
