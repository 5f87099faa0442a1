"""The task has other words that can be corrupted."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["one_corruption_site"]


@rule(
    "study",
    "note",
    reason=(
        "Each corruption site destroys other information, and so finds other classes of heads."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, appendix F",
    todo=(
        "Compare them: `study.compare(corruptions=[('token_replacement', site), ...])`, with a "
        "site each."
    ),
)
def one_corruption_site(facts: StudyFacts) -> Found | None:
    """The task has other words that can be corrupted."""
    others = [site for site in facts.sites if site != facts.at]
    if facts.at is None or not others:
        return None
    return len(others), (
        f"The prompts are corrupted at `{facts.at}` alone; the task also has "
        f"{', '.join(f'`{site}`' for site in others)}."
    )
