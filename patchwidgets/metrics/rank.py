"""Rank of the right answer among all tokens."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import best_rank
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["rank"]


class _Rank:
    """Place of the answer in the order of the logits: 1 where it is the most likely token.

    Of a set of answers the best one counts; of tokens with equal logits, all have the better place.
    It moves in whole places, so that small effects are 0 and a mean over prompts can be that of
    one bad prompt: for checking a result, rather than for finding one. It has no gradient.

    Source: Heimersheim & Nanda 2024, arXiv 2404.15255 (on ranks and accuracies as metrics).
    """

    name = "rank"
    label = "Rank of the answer"
    unit: Unit = "rank"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source = "Heimersheim & Nanda 2024, arXiv 2404.15255"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the rank for every cell and prompt; `reference` is not used."""
        del reference
        return best_rank(widened(logits), answers.right_sets)


rank = _Rank()
