"""Capitals: what is the capital of France?"""

import random
from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._capitals import CAPITALS
from patchwidgets.prompts.tasks._drawing import (
    chosen_templates,
    distinct,
    enough,
    share,
    single,
    site_or_default,
)
from patchwidgets.prompts.tasks._redrawing import others, rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["capitals"]

_TEMPLATES = {
    "capital": "The capital of [EXAMPLE] is [ITS]. The capital of [COUNTRY] is",
    "question": "Q: What is the capital of [EXAMPLE]? A: [ITS]. Q: What is the capital of "
    "[COUNTRY]? A:",
}


class _Capitals:
    """The capital of a country, after an example of another one.

    "The capital of Italy is Rome. The capital of France is" continues with " Paris". Only
    countries and capitals of one token each are used.

    Differs from the paper: there is an example before the question, so that a small model sees
    what is asked, and our own list of countries.

    Source: Hanna et al. 2024, Have Faith in Faithfulness, arXiv 2403.17806 (country and capital);
        Miller et al. 2024, arXiv 2407.08734, use the capitals of countries too.
    """

    name = "capitals"
    title = "Capitals"
    citation = "Hanna et al. 2024, arXiv 2403.17806"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "country": "The country that is asked about becomes a third one.",
        "example": "The country that is asked about becomes the example's, whose capital can be "
        "copied.",
    }
    default_site = "country"
    symmetric = frozenset({"country", "example"})
    redrawable = frozenset({"country"})
    roles = ("example", "example_capital", "country", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many countries and their capitals are single tokens."""
        return {"countries": share(_fitting(words), CAPITALS)}

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
            n: How many, from 1.
            seed: Any whole number. A smaller `n` gives the beginning of a larger one.
            at: `country` (the default) or `example`; the clean prompts are the same for both.
            words: What the tokenizer makes of words.
            templates: `capital` or `question`; `None` for both.

        Raises:
            PromptError: Too few countries fit the tokenizer, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        chosen = list(chosen_templates(_TEMPLATES, templates))
        countries, draw = _fitting(words), random.Random(seed)

        def make() -> tuple[str, ...]:
            return (draw.choice(chosen), *draw.sample(countries, 3))

        many = len(countries)
        available = len(chosen) * many * (many - 1) * (many - 2)
        return PromptPairs.of(_pair(site, *drawn) for drawn in distinct(make, n, available))

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other countries in their corrupted prompts, and their capitals."""
        countries = _fitting(words)
        for pair, chance in zip(pairs, chances, strict=True):
            country = chance.choice(others(countries, pair))
            yield rewritten(pair, {"country": country}, wrong=" " + CAPITALS[country])


capitals = _Capitals()


def _fitting(words: Words) -> list[str]:
    kept = [
        country
        for country, capital in CAPITALS.items()
        if single(words, country) and single(words, capital)
    ]
    condition = "single tokens, and their capitals too,"
    return enough("countries", kept, list(CAPITALS), 3, condition)


def _pair(site: str, label: str, example: str, country: str, third: str) -> PromptPair:
    other = example if site == "example" else third
    before, after = _TEMPLATES[label].split("[COUNTRY]")
    start, its = before.index("[EXAMPLE]"), CAPITALS[example]
    before = before.replace("[EXAMPLE]", example)
    capital = before.index("[ITS]")
    before = before.replace("[ITS]", its)
    return PromptPair(
        clean=before + country + after,
        corrupted=before + other + after,
        answers=(" " + CAPITALS[country],),
        wrong_answers=(" " + CAPITALS[other],),
        roles={
            "example": (start, start + len(example)),
            "example_capital": (capital, capital + len(its)),
            "country": (len(before), len(before) + len(country)),
        },
        group=label,
    )
