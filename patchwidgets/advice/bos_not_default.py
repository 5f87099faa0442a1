"""Prompts have a BOS token where the model usually has none, or the reverse."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["bos_not_default"]


@rule(
    "study",
    "note",
    reason=(
        "The first token holds a large, unusual activation that other heads rest their "
        "attention on, so that a model works differently without the one it was trained with. "
        "Positions are off by one between the two."
    ),
    source=(
        "Zhang & Nanda 2024, arXiv 2309.16042, whose factual prompts have one and whose IOI "
        "prompts have none"
    ),
    todo=(
        "Leave `prepend_bos` out for what TransformerLens does for this model, or say in your "
        "report which it was."
    ),
)
def bos_not_default(facts: StudyFacts) -> Found | None:
    """Prompts have a BOS token where the model usually has none, or the reverse."""
    chosen, usual = facts.prepend_bos, facts.bos_by_default
    if chosen is None or usual is None or chosen == usual:
        return None
    return int(chosen), (
        f"Prompts start {'with' if chosen else 'without'} a BOS token, and TransformerLens starts "
        f"those of this model {'with' if usual else 'without'} one."
    )
