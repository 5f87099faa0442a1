"""Log probability of whole right answers, of one token or several."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_sum_exp
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["continuation_logprob"]


@dataclass(frozen=True)
class _ContinuationLogProb:
    """Logarithm of the probability that the model goes on with a right answer; 0 where it is 1.

    The sum over the answer's tokens of the log probability of each, given the prompt and the
    tokens before it, in nats; for a set of answers the logarithm of their summed probabilities. For
    answers of one token it is `logprob`. A sum, because that is a log probability: a longer answer
    has a lower one as a rule. `METRICS.get("continuation_logprob").mean()` divides by the number
    of tokens, which is no log probability but compares answers of different lengths.

    Source: Brown et al. 2020, arXiv 2005.14165, section 2.4 (completions scored by their
        likelihood, also per token).

    Args:
        per_token: Whether it is the mean over an answer's tokens.
    """

    per_token: bool = False
    reads_wrong: bool = False
    unit: Unit = "nat"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source: str = "Brown et al. 2020, arXiv 2005.14165, section 2.4"

    def mean(self) -> "_ContinuationLogProb":
        """Return the metric per token. It has a name of its own, and its cells are not stored."""
        return _ContinuationLogProb(per_token=True)

    @property
    def name(self) -> str:
        """`continuation_logprob`, with `_mean` for the mean over tokens."""
        return "continuation_logprob" + "_mean" * self.per_token

    @property
    def label(self) -> str:
        """What figures call it."""
        return "Answer log probability" + " per token" * self.per_token

    def __call__(
        self,
        logits: Float[Tensor, "cells batch answer"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch answer"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the log probability of every cell and prompt; `reference` is not used."""
        del reference
        return log_sum_exp(widened(logits), answers.right_sets)


continuation_logprob = _ContinuationLogProb()
