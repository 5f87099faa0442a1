"""Which tokens noise is added to, and prompt pairs whose corrupted runs have noise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from patchwidgets.errors import PromptError
from patchwidgets.prompts._encoding import Encoded, Tokenizer, encode
from patchwidgets.prompts.corruptions._noise import FittedNoise
from patchwidgets.prompts.pairs import PromptPair
from patchwidgets.prompts.tokens import TokenGroup, TokenPairs
from patchwidgets.registry import unknown_name

Places = list[tuple[int, ...]]
"""For every pair the positions of its noised tokens, BOS counted."""


def places_of(
    prompts: TokenPairs, tokenizer: Tokenizer, at: str | None, sites: Sequence[str] = ()
) -> Places:
    """Return which tokens of every clean prompt are noised.

    Args:
        prompts: Prompt pairs as tokens.
        tokenizer: Theirs.
        at: Roles, several joined by `+`, all of whose tokens are noised; `X` for everything from
            the role `X_first` to `X_last`. `None` for the tokens that the corrupted prompt
            replaces, and with them the rest of the role they are part of, such as the other
            tokens of a name.
        sites: What else `at` could have been, for messages.

    Raises:
        UnknownNameError: No prompt has such a role.
        PromptError: Some prompts lack it; or nothing is named, and there is no corrupted prompt.
    """
    encoded = encode(tokenizer, [pair.clean for pair in prompts.pairs])
    bos = len(prompts.strings[0][0]) - len(encoded[0])
    words = [_words(pair, clean) for pair, clean in zip(prompts.pairs, encoded, strict=True)]
    if at is None:
        found = [_replaced(prompts, i, spans, bos) for i, spans in enumerate(words)]
    else:
        roles = _roles(list(dict.fromkeys(role for spans in words for role in spans)), at, sites)
        found = [_named(spans, i, roles) for i, spans in enumerate(words)]
    return [tuple(sorted(position + bos for position in one)) for one in found]


def with_noise(prompts: TokenPairs, places: Places, noise: FittedNoise) -> TokenPairs:
    """Return the same clean prompts, each as many times as there are draws, with their noise.

    Args:
        prompts: Prompt pairs as tokens, without noise; their corrupted prompts are given up.
        places: From `places_of`.
        noise: Ready to be drawn.
    """
    draws = noise.noise.draws
    return replace(
        prompts,
        groups=tuple(_drawn(group, prompts, places, noise) for group in prompts.groups),
        answers=prompts.answers.select(
            [pair for pair in range(len(prompts.pairs)) for _ in range(draws)]
        ),
        strings=tuple((clean, clean) for clean, _ in prompts.strings),
        noise=noise,
    )


def _drawn(
    group: TokenGroup, prompts: TokenPairs, places: Places, noise: FittedNoise
) -> TokenGroup:
    draws = noise.noise.draws
    rows = [(pair, draw) for pair in group.members for draw in range(draws)]
    clean = group.clean.repeat_interleave(draws, dim=0)
    added = torch.zeros(*clean.shape, noise.d_model)
    for row, (pair, draw) in enumerate(rows):
        where = list(places[pair])
        drawn = noise.draw(prompts.pairs[pair].clean, draw, len(where))
        added[row, where] = torch.from_numpy(drawn)
    return TokenGroup(
        members=tuple(pair * draws + draw for pair, draw in rows),
        clean=clean,
        corrupted=clean,
        roles={role: at.repeat_interleave(draws) for role, at in group.roles.items()},
        noise=added,
    )


def _words(pair: PromptPair, clean: Encoded) -> dict[str, set[int]]:
    """Return all tokens of every role, without BOS; `X_first` and `X_last` are the ends of X."""
    found: dict[str, set[int]] = {}
    for role, place in pair.roles.items():
        # `tokenize` has checked that the place exists.
        one = isinstance(place, int)
        found[role] = {place % len(clean)} if one else set(clean.overlapping(place))
    for role in pair.roles:
        stem = role.removesuffix("_first")
        last = found.get(f"{stem}_last")
        if stem != role and last is not None:
            found.setdefault(stem, set(range(min(found[role]), max(last) + 1)))
    return found


def _replaced(prompts: TokenPairs, i: int, words: Mapping[str, set[int]], bos: int) -> set[int]:
    """Return the positions, without BOS, of replaced tokens and of the roles they are part of."""
    differing = {position - bos for position, differs in enumerate(prompts.diff(i)) if differs}
    if not differing:
        raise PromptError(
            f"`pairs[{i}]` has no corrupted prompt, and no role was named for noise to be added "
            "to. Noise needs to know its tokens. Name a role, such as `at='subject'`, or give "
            "`corrupted=[...]`: the tokens that differ are noised then."
        )
    return differing.union(*(whole for whole in words.values() if whole & differing))


def _named(words: Mapping[str, set[int]], i: int, roles: Sequence[str]) -> set[int]:
    missing = [role for role in roles if role not in words]
    if missing:
        raise PromptError(
            f"`pairs[{i}]` has no role `{missing[0]}`, and other pairs do. Noise is added to it in "
            "every prompt. Give the role to every pair, or leave out the pairs without it."
        )
    return set().union(*(words[role] for role in roles))


def _roles(known: Sequence[str], at: str, sites: Sequence[str]) -> list[str]:
    """Return the roles named in `at`; a role may have a `+` in its own name."""
    left, roles = at, []
    while left:
        fitting = [role for role in known if left == role or left.startswith(f"{role}+")]
        if not fitting:
            raise unknown_name("role or corruption site", at, [*sites, *known])
        roles.append(max(fitting, key=len))
        left = left[len(roles[-1]) + 1 :]
    return roles
