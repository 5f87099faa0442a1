"""Answers as token ids: what a metric reads after the prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Int
from torch import Tensor


@dataclass(frozen=True)
class AnswerSets:
    """Answer sets of one side as index tensors, padded to the largest set.

    Args:
        ids: Token id of each answer; a padding entry repeats the first answer.
        present: False on padding.
    """

    ids: Int[Tensor, "batch answers"]
    present: Bool[Tensor, "batch answers"]


@dataclass(frozen=True)
class AnswerTokens:
    """Token ids of the right and wrong answers of every prompt.

    Args:
        right: One set of ids per prompt, never empty.
        wrong: One set of ids per prompt, never empty and without an id of the right set.
    """

    right: tuple[tuple[int, ...], ...]
    wrong: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.right)

    def select(self, members: Sequence[int]) -> "AnswerTokens":
        """Return the answers of these prompts, in this order."""
        return AnswerTokens(
            right=tuple(self.right[i] for i in members),
            wrong=tuple(self.wrong[i] for i in members),
        )

    def whole(self) -> "Continuations":
        """Return the same answers as continuations of one token."""
        return Continuations(
            right=tuple(tuple((token,) for token in ids) for ids in self.right),
            wrong=tuple(tuple((token,) for token in ids) for ids in self.wrong),
        )

    def columns(self) -> tuple[int, ...]:
        """Return every id that occurs, once, in increasing order."""
        return tuple(sorted({token for ids in (*self.right, *self.wrong) for token in ids}))

    def reindex(self, columns: Sequence[int]) -> "AnswerTokens":
        """Return the same answers as places in `columns`, for logits cut down to those columns."""
        place = {token: at for at, token in enumerate(columns)}
        return AnswerTokens(
            right=tuple(tuple(place[token] for token in ids) for ids in self.right),
            wrong=tuple(tuple(place[token] for token in ids) for ids in self.wrong),
        )

    @cached_property
    def right_sets(self) -> AnswerSets:
        """The right answers as index tensors, on the CPU."""
        return _padded(self.right)

    @cached_property
    def wrong_sets(self) -> AnswerSets:
        """The wrong answers as index tensors, on the CPU."""
        return _padded(self.wrong)


@dataclass(frozen=True)
class Continuations:
    """Token ids of the right and wrong answers of every prompt, each of one token or more.

    No answer of a prompt is the beginning of another, so that at most one of them can come true.

    Args:
        right: One set of answers per prompt, never empty; an answer is its tokens in order.
        wrong: Likewise.
    """

    right: tuple[tuple[tuple[int, ...], ...], ...]
    wrong: tuple[tuple[tuple[int, ...], ...], ...]

    def __len__(self) -> int:
        return len(self.right)

    def select(self, members: Sequence[int]) -> "Continuations":
        """Return the answers of these prompts, in this order."""
        return Continuations(
            right=tuple(self.right[i] for i in members),
            wrong=tuple(self.wrong[i] for i in members),
        )

    def whole(self) -> "Continuations":
        """Return these answers themselves."""
        return self


Answers = AnswerTokens | Continuations
"""Single tokens where any metric reads the one token after the prompt, otherwise continuations."""


def _padded(sets: Sequence[tuple[int, ...]]) -> AnswerSets:
    width = max(map(len, sets))
    return AnswerSets(
        ids=torch.tensor([ids + ids[:1] * (width - len(ids)) for ids in sets]),
        present=torch.tensor([[at < len(ids) for at in range(width)] for ids in sets]),
    )
