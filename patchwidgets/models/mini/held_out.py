"""What mini is never trained on, so that an evaluation can tell knowing from having seen.

About one combination in ten of every kind is held out, chosen by a checksum of its words: the same
ones for ever, in any order of any list.
"""

import zlib

from patchwidgets.prompts.tasks._facts import Fact

IOI_TEMPLATES = frozenset(
    {
        "Then, [S] and [IO] were working at the [PLACE]. [S] decided to give a [OBJECT] to",
        "When [S] and [IO] got a [OBJECT] at the [PLACE], [S] decided to give the [OBJECT] to",
        "While [S] and [IO] were commuting to the [PLACE], [S] gave a [OBJECT] to",
        "Then, [S] and [IO] had a long argument. Afterwards [S] said to",
        "Friends [S] and [IO] found a [OBJECT] at the [PLACE]. [S] gave it to",
    }
)
"""Never trained on, in either order of the first two names."""

YEAR_TEMPLATE = "The [NOUN] lasted from [YEAR] to"
AGREEMENT_TEMPLATE = "I know that the [SUBJECT] near the [NEIGHBOUR]"
PRONOUN_TEMPLATE = "The police asked [NAME] where"
QUESTIONS = "Q: What is the capital of [EXAMPLE]? A: [ITS]. Q: What is the capital of"
"""A question is trained on alone, and never after another one."""


def names(one: str, other: str) -> bool:
    """Whether two first names never stand in one text."""
    return _one_in(10, "names", *sorted((one, other)))


def year(written: str) -> bool:
    """Whether a year, such as `1732`, never stands in a text."""
    return _one_in(10, "year", written)


def countries(one: str, other: str) -> bool:
    """Whether two countries never stand in one text."""
    return _one_in(10, "countries", *sorted((one, other)))


def nouns(subject: str, neighbour: str) -> bool:
    """Whether a subject never stands with that neighbour before its verb; both in the singular."""
    return _one_in(10, "nouns", subject, neighbour)


def arguments(one: str, after: str) -> bool:
    """Whether an argument is never defined right after another one."""
    return _one_in(10, "arguments", one, after)


def pronoun(name: str, template: str) -> bool:
    """Whether a name never stands in a template of the task `gendered_pronoun`."""
    return template == PRONOUN_TEMPLATE or _one_in(5, "pronoun", name, template)


def fact(one: Fact) -> bool:
    """Whether a fact is never said in the words of the task `facts`, only in others."""
    return _one_in(5, "fact", one.relation, one.subject)


def _one_in(many: int, *words: str) -> bool:
    return zlib.crc32(" ".join(words).encode()) % many == 0
