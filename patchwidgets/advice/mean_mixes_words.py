"""A mean by position is taken over prompts that hold other words there."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import facts_of
from patchwidgets.advice._maps import source_of
from patchwidgets.advice._words import percent
from patchwidgets.results.result import Result

__all__ = ["mean_mixes_words"]

AT_MOST = 0.5
"""Share of positions, as where one template has several places to fill; a suggestion of ours."""


@rule(
    "result",
    "warning",
    reason=(
        "The mean of a position stands for what prompts have in common there. Where several "
        "templates are averaged as one, nothing is, and the value is one that no prompt gives."
    ),
    source="Wang et al. 2022, arXiv 2211.00593, section 2.1: a mean for every template",
    todo=(
        "Say which template each pair is of (`pw.PromptPairs(..., groups=[...])`), in the "
        "reference too, or patch at roles with `source='mean_by_role'`."
    ),
)
def mean_mixes_words(result: Result) -> Found | None:
    """A mean by position is taken over prompts that hold other words there."""
    if not source_of(result).startswith("mean over") or any(result.groups):
        return None
    share = _share_of_mixed([pair.clean for pair in facts_of(result).prompts])
    if not share > AT_MOST:
        return None
    return share, (
        f"Patches write means by position, no prompt pair says which template it is of, and at "
        f"{percent(share)} of the positions prompts of one length hold different tokens."
    )


def _share_of_mixed(prompts: list[tuple[int, ...]]) -> float:
    """Return the share of positions at which prompts of the same length differ."""
    lengths = {len(prompt) for prompt in prompts}
    columns = [
        set(column)
        for length in lengths
        for column in zip(*(one for one in prompts if len(one) == length), strict=True)
    ]
    return sum(len(column) > 1 for column in columns) / max(1, len(columns))
