"""Logit difference: right answers against wrong answers."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import mean_logit
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["logit_diff"]


class _LogitDiff:
    """Mean logit of the answers minus mean logit of the wrong answers, in logits.

    Above 0 the model prefers the answers. Adding one number to every logit changes nothing, also
    where the two sets differ in size.

    Differs from the paper: sets of answers are averaged. The paper sums them for greater-than,
    which is not invariant to such a number when the sets differ in size.

    Source: Wang et al. 2022, arXiv 2211.00593, section 2; recommended by Zhang & Nanda 2023,
        arXiv 2309.16042, section 6.
    """

    name = "logit_diff"
    label = "Logit difference"
    unit: Unit = "logit"
    columns: Columns = "answers"
    reference_run: ReferenceRun = "clean"
    source = "Wang et al. 2022, arXiv 2211.00593, section 2"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the logit difference of every cell and prompt; `reference` is not used."""
        del reference
        logits = widened(logits)
        return mean_logit(logits, answers.right_sets) - mean_logit(logits, answers.wrong_sets)


logit_diff = _LogitDiff()
