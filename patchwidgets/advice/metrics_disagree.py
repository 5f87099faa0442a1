"""Metrics read off the same runs detect other nodes."""

from itertools import combinations

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.advice._words import listed, percent
from patchwidgets.results.result import Result

__all__ = ["metrics_disagree"]

AGREEING = 0.8
"""Share of nodes that both detect with one sign; a suggestion of ours."""


@rule(
    "result",
    "warning",
    reason=(
        "What one metric finds and another does not is a finding on the metric: each weighs "
        "the answer, the wrong answer and the rest of the vocabulary otherwise."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 3 and table 5",
    todo=(
        "Report what all of them find, and say which metric the rest is by; "
        "`result.detect(metric='...')`."
    ),
)
def metrics_disagree(result: Result) -> Found | None:
    """Metrics read off the same runs detect other nodes."""
    found_by = [(info, signs(found(result, info.name))) for info in result.metrics]
    if len(found_by) < 2:
        return None
    worst, sentence = AGREEING, ""
    for (one, first), (other, second) in combinations(found_by, 2):
        either = set(first.items()) | set(second.items())
        share = len(set(first.items()) & set(second.items())) / len(either) if either else 1.0
        if share < worst:
            worst = share
            apart = [node for node in first | second if first.get(node) != second.get(node)]
            sentence = (
                f"`{one.name}` and `{other.name}` agree on {percent(share)} of the nodes that "
                f"either detects; they differ on {listed(apart)}."
            )
    return (worst, sentence) if sentence else None
