"""Probability difference: right answers against wrong answers."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_prob
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["prob_diff"]


class _ProbDiff:
    """Probability of the answers minus probability of the wrong answers, from -1 to 1.

    0 where both are as likely. Made for sets: the years after a given one against those before. A
    set's probability is the sum over its tokens, so that sets may differ in size; softmax has taken
    out any number added to all logits.

    Source: Hanna, Liu & Variengien 2023, arXiv 2305.00586 (greater-than). Differs from Zhang &
        Nanda 2023, whose probability metric for greater-than leaves out the years before.
    """

    name = "prob_diff"
    label = "Probability difference"
    unit: Unit = "probability"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source = "Hanna, Liu & Variengien 2023, arXiv 2305.00586"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the difference for every cell and prompt; `reference` is not used."""
        del reference
        wide = widened(logits)
        right, wrong = (log_prob(wide, s) for s in (answers.right_sets, answers.wrong_sets))
        return right.exp() - wrong.exp()


prob_diff = _ProbDiff()
