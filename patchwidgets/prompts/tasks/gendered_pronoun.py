"""Gendered pronouns: he or she?"""

import random
from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import (
    chosen_templates,
    distinct,
    share,
    singles,
    site_or_default,
)
from patchwidgets.prompts.tasks._people import EITHER, MEN, WOMEN
from patchwidgets.prompts.tasks._redrawing import rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["gendered_pronoun"]

_TEMPLATES = {
    "friend": "So [NAME] is a really great friend, isn't",
    "late": "My neighbour [NAME] was late this morning because",
    "home": "Last night, when [NAME] came home,",
    "job": "We all think that [NAME] got the job because",
    "lost": "The police asked [NAME] where",
}


class _GenderedPronoun:
    """The pronoun that goes with a first name.

    "So John is a really great friend, isn't" continues with " he". Pairs go round men's and
    women's names in turn.

    Differs from the source: more templates, our own names, and a name in place of "That person".

    Source: Mathwin et al. 2023, Identifying a Preliminary Circuit for Predicting Gendered Pronouns
        in GPT-2 Small (template `friend`).
    """

    name = "gendered_pronoun"
    title = "Gendered pronouns"
    citation = "Mathwin et al. 2023, Gendered Pronouns in GPT-2 Small, Apart Research"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "name": "The name becomes one of the other gender.",
        "either": "The name becomes one that men and women bear.",
    }
    default_site = "name"
    symmetric = frozenset({"name"})
    redrawable = frozenset({"name", "either"})
    roles = ("name", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many names are single tokens."""
        return {kind: share(kept, listed) for kind, (kept, listed) in _fitting(words).items()}

    def pairs(
        self,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
        templates: Sequence[str] | None = None,
    ) -> PromptPairs:
        """Return `n` prompt pairs.

        Args:
            n: How many, from 1; about half of them are about men.
            seed: Any whole number. A smaller `n` gives the beginning of a larger one.
            at: `name` (the default) or `either`; the clean prompts are the same for both.
            words: What the tokenizer makes of words.
            templates: Labels such as `friend`; `None` for all.

        Raises:
            PromptError: Too few names are single tokens, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        chosen = list(chosen_templates(_TEMPLATES, templates))
        (men, _), (women, _), (either, _) = _fitting(words).values()
        draw, sides = random.Random(seed), [(men, women, " he"), (women, men, " she")]

        def make() -> tuple[str, str, str, str, str]:
            mine, others, pronoun = sides[0]
            label, name, other = draw.choice(chosen), draw.choice(mine), draw.choice(others)
            sides.reverse()
            return label, pronoun, name, other, draw.choice(either)

        available = 2 * len(chosen) * len(men) * len(women) * len(either)
        return PromptPairs.of(_pair(site, *drawn) for drawn in distinct(make, n, available))

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other names in their corrupted prompts; their answers stay."""
        (men, _), (women, _), (either, _) = _fitting(words).values()
        for pair, chance in zip(pairs, chances, strict=True):
            opposite = women if pair.answers == (" he",) else men
            yield rewritten(pair, {"name": chance.choice(opposite if at == "name" else either)})


gendered_pronoun = _GenderedPronoun()


def _fitting(words: Words) -> dict[str, tuple[list[str], Sequence[str]]]:
    listed = {"men's names": MEN, "women's names": WOMEN, "names of either": EITHER}
    return {kind: (singles(kind, names, 1, words), names) for kind, names in listed.items()}


def _pair(site: str, label: str, pronoun: str, name: str, other: str, either: str) -> PromptPair:
    before, after = _TEMPLATES[label].split("[NAME]")
    replaced = other if site == "name" else either
    return PromptPair(
        clean=before + name + after,
        corrupted=before + replaced + after,
        answers=(pronoun,),
        wrong_answers=(" she" if pronoun == " he" else " he",),
        roles={"name": (len(before), len(before) + len(name))},
        group=label,
    )
