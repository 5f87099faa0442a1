"""Functions whose arguments are described in their order."""

import random
from collections.abc import Sequence
from itertools import pairwise

from patchwidgets.models.mini import held_out
from patchwidgets.prompts.tasks._code_words import IDENTIFIERS, NOUNS

_MOST = 6


def docstring(draw: random.Random) -> str:
    """Return a function of three to six arguments, some of which are described."""
    arguments, name = _arguments(draw)
    first = draw.choice(NOUNS)
    lines = [f"\ndef {name}(self, {', '.join(arguments)}):", f'    """{first}{_described(draw, 2)}']
    start = draw.randint(0, len(arguments) - 3)
    stop = draw.randint(start + 3, len(arguments))
    params = [
        f"    :param{'' if at == start else '^'} {arguments[at]}:{_described(draw)}"
        for at in range(start, stop)
    ]
    return "\n".join([*lines, "", *params, '    """'])


def _arguments(draw: random.Random) -> tuple[Sequence[str], str]:
    while True:
        *found, name = draw.sample(IDENTIFIERS, draw.randint(3, _MOST) + 1)
        if not any(held_out.arguments(one, after) for one, after in pairwise(found)):
            return found, name


def _described(draw: random.Random, words: int | None = None) -> str:
    count = draw.choice((2, 2, 2, 1, 3)) if words is None else words
    return "".join(f" {noun}" for noun in draw.sample(NOUNS, count))
