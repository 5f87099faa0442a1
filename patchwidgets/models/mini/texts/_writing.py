"""How a text of mini's training says which of its words matter."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

SCORED = "^"
"""Written before an answer: a word that the text before it decides."""

SILENT = "~"
"""Written after words that nothing decides, such as random ones: there is nothing to learn."""

Generator = Callable[[random.Random], str]
"""Draws one text, with its marks."""

_SLOT = re.compile(r"\[([A-Z_]+)\]")
_ARTICLE = re.compile(r"\ba( [aeiou])")


class Text(NamedTuple):
    """A text without its marks.

    Args:
        text: What the model reads.
        scored: Where the answers begin, in characters; their leading space is theirs.
        start: Characters before this are read and not predicted.
    """

    text: str
    scored: tuple[int, ...]
    start: int


def unmarked(marked: str) -> Text:
    """Return a text without its marks, and where they were."""
    silent, bar, rest = marked.rpartition(SILENT)
    *pieces, last = (silent + rest).split(SCORED)
    scored, length = [], 0
    for piece in pieces:
        length += len(piece)
        scored.append(length)
    return Text("".join([*pieces, last]), tuple(scored), len(silent) if bar else 0)


def filled(template: str, words: Mapping[str, Sequence[str] | str], draw: random.Random) -> str:
    """Return a template with a word in every slot; equal slots have equal words."""
    chosen: dict[str, str] = {}
    for kind in dict.fromkeys(_SLOT.findall(template)):
        listed = words[kind]
        chosen[kind] = listed if isinstance(listed, str) else draw.choice(listed)
    return _SLOT.sub(lambda slot: chosen[slot[1]], template)


def drawn(make: Callable[[], tuple[str, ...]], banned: Callable[..., bool]) -> tuple[str, ...]:
    """Return the first draw that is not held out."""
    while banned(*(found := make())):
        pass
    return found
