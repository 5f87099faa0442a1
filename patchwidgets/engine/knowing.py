"""Which prompt pairs a model knows: drawn, run once unpatched, and kept where it is right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from patchwidgets.engine.continuing import answered
from patchwidgets.errors import PromptError, TooFewPairsError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.tokenizing import tokens_for
from patchwidgets.prompts.answers import Answers, AnswerTokens, Continuations
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tokens import TokenGroup
from patchwidgets.registry import one_of

Criterion = Literal["preferred", "top"]
"""`preferred`: a right answer has a larger logit than every wrong one. `top`: a right answer is
the model's first choice among all tokens, as PairedFacts has it."""

CRITERIA: tuple[Criterion, ...] = ("preferred", "top")

_FEWEST = 32
_ROUNDS = (1, 2, 4, 8)
_ROWS = 32


@dataclass(frozen=True)
class Knowing:
    """What counts as known.

    Args:
        criterion: How sure the model must be.
        both: Whether it must be right on the corrupted prompt too, with the answers exchanged.
    """

    criterion: Criterion
    both: bool


Draw = Callable[[int], PromptPairs]
"""Returns so many pairs; those of a smaller number come first in those of a larger one."""


class Condition(NamedTuple):
    """Under which corruption a pair must be known, and what counts as known there."""

    draw: Draw
    knowing: Knowing


@dataclass(frozen=True)
class Asked:
    """What a model was asked, and how: of each thing it is asked once.

    Args:
        prepend_bos: Whether prompts start with a BOS token.
        whole_answers: Whether answers may be of several tokens; they are compared by the
            probability of the whole.
        before: What it knew when it was asked before.
    """

    prepend_bos: bool
    whole_answers: bool = False
    before: dict[tuple[object, ...], Bool[np.ndarray, " pair"]] = field(default_factory=dict)

    def known(
        self, model: LensModel, pairs: PromptPairs, knowing: Knowing
    ) -> Bool[np.ndarray, " pair"]:
        """Return which of these pairs the model knows."""
        asked = pairs, knowing, self.prepend_bos, self.whole_answers
        if asked not in self.before:
            self.before[asked] = _known(model, pairs, knowing, *asked[2:])
        return self.before[asked]


def criterion_of(known: bool | str | None) -> Criterion | None:
    """Return the criterion that the argument `known` of `Study` names; `None` for none.

    Raises:
        UnknownNameError: No such criterion.
    """
    if known is None or isinstance(known, bool):
        return "preferred" if known else None
    return one_of("criterion of `known`", known, CRITERIA)


def known_pairs(
    model: LensModel, draw: Draw, n: int, conditions: Sequence[Condition], asking: Asked
) -> tuple[PromptPairs, Share]:
    """Return the first `n` pairs that the model knows, and how many it knows of those it was asked.

    Twice as many as are wanted are drawn, then more, up to sixteen times; fewer than `n` are
    returned where that is not enough.

    Args:
        model: The model.
        draw: Of the pairs that are returned.
        n: How many are wanted.
        conditions: All of which a pair must meet, by its place in each draw: the clean prompts of
            all draws are the same.
        asking: How the model is asked.

    Raises:
        PromptError: The model knows none of the first that were drawn; or the criterion is `top`
            and answers may be of several tokens.
    """
    if asking.whole_answers and any(one.knowing.criterion == "top" for one in conditions):
        raise PromptError(
            "`known='top'` keeps pairs whose answer is the first choice among all tokens, and "
            "metrics of whole answers have no such choice: the texts of several tokens cannot all "
            "be compared. Use `known=True`, which compares the right answers with the wrong ones."
        )
    kept, asked, drawn = [], 0, None
    for times in _ROUNDS:
        drawn, *others, exhausted = _as_many(
            [draw, *(one.draw for one in conditions)], max(2 * n, _FEWEST) * times
        )
        if len(drawn) == asked:
            break
        known = np.ones(len(drawn) - asked, dtype=bool)
        for pairs, (_, knowing) in zip(others, conditions, strict=True):
            known &= asking.known(model, pairs[asked:], knowing)
        kept += [asked + int(at) for at in np.flatnonzero(known)]
        asked = len(drawn)
        if not kept:
            raise _nothing_known(model, asked, [one.knowing for one in conditions])
        if len(kept) >= n or exhausted:
            break
    assert drawn is not None
    return drawn[kept[:n]], Share(len(kept), asked)


def _as_many(draws: Sequence[Draw], n: int) -> tuple[Any, ...]:
    """Return `n` pairs of each draw, or all that every one has, and whether these are all."""
    drawn, most = [], n
    for draw in draws:
        try:
            drawn.append(draw(most))
        except TooFewPairsError as problem:
            most = problem.available
            drawn.append(draw(most))
        most = min(most, len(drawn[-1]))
    return *(pairs[:most] for pairs in drawn), most < n


def _known(
    model: LensModel,
    pairs: PromptPairs,
    knowing: Knowing,
    prepend_bos: bool,
    whole_answers: bool,
) -> Bool[np.ndarray, " pair"]:
    prompts = tokens_for(
        model,
        pairs,
        prepend_bos=prepend_bos,
        needs_corrupted=False,
        whole_answers=whole_answers,
    )
    known = np.zeros(len(pairs), dtype=bool)
    with model.measuring():
        for group in prompts.groups:
            known[list(group.members)] = _known_in(model, group, prompts.answers, knowing)
    return known


def _known_in(
    model: LensModel, group: TokenGroup, answers: Answers, knowing: Knowing
) -> list[bool]:
    known = []
    for start in range(0, len(group.members), _ROWS):
        rows = slice(start, start + _ROWS)
        asked = answers.select(group.members[rows])
        if isinstance(asked, Continuations):
            known += _known_whole(model, group.select(rows), asked, knowing)
            continue
        clean = model.forward(group.clean[rows])
        corrupted = model.forward(group.corrupted[rows]) if knowing.both else clean
        known += known_of(clean, corrupted, asked, knowing)
    return known


def _known_whole(
    model: LensModel, group: TokenGroup, answers: Continuations, knowing: Knowing
) -> list[bool]:
    right = answered(model, group, answers).right
    if knowing.both:
        exchanged = Continuations(right=answers.wrong, wrong=answers.right)
        right &= answered(model, group, exchanged, corrupted=True).right
    return right.tolist()


def known_of(
    clean: Float[Tensor, "batch d_vocab"],
    corrupted: Float[Tensor, "batch d_vocab"],
    answers: AnswerTokens,
    knowing: Knowing,
) -> list[bool]:
    """Return for every pair whether it is known, from the logits of both of its prompts.

    Args:
        clean: Logits at the last position of the clean prompts.
        corrupted: Likewise; not read unless both prompts count.
        answers: Of these pairs.
        knowing: What counts as known.
    """
    right = _right(clean, answers, knowing.criterion)
    if not knowing.both:
        return right
    exchanged = AnswerTokens(right=answers.wrong, wrong=answers.right)
    other = _right(corrupted, exchanged, knowing.criterion)
    return [one and also for one, also in zip(right, other, strict=True)]


def _right(
    logits: Float[Tensor, "batch d_vocab"], answers: AnswerTokens, criterion: Criterion
) -> list[bool]:
    right = []
    for row, own, wrong in zip(logits, answers.right, answers.wrong, strict=True):
        rival = row.max() if criterion == "top" else row[list(wrong)].max()
        best = row[list(own)].max()
        right.append(bool(best >= rival if criterion == "top" else best > rival))
    return right


def _nothing_known(model: LensModel, asked: int, needed: Sequence[Knowing]) -> PromptError:
    what = {
        "preferred": "the right answer has a larger logit than every wrong one",
        "top": "the right answer is its first choice among all tokens",
    }
    both = any(knowing.both for knowing in needed)
    side = "on both prompts of a pair" if both else "on the clean prompt"
    side += f", under each of {len(needed)} corruptions" if len(needed) > 1 else ""
    return PromptError(
        f"`{model.spec.name}` knows none of the {asked} prompt pairs it was asked: {side}, "
        f"{what[needed[0].criterion]} for 0 of {asked} (0 %). Where a model does not show a "
        "behaviour there is nothing to localise, so nothing is measured. Use a larger model or "
        "another task, or pass `known=False` to measure all the same."
    )
