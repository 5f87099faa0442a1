"""Which prompt pairs a model knows: drawn, run once unpatched, and kept where it is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from patchwidgets.engine.continuing import answered
from patchwidgets.errors import PromptError, TooFewPairsError
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.answers import Answers, AnswerTokens, Continuations
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tokens import TokenGroup, tokenize
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


def criterion_of(known: bool | str) -> Criterion | None:
    """Return the criterion that the argument `known` of `Study` names; `None` for none.

    Raises:
        UnknownNameError: No such criterion.
    """
    if isinstance(known, bool):
        return "preferred" if known else None
    return one_of("criterion of `known`", known, CRITERIA)


def known_pairs(
    model: LensModel,
    draw: Callable[[int], PromptPairs],
    n: int,
    knowing: Knowing,
    *,
    prepend_bos: bool,
    whole_answers: bool = False,
) -> tuple[PromptPairs, Share]:
    """Return the first `n` pairs that the model knows, and how many it knows of those it was asked.

    Twice as many as are wanted are drawn, then more, up to sixteen times; fewer than `n` are
    returned where that is not enough.

    Args:
        model: The model.
        draw: Returns so many pairs; those of a smaller number come first in those of a larger one.
        n: How many are wanted.
        knowing: What counts as known.
        prepend_bos: Whether prompts start with a BOS token.
        whole_answers: Whether answers may be of several tokens; they are compared by the
            probability of the whole.

    Raises:
        PromptError: The model knows none of the first that were drawn; or the criterion is `top`
            and answers may be of several tokens.
    """
    if whole_answers and knowing.criterion == "top":
        raise PromptError(
            "`known='top'` keeps pairs whose answer is the first choice among all tokens, and "
            "metrics of whole answers have no such choice: the texts of several tokens cannot all "
            "be compared. Use `known=True`, which compares the right answers with the wrong ones."
        )
    kept, asked, drawn = [], 0, None
    for times in _ROUNDS:
        drawn, exhausted = _as_many(draw, max(2 * n, _FEWEST) * times)
        if len(drawn) == asked:
            break
        known = _known(model, drawn[asked:], knowing, prepend_bos, whole_answers)
        kept += [asked + int(at) for at in np.flatnonzero(known)]
        asked = len(drawn)
        if not kept:
            raise _nothing_known(model, asked, knowing)
        if len(kept) >= n or exhausted:
            break
    assert drawn is not None
    return drawn[kept[:n]], Share(len(kept), asked)


def _as_many(draw: Callable[[int], PromptPairs], n: int) -> tuple[PromptPairs, bool]:
    """Return `n` pairs, or all that there are, and whether these are all."""
    try:
        drawn = draw(n)
    except TooFewPairsError as problem:
        return draw(problem.available), True
    return drawn, len(drawn) < n


def _known(
    model: LensModel,
    pairs: PromptPairs,
    knowing: Knowing,
    prepend_bos: bool,
    whole_answers: bool,
) -> Bool[np.ndarray, " pair"]:
    prompts = tokenize(
        pairs,
        model.tokenizer,
        prepend_bos=prepend_bos,
        n_ctx=model.spec.n_ctx,
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


def _nothing_known(model: LensModel, asked: int, knowing: Knowing) -> PromptError:
    what = {
        "preferred": "the right answer has a larger logit than every wrong one",
        "top": "the right answer is its first choice among all tokens",
    }
    side = "on both prompts of a pair" if knowing.both else "on the clean prompt"
    return PromptError(
        f"`{model.spec.name}` knows none of the {asked} prompt pairs it was asked: {side}, "
        f"{what[knowing.criterion]} for 0 of {asked} (0 %). Where a model does not show a "
        "behaviour there is nothing to localise, so nothing is measured. Use a larger model or "
        "another task, or pass `known=False` to measure all the same."
    )
