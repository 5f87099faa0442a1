"""Log probability of the right answers."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_prob
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["logprob"]


class _LogProb:
    """Logarithm of the summed probability of the answers, in nats; 0 where it is 1.

    Computed from logits, so probabilities too small for a float still have a value.

    Source: Heimersheim & Nanda 2024, arXiv 2404.15255 (a metric they compare; it saturates near 0
        and cannot tell which other answers lost).
    """

    name = "logprob"
    label = "Log probability"
    unit: Unit = "nat"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source = "Heimersheim & Nanda 2024, arXiv 2404.15255"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the log probability of every cell and prompt; `reference` is not used."""
        del reference
        return log_prob(widened(logits), answers.right_sets)


logprob = _LogProb()
