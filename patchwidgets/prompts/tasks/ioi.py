"""Indirect object identification: who is the bag given to?"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import checked_count, share, singles, site_or_default
from patchwidgets.prompts.tasks._ioi_words import NAMES, OBJECTS, PLACES
from patchwidgets.prompts.tasks._redrawing import others, rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["ioi"]

# Wang et al. 2022, appendix E. Each is read in two orders: BABA as it stands, ABBA with the first
# two names exchanged.
_BABA = (
    "Then, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "Then, [S] and [IO] had a lot of fun at the [PLACE]. [S] gave a [OBJECT] to",
    "Then, [S] and [IO] were working at the [PLACE]. [S] decided to give a [OBJECT] to",
    "Then, [S] and [IO] were thinking about going to the [PLACE]. [S] wanted to give a [OBJECT] to",
    "Then, [S] and [IO] had a long argument, and afterwards [S] said to",
    "After [S] and [IO] went to the [PLACE], [S] gave a [OBJECT] to",
    "When [S] and [IO] got a [OBJECT] at the [PLACE], [S] decided to give it to",
    "When [S] and [IO] got a [OBJECT] at the [PLACE], [S] decided to give the [OBJECT] to",
    "While [S] and [IO] were working at the [PLACE], [S] gave a [OBJECT] to",
    "While [S] and [IO] were commuting to the [PLACE], [S] gave a [OBJECT] to",
    "After the lunch, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "Afterwards, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to",
    "Then, [S] and [IO] had a long argument. Afterwards [S] said to",
    "The [PLACE] [S] and [IO] went to had a [OBJECT]. [S] gave it to",
    "Friends [S] and [IO] found a [OBJECT] at the [PLACE]. [S] gave it to",
)
_TEMPLATES = {
    **{f"BABA {k}": text for k, text in enumerate(_BABA, 1)},
    **{
        f"ABBA {k}": text.replace("[S] and [IO]", "[IO] and [S]") for k, text in enumerate(_BABA, 1)
    },
}

_SLOT = re.compile(r"(?<= )\[(S|IO|PLACE|OBJECT)\](?=[ .,])")

_NEXT_WORD = re.compile(r"\w+|[^\w\s]")

# The names that stand at S1, IO and S2 of the corrupted prompt, as slots of the same draw.
_CORRUPTED = {
    "S2": ("S", "IO", "IO"),
    "S1+IO": ("X", "Y", "S"),
    "ABC": ("X", "Y", "Z"),
}


class _IOI:
    """Indirect object identification (IOI).

    "When John and Mary went to the store, John gave a bag to" continues with " Mary": the name
    that was not repeated. S is the subject (John), at S1 and S2; IO the indirect object (Mary).

    Differs from the paper: names, places and objects are lists of our own, only words that are
    single tokens are used, and replacement names never occur in the clean prompt.

    Source: Wang et al. 2022, Interpretability in the Wild, arXiv 2211.00593, section 2 and
        appendix E; corruption sites after Zhang & Nanda 2023, arXiv 2309.16042, appendix F.
    """

    name = "ioi"
    title = "Indirect object identification"
    citation = "Wang et al. 2022, arXiv 2211.00593"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "S2": "The second mention of the subject becomes the indirect object, so the answer is S.",
        "S1+IO": "The two names of the first clause become two other names; S2 stays.",
        "ABC": "All three names become three other names, so no name is repeated.",
    }
    default_site = "S2"
    symmetric = frozenset({"S2"})
    redrawable = frozenset({"S1+IO", "ABC"})
    roles = ("IO", "S1", "S1+1", "S2", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many names, places and objects are single tokens."""
        listed = {"names": NAMES, "places": PLACES, "objects": OBJECTS}
        return {kind: share(kept, listed[kind]) for kind, kept in _fitting(words).items()}

    def pairs(
        self,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
        templates: Sequence[str] | None = None,
    ) -> PromptPairs:
        """Return `n` prompt pairs that go round the templates in an order drawn from `seed`.

        Args:
            n: How many, from 1; a multiple of 30 has every template equally often.
            seed: Any whole number. A smaller `n` gives the beginning of a larger one.
            at: `S2` (the default), `S1+IO` or `ABC`; the clean prompts are the same for all.
            words: What the tokenizer makes of words.
            templates: Labels such as `BABA 1` or `ABBA 15`, or texts with the slots `[S]` (twice),
                `[IO]` (once), `[PLACE]` and `[OBJECT]`; `None` for all 30.

        Raises:
            PromptError: Too few words are single tokens, `n` below 1, or a text that is not an
                IOI template.
            TooFewPairsError: A template would have to be filled in the same way twice.
            UnknownNameError: No such corruption site.

        Example:
            >>> ioi.pairs(64, seed=0, at="ABC")
        """
        site = site_or_default(self, at)
        fitting = _fitting(words)
        draw = random.Random(seed)
        groups = list(_groups(templates).items())
        draw.shuffle(groups)
        texts = [text for _, text in groups]
        found: dict[str, PromptPair] = {}
        wanted = checked_count(n, _available(texts, fitting))
        while len(found) < wanted:
            pair = _pair(*groups[len(found) % len(groups)], _fill(draw, fitting), site)
            found.setdefault(pair.clean, pair)
        return PromptPairs.of(found.values())

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other names in their corrupted prompts; their answers stay."""
        roles, known = ("S1", "IO", "S2") if at == "ABC" else ("S1", "IO"), _fitting(words)["names"]
        for pair, chance in zip(pairs, chances, strict=True):
            names = chance.sample(others(known, pair), len(roles))
            yield rewritten(pair, dict(zip(roles, names, strict=True)))


ioi = _IOI()


def _fitting(words: Words) -> dict[str, list[str]]:
    return {
        "names": singles("names", NAMES, 5, words),
        "places": singles("places", PLACES, 1, words),
        "objects": singles("objects", OBJECTS, 1, words),
    }


def _groups(templates: Sequence[str] | None) -> dict[str, str]:
    """Return label and text of the templates asked for."""
    if templates is None:
        return _TEMPLATES
    groups = {}
    for k, asked in enumerate(templates, 1):
        text = _TEMPLATES.get(asked, asked)
        names = [slot for slot in _SLOT.findall(text) if slot in ("S", "IO")]
        if names not in (["S", "IO", "S"], ["IO", "S", "S"]) or "[" in _SLOT.sub("", text):
            raise PromptError(
                f"{asked!r} is not an IOI template. It needs `[S]` twice, with `[IO]` before the "
                "second, and no slots but these, `[PLACE]` and `[OBJECT]`, each after a space, "
                "because the answer is the name that is not repeated. Write "
                "'Then, [S] and [IO] went to the [PLACE]. [S] gave a [OBJECT] to', or a label "
                "from 'BABA 1' to 'ABBA 15'."
            )
        twice = [word for word in _NEXT_WORD.findall(text) if word in NAMES]
        if twice:
            raise PromptError(
                f"{asked!r} has the name {twice[0]!r} in it, which could be drawn for a slot too. "
                "A prompt would then have a name twice by accident, and the repeated name decides "
                f"the answer. Write a slot in place of {twice[0]!r}, or a word that is no name."
            )
        order = "BABA" if names[0] == "S" else "ABBA"
        if text not in groups.values():
            groups[asked if asked in _TEMPLATES else f"{order} {k}"] = text
    return groups


def _available(texts: Sequence[str], words: Mapping[str, Sequence[str]]) -> int:
    """Return how many different clean prompts there are before a template in turn has no more."""
    names, places, objects = (len(words[kind]) for kind in ("names", "places", "objects"))
    different = [
        names
        * (names - 1)
        * (places if "[PLACE]" in text else 1)
        * (objects if "[OBJECT]" in text else 1)
        for text in texts
    ]
    return min(size * len(texts) + before for before, size in enumerate(different))


def _fill(draw: random.Random, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Draw a word for every slot, and three names (X, Y, Z) that the clean prompt has not."""
    names = dict(zip(("S", "IO", "X", "Y", "Z"), draw.sample(words["names"], 5), strict=True))
    return {**names, "PLACE": draw.choice(words["places"]), "OBJECT": draw.choice(words["objects"])}


def _pair(label: str, template: str, words: Mapping[str, str], site: str) -> PromptPair:
    clean, spans = _write(template, words, ("S", "IO", "S"))
    corrupted, _ = _write(template, words, _CORRUPTED[site])
    after_s1 = _NEXT_WORD.search(clean, spans["S1"][1])
    if after_s1 is not None:
        spans["S1+1"] = after_s1.span()
    return PromptPair(
        clean=clean,
        corrupted=corrupted,
        answers=(" " + words["IO"],),
        wrong_answers=(" " + words["S"],),
        roles={role: spans[role] for role in ioi.roles if role in spans},
        group=label,
    )


def _write(
    template: str, words: Mapping[str, str], names: tuple[str, str, str]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """Fill the template; `names` are the slots whose words stand at S1, IO and S2."""
    at_role: dict[str, str] = dict(zip(("S1", "IO", "S2"), names, strict=True))
    text, spans, done = "", {}, 0
    for slot in _SLOT.finditer(template):
        role = slot[1] if slot[1] != "S" else ("S2" if "S1" in spans else "S1")
        text += template[done : slot.start()]
        word = words[at_role.get(role, role)]
        if role in at_role:
            spans[role] = (len(text), len(text) + len(word))
        text, done = text + word, slot.end()
    return text + template[done:], spans
