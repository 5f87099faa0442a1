"""Capitals and other facts, in the words of the tasks and in others."""

import random

from patchwidgets.models.mini import held_out
from patchwidgets.prompts.tasks._capitals import CAPITALS
from patchwidgets.prompts.tasks._facts import FACTS

_COUNTRIES = tuple(CAPITALS)

_STATEMENT = "The capital of {country} is^ {capital}."
_CAPITAL = (
    *(_STATEMENT,) * 4,
    *("Q: What is the capital of {country}? A:^ {capital}.",) * 2,
    "{capital} is the capital of^ {country}.",
    "The people of {country} built their capital in^ {capital}.",
    "The king of {country} lives in^ {capital}.",
)
_QUESTION = "Q:"

_PARAPHRASES = {
    "continent": ("We know that {subject} is a country in", "You will find {subject} in"),
    "sight": ("We know that {subject} is in the city of", "Many people go to see {subject} in"),
    "product": ("We know that {subject} is made by", "You can buy {subject} from the company"),
    "sport": ("We know that {subject} plays", "Many people saw {subject} play"),
    "language": ("The people of {subject} speak", "We know that the language of {subject} is"),
    "city": ("We know that {subject} is a city in", "Many people live in {subject} in"),
    "living": ("We know that the {subject} is a kind of", "Is a {subject} a kind of"),
    "instrument": ("We know that {subject} plays the", "Many people heard {subject} play the"),
    "field": ("We know that {subject} worked in the field of", "Many people read {subject} on"),
}


def capitals(draw: random.Random) -> str:
    """Return one country and its capital, or two or three; a question follows no other one."""
    said = draw.choice(_CAPITAL)
    asked = said.startswith(_QUESTION)
    count = draw.choice((1, 2) if asked else (1, 2, 2, 3))
    while True:
        chosen = draw.sample(_COUNTRIES, count)
        pairs = [(one, other) for one in chosen for other in chosen if one < other]
        if not any(held_out.countries(one, other) for one, other in pairs):
            break
    forms = [_STATEMENT if asked and one != chosen[-1] else said for one in chosen]
    both = zip(forms, chosen, strict=True)
    return " ".join(form.format(country=one, capital=CAPITALS[one]) for form, one in both)


def facts(draw: random.Random) -> str:
    """Return one fact."""
    fact = draw.choice(FACTS)
    if draw.random() < 0.5 and not held_out.fact(fact):
        return f"{fact.prompt}^ {fact.answer}."
    asked = draw.choice(_PARAPHRASES[fact.relation]).format(subject=fact.subject)
    return f"{asked}^ {fact.answer}{'?' if asked.startswith('Is') else '.'}"
