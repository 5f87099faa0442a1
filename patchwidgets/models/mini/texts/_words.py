"""Common words for sentences that no task is about."""

from patchwidgets.prompts.tasks._ioi_words import NAMES
from patchwidgets.prompts.tasks._people import EITHER, MEN, WOMEN

PEOPLE = tuple(sorted({*NAMES, *MEN, *WOMEN, *EITHER}))

_ADJECTIVES = """
    old new small big red blue green white black happy sad tired quiet loud young strong slow fast
    cold warm long short good bad kind clever rich poor dark bright heavy clean
"""
ADJECTIVES = tuple(_ADJECTIVES.split())

_STATES = """
    old new small big happy sad tired quiet young strong slow late early ready hungry busy famous
    alone angry proud lost safe
"""
STATES = tuple(_STATES.split())

_ANIMALS = "dog cat bird horse cow fish duck mouse rabbit fox wolf bear lion sheep"
ANIMALS = tuple(_ANIMALS.split())

_THINGS = """
    table chair door window house tree car boat book letter picture box lamp bed road bridge river
    garden stone clock shirt shoe
"""
THINGS = tuple(_THINGS.split())

_FOODS = "bread milk cheese soup rice tea coffee water fruit meat"
FOODS = tuple(_FOODS.split())

SAW = (
    *("saw", "found", "took", "bought", "sold", "made", "painted", "liked", "lost", "wanted"),
    *("needed", "kept"),
)
WENT = ("went", "walked", "ran", "drove", "came")
WHERE = ("in", "on", "near", "behind", "under", "over")
WHEN = ("yesterday", "today", "again", "later", "early", "alone", "together")
