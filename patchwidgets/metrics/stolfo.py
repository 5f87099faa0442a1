"""Relative change of both answers' probabilities, as used on arithmetic."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_prob
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["stolfo"]


class _Stolfo:
    """How many times more likely the answer, and less likely the wrong answer, has become.

    With P after patching and P* in the run that is patched, r the answer and r' the wrong answer:
    half of (P(r) - P*(r)) / P*(r) + (P*(r') - P(r')) / P(r'). 0 in the run that is patched, so that
    effects are the values themselves; at least -1; without an upper bound, and dominated by prompts
    on which P*(r) is tiny, as it is under token replacement. Sets of answers count with the sum of
    their probabilities.

    Differs from the paper: it is given for denoising, where the run that is patched is the
    corrupted one. When noising it is the same formula with the clean run as P*, and falls below 0
    where patching hurts.

    Source: Stolfo, Belinkov & Sachan 2023, arXiv 2305.15054; as in Zhang & Nanda 2023, arXiv
        2309.16042, equation 2.
    """

    name = "stolfo"
    label = "Relative change of probability"
    unit: Unit = "ratio"
    columns: Columns = "all"
    reference_run: ReferenceRun = "base"
    source = "Stolfo, Belinkov & Sachan 2023, arXiv 2305.15054"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the change of every cell and prompt from `reference`, the run that is patched."""
        patched, base = widened(logits), widened(reference)[None]
        right, wrong = answers.right_sets, answers.wrong_sets
        gained = log_prob(patched, right) - log_prob(base, right)
        lost = log_prob(base, wrong) - log_prob(patched, wrong)
        return (gained.expm1() + lost.expm1()) / 2


stolfo = _Stolfo()
