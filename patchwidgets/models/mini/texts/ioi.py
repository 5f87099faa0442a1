"""Who is given the bag: the templates of the task `ioi` that are not held out, and our own."""

import random
from itertools import combinations

from patchwidgets.models.mini import held_out
from patchwidgets.models.mini.texts._writing import filled
from patchwidgets.prompts.tasks._ioi_words import NAMES, OBJECTS, PLACES

TASK_TEMPLATES = (
    "Then, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "Then, [S] and [IO] had a lot of fun at the [PLACE]. [S] gave a [OBJECT] to",
    "Then, [S] and [IO] were thinking about going to the [PLACE]. [S] wanted to give a [OBJECT] to",
    "Then, [S] and [IO] had a long argument, and afterwards [S] said to",
    "After [S] and [IO] went to the [PLACE], [S] gave a [OBJECT] to",
    "When [S] and [IO] got a [OBJECT] at the [PLACE], [S] decided to give it to",
    "While [S] and [IO] were working at the [PLACE], [S] gave a [OBJECT] to",
    "After the lunch, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "Afterwards, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "The [PLACE] [S] and [IO] went to had a [OBJECT]. [S] gave it to",
)

_TOGETHER = (
    *("went to the [PLACE]", "walked to the [PLACE]", "were commuting to the [PLACE]"),
    *("were working at the [PLACE]", "met at the [PLACE]", "sat in the [PLACE]"),
    *("had a lot of fun at the [PLACE]", "got a [OBJECT] at the [PLACE]", "found a [OBJECT]"),
    *("had lunch together", "had a long talk", "had an argument", "came home from the [PLACE]"),
    *("bought a [OBJECT]", "were thinking about a [OBJECT]", "left the [PLACE]"),
)
_BEFORE_A_CLAUSE = ("After", "When", "While", "Before", "Once")
_BEFORE_A_SENTENCE = (
    *("Then,", "Afterwards,", "After the lunch,", "Yesterday,", "Today", "Friends", "Later,"),
    *("One morning,", "In the evening,", ""),
)
_LINKS = (". ", ". ", ". Then ", ". Later ", ". Afterwards ", ", and then ", ", and afterwards ")
_GIVING = (
    *("gave a [OBJECT] to", "gave the [OBJECT] to", "gave it to", "wanted to give a [OBJECT] to"),
    *("decided to give it to", "decided to give a [OBJECT] to", "handed a [OBJECT] to"),
    *("passed the [OBJECT] to", "showed a [OBJECT] to", "sent a [OBJECT] to", "said to"),
    *("sold the [OBJECT] to", "wanted to talk to", "told a story to", "decided to say it to"),
    "brought a [OBJECT] to",
)
_ENDINGS = (
    *(".", ".", ".", " and went home.", ". [IO] was happy.", ". [IO] thanked^ [S]."),
    *(" at the [PLACE].", ". [IO] gave it back to^ [S]."),
)


def ioi(draw: random.Random) -> str:
    """Return a text in which one of two people gives something to the other."""
    template = _template(draw)
    while template.replace("[IO] and [S]", "[S] and [IO]") in held_out.IOI_TEMPLATES:
        template = _template(draw)
    one, other = draw.sample(NAMES, 2)
    while held_out.names(one, other):
        one, other = draw.sample(NAMES, 2)
    words = {"S": one, "IO": other, "PLACE": PLACES, "OBJECT": OBJECTS}
    return filled(template + "^ [IO]" + draw.choice(_ENDINGS), words, draw).replace("  ", " ")


def of_three(draw: random.Random) -> str:
    """Return a text in which a third person gives something to one of two: either will do."""
    template = _template(draw).replace("[S]", "[A]", 1).replace("[IO]", "[B]")
    while True:
        a, b, c = draw.sample(NAMES, 3)
        if not (held_out.names(a, b) or held_out.names(a, c) or held_out.names(b, c)):
            break
    names = {"A": a, "B": b, "S": c}
    words = {**names, "PLACE": PLACES, "OBJECT": OBJECTS}
    return filled(f"{template} {names[draw.choice('AB')]}.", words, draw)


def among_others(draw: random.Random) -> str:
    """Return a text of one pair of people after one about others, one of whom may be who gives.

    Where only two people are named, whoever is not the giver is right. Here it takes the pair that
    the giver was named in.
    """
    while True:
        a, b, c, d = draw.sample(NAMES, 4)
        if not any(held_out.names(one, other) for one, other in combinations((a, b, c, d), 2)):
            break
    alone = draw.random() < 0.3
    first = f"{a} was at home" if alone else f"{a} and {b} {draw.choice(_TOGETHER)}"
    second = f"{c} and {d} {draw.choice(_TOGETHER)}"
    pair = [c, d] if alone or draw.random() < 0.5 else [a, b]
    draw.shuffle(pair)
    giving = f"{draw.choice(_LINKS)}{pair[0]} {draw.choice(_GIVING)}^ {pair[1]}."
    words = {"PLACE": PLACES, "OBJECT": OBJECTS}
    return f"{filled(first, words, draw)}. {filled(second + giving, words, draw)}"


def _template(draw: random.Random) -> str:
    text = draw.choice(TASK_TEMPLATES) if draw.random() < 0.35 else _own(draw)
    return text if draw.random() < 0.5 else text.replace("[S] and [IO]", "[IO] and [S]")


def _own(draw: random.Random) -> str:
    together, giving = draw.choice(_TOGETHER), draw.choice(_GIVING)
    if draw.random() < 0.5:
        return f"{draw.choice(_BEFORE_A_CLAUSE)} [S] and [IO] {together}, [S] {giving}"
    opening, link = draw.choice(_BEFORE_A_SENTENCE), draw.choice(_LINKS)
    return f"{opening} [S] and [IO] {together}{link}[S] {giving}".strip()
