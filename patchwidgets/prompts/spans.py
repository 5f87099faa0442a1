"""Roles that are several tokens long, and the buckets of positions in and after them.

A prompt pair has one position for every role. A span, such as the subject of a fact, has as many as
it has tokens, in every prompt another number; its buckets have names that mean the same everywhere.
"""

from collections.abc import Mapping, Sequence

from patchwidgets.prompts._encoding import Encoded
from patchwidgets.prompts.pairs import END, PromptPair, PromptPairs

Places = tuple[tuple[int, ...], ...]
"""For every pair the positions in one bucket, BOS counted; none where the pair lacks it."""

Ends = tuple[int, int]
"""First and last position of a span."""


def buckets_of(
    pairs: PromptPairs, clean: Sequence[Encoded], places: Sequence[Mapping[str, int]], bos: int
) -> dict[str, dict[str, Places]]:
    """Return by span and by bucket the positions of every pair.

    The spans are the roles that every pair gives by characters and that are several tokens long
    in some pair, and `X` where every pair has the roles `X_first` and `X_last`. The buckets of a
    span `X`, in the order of the prompt: `X_first`, `X_middle` (what is between first and last),
    `X_last`, `X+1`, `X+further` (what is between that and the last token of the prompt) and `END`.
    Where the span is one token, that is its first and its last; where one token follows it, that
    is `X+1` and `END`. A bucket that is also a role of the pair is at that role.

    Source: Meng et al. 2022, arXiv 2202.05262, figure 1 and the code behind it, which counts a
        token in two buckets in the same cases; Zhang & Nanda 2024, figure 4.

    Args:
        pairs: The texts.
        clean: The clean prompts as tokens, without BOS.
        places: Position of every role of every pair, without BOS.
        bos: Tokens before every prompt.
    """
    found: dict[str, dict[str, Places]] = {}
    for name in _names(pairs):
        ends = [
            _ends(pair, name, prompt, place)
            for pair, prompt, place in zip(pairs, clean, places, strict=True)
        ]
        if f"{name}_first" not in pairs[0].roles and all(first == last for first, last in ends):
            continue
        rows = [
            _buckets(name, one, len(prompt), place)
            for one, prompt, place in zip(ends, clean, places, strict=True)
        ]
        found[name] = {
            bucket: tuple(tuple(at + bos for at in row[bucket]) for row in rows)
            for bucket in rows[0]
        }
    return found


def _names(pairs: PromptPairs) -> list[str]:
    """Return the names that stand for a span in every pair, longer or not."""
    names = [role.removesuffix("_first") for role in pairs[0].roles if role.endswith("_first")]
    split = [name for name in names if name and f"{name}_last" in pairs[0].roles]
    parts = {f"{name}{end}" for name in split for end in ("_first", "_last", "+1")}
    whole = [role for role in pairs[0].roles if role not in parts]
    return [
        name
        for name in dict.fromkeys([*split, *whole])
        if all(_is_span(pair, name) for pair in pairs)
    ]


def _is_span(pair: PromptPair, name: str) -> bool:
    has_ends = f"{name}_first" in pair.roles and f"{name}_last" in pair.roles
    return has_ends or isinstance(pair.roles.get(name), tuple)


def _ends(pair: PromptPair, name: str, prompt: Encoded, places: Mapping[str, int]) -> Ends:
    """Return the first and last position of a span, without BOS."""
    place = pair.roles.get(name)
    if isinstance(place, tuple):
        covering = prompt.overlapping(place)
        return covering[0], covering[-1]
    return places[f"{name}_first"], places[f"{name}_last"]


def _buckets(
    name: str, ends: Ends, length: int, places: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Return the positions in every bucket of one prompt, without BOS."""

    def at(bucket: str, position: int) -> tuple[int, ...]:
        own = places.get(bucket, position)
        return (own,) if own < length else ()

    first, last, end = at(f"{name}_first", ends[0]), at(f"{name}_last", ends[1]), length - 1
    after = at(f"{name}+1", ends[1] + 1)
    return {
        f"{name}_first": first,
        f"{name}_middle": tuple(range(first[0] + 1, last[0])),
        f"{name}_last": last,
        f"{name}+1": after,
        f"{name}+further": tuple(range(after[0] + 1, end)) if after else (),
        END: (end,),
    }
