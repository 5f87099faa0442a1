"""Which texts mini is trained on, and how often."""

import random
import re
from collections.abc import Mapping

from patchwidgets.models.mini.texts._writing import Generator, Text, unmarked
from patchwidgets.models.mini.texts.docstrings import docstring
from patchwidgets.models.mini.texts.facts import capitals, facts
from patchwidgets.models.mini.texts.filler import filler
from patchwidgets.models.mini.texts.grammar import agreement, pronouns
from patchwidgets.models.mini.texts.ioi import among_others, ioi, of_three
from patchwidgets.models.mini.texts.repeats import repeats
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

LATER = 250
"""From this step on kinds are as often as their second number says."""

MIXTURE: Mapping[str, tuple[Generator, int, int]] = {
    "ioi": (ioi, 24, 18),
    "of_three": (of_three, 2, 2),
    "years": (years, 16, 16),
    "docstring": (docstring, 11, 14),
    "capitals": (capitals, 7, 6),
    "facts": (facts, 10, 12),
    "agreement": (agreement, 8, 6),
    "pronouns": (pronouns, 7, 12),
    "repeats": (repeats(SMALL_WORDS), 6, 7),
    "filler": (filler, 7, 6),
    "among_others": (among_others, 0, 14),
}
"""Every kind of text, with how many of about a hundred texts are of it, at first and later."""

_KINDS = tuple(MIXTURE)
_FIRST = tuple(often for _, often, _ in MIXTURE.values())
_LATER = tuple(often for _, _, often in MIXTURE.values())


def texts(count: int, draw: random.Random, step: int = 0) -> list[Text]:
    """Return so many texts of all kinds, as they are mixed at a step of training."""
    kinds = draw.choices(_KINDS, _FIRST if step < LATER else _LATER, k=count)
    return [unmarked(MIXTURE[kind][0](draw)) for kind in kinds]
