"""Verbs that agree with their subject, and pronouns that go with a name."""

import random

from patchwidgets.models.mini import held_out
from patchwidgets.models.mini.texts._words import ADJECTIVES, STATES
from patchwidgets.models.mini.texts._writing import filled
from patchwidgets.prompts.tasks._ioi_words import OBJECTS, PLACES
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS, VERBS
from patchwidgets.prompts.tasks._people import EITHER, MEN, WOMEN

_SUBJECTS, _NEIGHBOURS, _VERBS = (tuple(both.items()) for both in (SUBJECTS, NEIGHBOURS, VERBS))

_BETWEEN = (
    *("The [SUBJECT] near the [NEIGHBOUR]", "The [SUBJECT] behind the [NEIGHBOUR]") * 2,
    *("The [SUBJECT] next to the [NEIGHBOUR]", "The [SUBJECT] that the [NEIGHBOUR] liked") * 2,
    "The [SUBJECT] that the [NEIGHBOUR] saw",
    "The [SUBJECT] by the [NEIGHBOUR]",
    "The [ADJECTIVE] [SUBJECT] near the [NEIGHBOUR]",
    "Yesterday the [SUBJECT] behind the [NEIGHBOUR]",
    "We think that the [SUBJECT] near the [NEIGHBOUR]",
    "He said that the [SUBJECT] next to the [NEIGHBOUR]",
    "I know that the [SUBJECT] behind the [NEIGHBOUR]",
    "We know that the [SUBJECT] that the [NEIGHBOUR] liked",
)
_ALONE = ("The [SUBJECT]", "The [ADJECTIVE] [SUBJECT]", "I know that the [SUBJECT]")

_TASK_TEMPLATES = {
    "So [NAME] is a really great friend, isn't": "?",
    "My neighbour [NAME] was late this morning because": " missed the bus.",
    "Last night, when [NAME] came home,": " was [STATE].",
    "We all think that [NAME] got the job because": " worked hard.",
}
_OWN_TEMPLATES = {
    "The teacher asked [NAME] where": " lived.",
    "Mother asked [NAME] where": " was.",
    "The doctor asked [NAME] when": " came home.",
    "The police saw [NAME] when": " ran to the [PLACE].",
    "[NAME] said that": " was [STATE].",
    "[NAME] went to the [PLACE] because": " wanted a [OBJECT].",
    "When [NAME] is [STATE],": " goes to the [PLACE].",
    "I know [NAME] and": " is [STATE].",
    "This is [NAME], isn't": "?",
    "We all think that [NAME] is [STATE] because": " said so.",
}


def agreement(draw: random.Random) -> str:
    """Return a sentence whose verb follows another noun than its subject, or the subject."""
    number, between = draw.randrange(2), draw.randrange(2)
    subject, neighbour = draw.choice(_SUBJECTS), draw.choice(_NEIGHBOURS)
    if held_out.nouns(subject[0], neighbour[0]) or subject[0] == neighbour[0]:
        return agreement(draw)
    frame = draw.choice(_BETWEEN if draw.random() < 0.8 else _ALONE)
    verb = draw.choice(_VERBS)[number]
    what = f" a {draw.choice(OBJECTS)}" if verb in (" has", " have") else f" {draw.choice(STATES)}"
    words = {"SUBJECT": subject[number], "NEIGHBOUR": neighbour[between], "ADJECTIVE": ADJECTIVES}
    return filled(f"{frame}^{verb}{what}.", words, draw)


def pronouns(draw: random.Random) -> str:
    """Return a sentence in which `he` or `she` stands for a name."""
    people, pronoun = draw.choice(((MEN, " he"), (WOMEN, " she"), (EITHER, "")))
    if not pronoun and draw.random() < 0.5:
        return pronouns(draw)
    templates = _TASK_TEMPLATES if draw.random() < 0.5 else _OWN_TEMPLATES
    name, template = draw.choice(people), draw.choice(tuple(templates))
    if held_out.pronoun(name, template):
        return pronouns(draw)
    mark = f"^{pronoun}" if pronoun else draw.choice((" he", " she"))
    words = {"NAME": name, "STATE": STATES, "PLACE": PLACES, "OBJECT": OBJECTS}
    return filled(template + mark + templates[template], words, draw)
