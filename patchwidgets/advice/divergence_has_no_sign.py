"""KL divergence is 0 in the run that is patched."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import StudyFacts

__all__ = ["divergence_has_no_sign"]


@rule(
    "study",
    "note",
    reason=(
        "KL divergence from the clean run is 0 there and never negative, so that a patch "
        "which helps the answer and one which harms it both count as a rise. Its slope is 0 "
        "too, and gradients say nothing."
    ),
    source="Syed, Rager & Conmy 2023, arXiv 2310.10348 (the gradient at the clean run)",
    todo=(
        "Measure `metric=['kl_div', 'logit_diff']` and take the sign from the second, or use "
        "`direction='denoising'`."
    ),
)
def divergence_has_no_sign(facts: StudyFacts) -> Found | None:
    """KL divergence is 0 in the run that is patched."""
    if facts.direction != "noising" or facts.run("kl_div") is None:
        return None
    return 0, "When noising, KL divergence starts at 0 and every effect on it is 0 or above."
