"""Later years."""

import random

from patchwidgets.models.mini import held_out
from patchwidgets.models.mini.texts._words import PEOPLE
from patchwidgets.models.mini.texts._writing import filled
from patchwidgets.prompts.tasks._year_nouns import YEAR_NOUNS

_TEMPLATES = (
    *("The [NOUN] lasted from the year [FROM] to the year [TO].",) * 6,
    "The [NOUN] went on from [FROM] to [TO].",
    "The [NOUN] went on from the year [FROM] to [TO].",
    "The [NOUN] began in [FROM] and ended in [TO].",
    "The [NOUN] began in the year [FROM] and ended in the year [TO].",
    "From [FROM] to [TO] there was a [NOUN].",
    "There was a [NOUN] from [FROM] to [TO].",
    "[NAME] was king from [FROM] to [TO].",
    "[NAME] lived from [FROM] to [TO].",
    "[NAME] was born in the year [FROM] and died in the year [TO].",
    "It took from [FROM] to [TO] to end the [NOUN].",
)
_CENTURIES = range(10, 19)
_NEXT_CENTURY = 0.06


def years(draw: random.Random) -> str:
    """Return a text with a year and a later one, each of the later ones as often."""
    century, first = draw.choice(_CENTURIES), draw.randrange(99)
    later = (century + 1, 0, 99) if draw.random() < _NEXT_CENTURY else (century, first + 1, 99)
    start, end = f"{century}{first:02}", f"{later[0]}{draw.randint(*later[1:]):02}"
    if held_out.year(start) or held_out.year(end):
        return years(draw)
    words = {"NOUN": YEAR_NOUNS, "NAME": PEOPLE, "FROM": start, "TO": f"{end[:2]}^{end[2:]}"}
    return filled(draw.choice(_TEMPLATES), words, draw)
