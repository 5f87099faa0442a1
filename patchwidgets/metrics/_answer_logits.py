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


def _picked(logits: Tensor, answers: AnswerSets) -> tuple[Tensor, Tensor]:
    ids = answers.ids.to(logits.device).expand(len(logits), -1, -1)
    return logits.gather(-1, ids), answers.present.to(logits.device)
