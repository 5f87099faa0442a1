"""Whether the right answer is among the k most likely tokens."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from patchwidgets.errors import MeasurementError
from patchwidgets.metrics._answer_logits import best_rank
from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["top_k"]

_USUAL = 5


@dataclass(frozen=True)
class _TopK:
    """1 where the answer is among the `k` most likely tokens, else 0; the mean is a share.

    Of a set of answers one is enough. `top_k` takes 5; `METRICS.get("top_k").of(1)` is accuracy.
    It jumps between 0 and 1, so that most effects on a prompt are 0: for checking a result, rather
    than for finding one. It has no gradient.

    Source: Heimersheim & Nanda 2024, arXiv 2404.15255 (on ranks and accuracies as metrics).

    Args:
        k: How many tokens count as the top.
    """

    k: int = _USUAL
    unit: Unit = "share"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source: str = "Heimersheim & Nanda 2024, arXiv 2404.15255"

    def of(self, k: int) -> "_TopK":
        """Return the metric for another `k`. It is called `top_1`, and its cells are not stored.

        Raises:
            MeasurementError: `k` is below 1.
        """
        if k < 1:
            raise MeasurementError(
                f"`k` is {k!r}, but the top holds at least one token. Use `of(1)` for whether the "
                "answer is the most likely token."
            )
        return _TopK(k)

    @property
    def name(self) -> str:
        """`top_k` for the usual k, otherwise with the number in it."""
        return "top_k" if self.k == _USUAL else f"top_{self.k}"

    @property
    def label(self) -> str:
        """What figures call it."""
        return f"Answer in the top {self.k}"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return 0 or 1 for every cell and prompt; `reference` is not used.

        Raises:
            MeasurementError: The vocabulary is no larger than `k`.
        """
        del reference
        if self.k >= logits.shape[-1]:
            raise MeasurementError(
                f"`{self.name}` asks for the top {self.k} of a vocabulary of {logits.shape[-1]} "
                "tokens, where every answer is. Use a smaller `k`."
            )
        wide = widened(logits)
        return (best_rank(wide, answers.right_sets) <= self.k).to(wide.dtype)


top_k = _TopK()
