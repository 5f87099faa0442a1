"""Random words, said twice."""

import random

from patchwidgets.models.mini.texts._writing import Generator


def repeats(words: tuple[str, ...]) -> Generator:
    """Return a generator of random `words`, twice in the same order; the second time is learnt."""

    def repeat(draw: random.Random) -> str:
        before, period = draw.choice((0, 0, 1, 2, 4, 8)), draw.randint(4, 20)
        said = draw.sample(words, before + period)
        first = "".join(f" {word}" for word in said)
        second = said[before:]
        return f"{first} {second[0]}~" + "".join(f"^ {word}" for word in second[1:])

    return repeat
