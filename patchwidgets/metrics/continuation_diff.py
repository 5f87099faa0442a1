"""Log probability of whole right answers against wrong ones, of one token or several."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._answer_logits import log_sum_exp
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["continuation_diff"]


@dataclass(frozen=True)
class _ContinuationDiff:
    """Log probability of the right answers minus that of the wrong ones, in nats.

    Above 0 the model would sooner write a right answer. Each is the sum over the tokens of the
    answer, given those before (as in `continuation_logprob`); the two may have other numbers of
    tokens, and are compared as the whole texts they are: a longer one is less probable as a rule.
    For one right and one wrong answer of a token each it is the logit difference.
    `METRICS.get("continuation_diff").mean()` compares the means over tokens.

    Differs from `logit_diff`: the probabilities of a set of answers are added up, where
    `logit_diff` takes the mean of their logits.

    Source: Brown et al. 2020, arXiv 2005.14165, section 2.4 (completions compared by their
        likelihood, also per token).

    Args:
        per_token: Whether answers count by the mean over their tokens.
    """

    per_token: bool = False
    reads_wrong: bool = True
    unit: Unit = "nat"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source: str = "Brown et al. 2020, arXiv 2005.14165, section 2.4"

    def mean(self) -> "_ContinuationDiff":
        """Return the metric per token. It has a name of its own, and its cells are not stored."""
        return _ContinuationDiff(per_token=True)

    @property
    def name(self) -> str:
        """`continuation_diff`, with `_mean` for means over tokens."""
        return "continuation_diff" + "_mean" * self.per_token

    @property
    def label(self) -> str:
        """What figures call it."""
        return "Answer log probability difference" + " per token" * self.per_token

    def __call__(
        self,
        logits: Float[Tensor, "cells batch answer"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch answer"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the difference of every cell and prompt; `reference` is not used."""
        del reference
        logits = widened(logits)
        return log_sum_exp(logits, answers.right_sets) - log_sum_exp(logits, answers.wrong_sets)


continuation_diff = _ContinuationDiff()
