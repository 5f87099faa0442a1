"""Plain sentences that no task is about, so that the model knows more of a language than tasks."""

import random

from patchwidgets.models.mini.texts._words import (
    ADJECTIVES,
    ANIMALS,
    FOODS,
    PEOPLE,
    SAW,
    STATES,
    THINGS,
    WENT,
    WHEN,
    WHERE,
)
from patchwidgets.models.mini.texts._writing import filled
from patchwidgets.prompts.tasks._ioi_words import OBJECTS, PLACES
from patchwidgets.prompts.tasks._number_words import SUBJECTS

_WORDS = {
    "NAME": PEOPLE,
    "PERSON": tuple(SUBJECTS)[:20],
    "ADJECTIVE": ADJECTIVES,
    "COLOUR": ADJECTIVES,
    "STATE": STATES,
    "ANIMAL": ANIMALS,
    "THING": THINGS,
    "OTHER": THINGS,
    "FOOD": FOODS,
    "DRINK": FOODS,
    "OBJECT": OBJECTS,
    "PLACE": PLACES,
    "SAW": SAW,
    "WENT": WENT,
    "WHERE": WHERE,
    "WHEN": WHEN,
}

_SENTENCES = (
    "The [ADJECTIVE] [ANIMAL] [WENT] to the [THING].",
    "The [PERSON] [SAW] a [ADJECTIVE] [OBJECT] in the [PLACE].",
    "The [ANIMAL] is [WHERE] the [THING].",
    "There was a [ADJECTIVE] [THING] [WHERE] the [PLACE].",
    "[NAME] [SAW] the [ADJECTIVE] [OBJECT].",
    "[NAME] has a [OBJECT]. The [OBJECT] is^ [ADJECTIVE].",
    "[NAME] likes [FOOD] and [DRINK].",
    "The [PERSON] ate [FOOD] and the [ANIMAL] drank [DRINK].",
    "[NAME] [WENT] to the [PLACE] [WHEN].",
    "The [THING] is [ADJECTIVE] and the [OTHER] is [COLOUR].",
    "The [ADJECTIVE] [PERSON] [WENT] to the [PLACE] and [SAW] a [ANIMAL].",
    "I have a [ADJECTIVE] [OBJECT] and you have a [COLOUR] one.",
    "We saw the [PERSON] [WHERE] the [THING].",
    "The [PERSON] and the [ANIMAL] were [STATE].",
    "Is the [ANIMAL] [STATE]? No, the [ANIMAL] is not [STATE].",
    "A [ANIMAL] has no [OBJECT].",
    "This [OBJECT] is for [NAME].",
    "Where is the [OBJECT]? It is [WHERE] the [THING].",
    "They wanted to buy the [ADJECTIVE] [THING] but it was not for sale.",
    "[NAME] was [STATE]. [NAME] [WENT] home.",
)


def filler(draw: random.Random) -> str:
    """Return one or two sentences about one thing after another."""
    sentences = draw.sample(_SENTENCES, draw.choice((1, 1, 2)))
    named = draw.choice(PEOPLE)
    return " ".join(filled(one, _WORDS | {"NAME": named}, draw) for one in sentences)
