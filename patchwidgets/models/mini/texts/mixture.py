"""Which texts mini is trained on, and how often."""

import random
import re
from collections.abc import Mapping

from patchwidgets.models.mini.texts._writing import Generator, Text, unmarked
from patchwidgets.models.mini.texts.docstrings import docstring
from patchwidgets.models.mini.texts.facts import capitals, facts
from patchwidgets.models.mini.texts.filler import filler
from patchwidgets.models.mini.texts.grammar import agreement, pronouns
from patchwidgets.models.mini.texts.ioi import ioi, of_three
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

MIXTURE: Mapping[str, tuple[Generator, int]] = {
    "ioi": (ioi, 24),
    "of_three": (of_three, 2),
    "years": (years, 16),
    "docstring": (docstring, 11),
    "capitals": (capitals, 7),
    "facts": (facts, 10),
    "agreement": (agreement, 8),
    "pronouns": (pronouns, 7),
    "repeats": (repeats(SMALL_WORDS), 6),
    "filler": (filler, 7),
}
"""Every kind of text, with how many of about a hundred texts are of it."""

_KINDS, _OFTEN = tuple(MIXTURE), tuple(often for _, often in MIXTURE.values())


def texts(count: int, draw: random.Random) -> list[Text]:
    """Return so many texts of all kinds."""
    kinds = draw.choices(_KINDS, _OFTEN, k=count)
    return [unmarked(MIXTURE[kind][0](draw)) for kind in kinds]
