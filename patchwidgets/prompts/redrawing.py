"""Prompt pairs with several corrupted prompts to every clean one, as rows of one batch."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import torch

from patchwidgets.prompts.answers import Answers
from patchwidgets.prompts.tokens import TokenGroup, TokenPairs


def with_redrawn(first: TokenPairs, others: Sequence[TokenPairs]) -> TokenPairs:
    """Return the same clean prompts, each as many times as there are draws, one after another.

    Args:
        first: The first draw, whose texts stand for the pair.
        others: The others; they have the same clean prompts.
    """
    every = [first, *others]
    if len(every) == 1:
        return first
    return replace(
        first,
        groups=tuple(map(_together, zip(*(one.groups for one in every), strict=True))),
        answers=_in_turn([one.answers for one in every]),
        replaced=len(every),
    )


def _together(draws: Sequence[TokenGroup]) -> TokenGroup:
    first, many = draws[0], len(draws)
    return TokenGroup(
        members=tuple(pair * many + draw for pair in first.members for draw in range(many)),
        clean=first.clean.repeat_interleave(many, dim=0),
        corrupted=torch.stack([one.corrupted for one in draws], dim=1).flatten(0, 1),
        roles={role: at.repeat_interleave(many) for role, at in first.roles.items()},
    )


def _in_turn(answers: Sequence[Answers]) -> Answers:
    return replace(
        answers[0],
        right=tuple(chain.from_iterable(zip(*(one.right for one in answers), strict=True))),
        wrong=tuple(chain.from_iterable(zip(*(one.wrong for one in answers), strict=True))),
    )
