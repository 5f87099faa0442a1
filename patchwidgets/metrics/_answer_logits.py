"""Reads the columns of the answers out of logits."""

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.prompts.answers import AnswerSets


def mean_logit(
    logits: Float[Tensor, "cells batch d_vocab"], answers: AnswerSets
) -> Float[Tensor, "cells batch"]:
    """Return the mean over the answer set of each prompt."""
    picked, present = _picked(logits, answers)
    return picked.where(present, 0.0).sum(dim=-1) / present.sum(dim=-1)


def log_sum_exp(
    logits: Float[Tensor, "cells batch d_vocab"], answers: AnswerSets
) -> Float[Tensor, "cells batch"]:
    """Return the logarithm of the summed exponentials over the answer set of each prompt."""
    picked, present = _picked(logits, answers)
    return picked.where(present, -torch.inf).logsumexp(dim=-1)


def log_prob(
    logits: Float[Tensor, "cells batch d_vocab"], answers: AnswerSets
) -> Float[Tensor, "cells batch"]:
    """Return the logarithm of the probability that the next token is in the answer set."""
    return log_sum_exp(logits, answers) - logits.logsumexp(dim=-1)


def best_rank(
    logits: Float[Tensor, "cells batch d_vocab"], answers: AnswerSets
) -> Float[Tensor, "cells batch"]:
    """Return the rank of the best of the answer set; tokens with equal logits share the better."""
    best = _picked(logits, answers)[0].amax(dim=-1, keepdim=True)
    return 1 + (logits > best).sum(dim=-1).to(logits.dtype)


def _picked(logits: Tensor, answers: AnswerSets) -> tuple[Tensor, Tensor]:
    ids = answers.ids.to(logits.device).expand(len(logits), -1, -1)
    return logits.gather(-1, ids), answers.present.to(logits.device)
