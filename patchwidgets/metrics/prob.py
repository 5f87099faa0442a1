"""Probability of the right answers."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_prob
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["prob"]


class _Prob:
    """Probability that the next token is one of the answers, from 0 to 1: their sum.

    A patched probability cannot fall below 0, so a component that works against the answer is
    missed where the base run's probability is already near 0.

    Source: Meng et al. 2022, arXiv 2202.05262; its blind spot: Zhang & Nanda 2023, arXiv
        2309.16042, section 4.2.
    """

    name = "prob"
    label = "Probability"
    unit: Unit = "probability"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source = "Meng et al. 2022, arXiv 2202.05262"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the probability for every cell and prompt; `reference` is not used."""
        del reference
        return log_prob(widened(logits), answers.right_sets).exp()


prob = _Prob()
