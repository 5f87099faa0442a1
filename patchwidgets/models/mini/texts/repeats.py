"""Random words, said twice."""

import random

from patchwidgets.models.mini.texts._writing import Generator


def repeats(words: tuple[str, ...]) -> Generator:
    """Return a generator of random `words`, twice in the same order; the second time is learnt."""

    def repeat(draw: random.Random) -> str:
        before, period = draw.choice((0, 0, 1, 2, 4, 8)), draw.randint(4, 20)
        return _said(draw.sample(words, before + period), before, 1)

    return repeat


def short_repeats(words: tuple[str, ...]) -> Generator:
    """Return a generator of a few random `words`, two to four times: easier to see through."""

    def repeat(draw: random.Random) -> str:
        before, period = draw.choice((0, 0, 1, 2, 4)), draw.randint(3, 8)
        return _said(draw.sample(words, before + period), before, draw.randint(1, 3))

    return repeat


def _said(words: list[str], before: int, again: int) -> str:
    """Return the words, and those after the first few `again` times, which are answers."""
    first = "".join(f" {word}" for word in words)
    start, *rest = words[before:] * again
    return f"{first} {start}~" + "".join(f"^ {word}" for word in rest)
