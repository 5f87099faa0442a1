"""Answers of several tokens: rows in which a prompt is followed by each, and what is read there.

Teacher forcing: a row is a prompt and then all but the last token of an answer, and the last
positions of the row, from the end of the prompt on, say how probable each of its tokens is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from patchwidgets.metrics import ContinuationMetric, Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import adding_noise
from patchwidgets.prompts.answers import Answers, AnswerTokens
from patchwidgets.prompts.tokens import TokenGroup

FILLER = 0
"""Token after an answer that is shorter than others; nothing that is read comes after it."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each answer of a group's prompts is read.

    Args:
        rows: Rows of every prompt.
        read: Positions at the end of a row that are read.
        row: Which of its prompt's rows an answer is in; a padding entry repeats the first answer.
        tokens: The tokens of each answer, then filler.
        counted: False on filler.
        answers: The answers of each prompt as places along `answer`.
    """

    rows: int
    read: int
    row: Int[Tensor, "batch answer"]
    tokens: Int[Tensor, "batch answer read"]
    counted: Bool[Tensor, "batch answer read"]
    answers: AnswerTokens

    def select(self, prompts: slice) -> "Layout":
        """Return the same for some of the prompts, in tensors that a gradient may go through."""
        members = range(len(self.row))[prompts]
        return replace(
            self,
            row=self.row[prompts].clone(),
            tokens=self.tokens[prompts].clone(),
            counted=self.counted[prompts].clone(),
            answers=self.answers.select(members),
        )

    def log_probs(
        self, logits: Float[Tensor, "cells batch rows read d_vocab"], *, per_token: bool
    ) -> Float[Tensor, "cells batch answer"]:
        """Return the log probability of every answer, in nats: the sum over its tokens.

        Args:
            logits: At the positions that are read.
            per_token: Return the mean over its tokens instead.
        """
        device = logits.device
        batch = torch.arange(len(self.row), device=device)[:, None, None]
        row, at = self.row.to(device)[:, :, None], torch.arange(self.read, device=device)
        counted = self.counted.to(device)
        chosen = logits[:, batch, row, at, self.tokens.to(device)]
        terms = chosen - logits.logsumexp(-1)[:, batch, row, at]
        total = terms.where(counted, 0).sum(-1)
        return total / counted.sum(-1) if per_token else total


def spread(group: TokenGroup, answers: Answers, *, wrong: bool) -> tuple[TokenGroup, Layout]:
    """Return a group with every prompt followed by its answers, and where these are read.

    Answers of one token need no row of their own, and no row has more tokens than are read. Rows
    of one prompt are next to each other; roles and `members` stay those of the prompts.

    Args:
        group: The prompts.
        answers: Theirs.
        wrong: Whether the wrong answers are read too.
    """
    whole = answers.whole()
    asked = [
        [*right, *(others if wrong else ())]
        for right, others in zip(whole.right, whole.wrong, strict=True)
    ]
    forced = [_forced(each) for each in asked]
    rows, width = max(map(len, forced)), max(map(len, asked))
    read = max(len(answer) for each in asked for answer in each)
    filled = [[_filled(one, read) for one in _repeated(each, width)] for each in asked]
    layout = Layout(
        rows=rows,
        read=read,
        row=torch.tensor(
            [
                [_row_of(one, those) for one in _repeated(each, width)]
                for each, those in zip(asked, forced, strict=True)
            ]
        ),
        tokens=torch.tensor(filled),
        counted=torch.tensor(
            [
                [[at < len(one) for at in range(read)] for one in _repeated(each, width)]
                for each in asked
            ]
        ),
        answers=AnswerTokens(
            right=tuple(tuple(range(len(own))) for own in whole.right),
            wrong=tuple(
                tuple(range(len(own), len(each)))
                for own, each in zip(whole.right, asked, strict=True)
            ),
        ),
    )
    if read == 1:
        return group, layout
    after = torch.tensor(
        [[_filled(one, read - 1) for one in _repeated(those, rows)] for those in forced]
    ).flatten(0, 1)
    noise = group.noise
    if noise is not None:
        noise = noise.repeat_interleave(rows, dim=0)
        noise = torch.nn.functional.pad(noise, (0, 0, 0, read - 1))
    spread_out = replace(
        group,
        clean=torch.cat([group.clean.repeat_interleave(rows, dim=0), after], dim=1),
        corrupted=torch.cat([group.corrupted.repeat_interleave(rows, dim=0), after], dim=1),
        roles={role: at.repeat_interleave(rows) for role, at in group.roles.items()},
        noise=noise,
        read=read,
    )
    return spread_out, layout


def reads_wrong(metrics: Sequence[Metric]) -> bool:
    """Whether any metric reads the probability of whole wrong answers."""
    return any(isinstance(one, ContinuationMetric) and one.reads_wrong for one in metrics)


@dataclass(frozen=True, eq=False)
class Answered:
    """What one run of every prompt says of its answers.

    Args:
        probability: That the model goes on with one of the right answers.
        right: Whether one of them is more probable than every wrong one. Probabilities are of
            whole answers, so that none gains by being long.
    """

    probability: Float[np.ndarray, " batch"]
    right: Bool[np.ndarray, " batch"]


def answered(
    model: LensModel, group: TokenGroup, answers: Answers, *, corrupted: bool = False
) -> Answered:
    """Run prompts once, followed by their answers where these have several tokens.

    Args:
        model: The model.
        group: The prompts.
        answers: Theirs; those of the clean prompts.
        corrupted: Run the corrupted prompts, with their noise.
    """
    rows, layout = spread(group, answers, wrong=True)
    noise = [adding_noise(rows.noise)] if corrupted and rows.noise is not None else []
    logits = model.forward_with(rows.corrupted if corrupted else rows.clean, noise, layout.read)
    apart = logits.unflatten(0, (1, len(group.members), layout.rows, layout.read))
    (found,) = layout.log_probs(apart, per_token=False).cpu()
    probability, right = [], []
    places = zip(found, layout.answers.right, layout.answers.wrong, strict=True)
    for each, own, others in places:
        probability.append(float(each[list(own)].exp().sum()))
        right.append(bool(each[list(own)].max() > each[list(others)].max()))
    return Answered(np.array(probability), np.array(right))


def _forced(answers: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the fewest texts to follow a prompt in which every answer can be read."""
    kept: list[tuple[int, ...]] = []
    for text in sorted({answer[:-1] for answer in answers}, key=lambda text: (-len(text), text)):
        if not any(longer[: len(text)] == text for longer in kept):
            kept.append(text)
    return kept


def _row_of(answer: tuple[int, ...], forced: Sequence[tuple[int, ...]]) -> int:
    text = answer[:-1]
    return next(row for row, longer in enumerate(forced) if longer[: len(text)] == text)


def _filled(tokens: tuple[int, ...], length: int) -> list[int]:
    return [*tokens, *[FILLER] * (length - len(tokens))]


def _repeated(items: list[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    return items + items[:1] * (count - len(items))
