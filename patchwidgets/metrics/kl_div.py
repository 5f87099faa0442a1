"""KL divergence from the clean run's next-token distribution."""

from jaxtyping import Float
from torch import Tensor

from patchwidgets.metrics._metric import Columns, ReferenceRun
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.types import Unit
from patchwidgets.widening import widened

__all__ = ["kl_div"]


class _KLDiv:
    """KL(P_clean || P_patched) over the whole vocabulary, in nats; 0 where they agree.

    The clean distribution is the first argument, in both directions of patching.

    Differs from the paper: the paper's effect is KL(clean || corrupted) - KL(clean || patched),
    positive where a patch restores. Ours is patched minus base like every effect, so when
    denoising it is the paper's with the opposite sign. The normalized effect has the paper's sign:
    (patched - corrupted) / (0 - corrupted) is 1 where the clean distribution is fully restored.
    That is the normalized KL, `result.normalized("kl_div")`; it is no metric of its own, because a
    prompt whose two runs nearly agree would outweigh all others.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, section 2.1.
    """

    name = "kl_div"
    label = "KL divergence from clean"
    unit: Unit = "nat"
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source = "Zhang & Nanda 2023, arXiv 2309.16042, section 2.1"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return the divergence of every cell and prompt; `answers` are not used."""
        del answers
        clean = widened(reference).log_softmax(dim=-1)
        patched = widened(logits).log_softmax(dim=-1)
        weight = clean.exp()
        # In place, as one more copy of all logits takes longer than the arithmetic. Models that pad
        # their vocabulary give it logits of minus infinity: weight 0, not NaN.
        return (clean - patched).mul_(weight).masked_fill_(weight == 0, 0.0).sum(dim=-1)


kl_div = _KLDiv()
