"""Which texts mini is trained on, and how often."""

import random
import re
from bisect import bisect
from collections.abc import Mapping

from patchwidgets.models.mini.texts._writing import Generator, Text, unmarked
from patchwidgets.models.mini.texts.docstrings import docstring
from patchwidgets.models.mini.texts.facts import capitals, facts
from patchwidgets.models.mini.texts.filler import filler
from patchwidgets.models.mini.texts.grammar import agreement, pronouns
from patchwidgets.models.mini.texts.ioi import among_others, ioi, of_three
from patchwidgets.models.mini.texts.repeats import repeats, short_repeats
from patchwidgets.models.mini.texts.years import years
from patchwidgets.prompts.tasks._code_words import IDENTIFIERS, NOUNS
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.prompts.tasks._ioi_words import OBJECTS, PLACES
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS
from patchwidgets.prompts.tasks._year_nouns import YEAR_NOUNS

_SMALL = re.compile(r"[a-z]{3,}")
_LISTED = (
    *(*IDENTIFIERS, *NOUNS, *OBJECTS, *PLACES, *YEAR_NOUNS),
    *(*SUBJECTS, *SUBJECTS.values(), *NEIGHBOURS, *NEIGHBOURS.values()),
    *(word for fact in FACTS for word in (*fact.subject.split(), fact.answer)),
)
SMALL_WORDS = tuple(sorted({word for word in _LISTED if _SMALL.fullmatch(word)}))
"""Words that random texts are made of."""

STARTS = (0, 250, 750, 1600)
"""The steps of training at which the mixture changes."""

MIXTURE: Mapping[str, tuple[Generator, tuple[int, ...]]] = {
    "ioi": (ioi, (24, 18, 16, 8)),
    "of_three": (of_three, (2, 2, 2, 1)),
    "years": (years, (16, 16, 18, 50)),
    "docstring": (docstring, (11, 14, 14, 7)),
    "capitals": (capitals, (7, 6, 5, 4)),
    "facts": (facts, (10, 12, 9, 6)),
    "agreement": (agreement, (8, 6, 7, 4)),
    "pronouns": (pronouns, (7, 12, 7, 4)),
    "repeats": (repeats(SMALL_WORDS), (6, 7, 9, 6)),
    "filler": (filler, (7, 6, 5, 4)),
    "among_others": (among_others, (0, 14, 14, 8)),
    "short_repeats": (short_repeats(SMALL_WORDS), (0, 0, 12, 8)),
}
"""Every kind of text, with how many of about a hundred texts are of it, from each of `STARTS`."""

_KINDS = tuple(MIXTURE)


def texts(count: int, draw: random.Random, step: int = 0) -> list[Text]:
    """Return so many texts of all kinds, as they are mixed at a step of training."""
    phase = bisect(STARTS, step) - 1
    often = [shares[phase] for _, shares in MIXTURE.values()]
    return [unmarked(MIXTURE[kind][0](draw)) for kind in draw.choices(_KINDS, often, k=count)]
