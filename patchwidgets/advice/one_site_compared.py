"""All methods of a comparison corrupt the same words."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import facts_of
from patchwidgets.results.comparison import Comparison

__all__ = ["one_site_compared"]


@rule(
    "comparison",
    "note",
    reason=(
        "Each corruption site destroys other information, and so finds other classes of heads: "
        "methods that agree at one site may all miss those of another."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, appendix F",
    todo=(
        "Compare sites too: `study.compare(corruptions=[('token_replacement', site), ...])`, with "
        "a site each."
    ),
)
def one_site_compared(comparison: Comparison) -> Found | None:
    """All methods of a comparison corrupt the same words."""
    facts = [facts_of(result) for result in comparison.results.values()]
    at = facts[0].at
    others = [site for site in facts[0].sites if site != at]
    if at is None or not others or any(one.at != at for one in facts):
        return None
    return len(others), (
        f"All methods corrupt the prompts at `{at}`; the task also has "
        f"{', '.join(f'`{site}`' for site in others)}."
    )
