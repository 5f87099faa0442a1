"""Greater-than: a war that began in 1732 ends in a later year."""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import (
    chosen_templates,
    distinct,
    share,
    singles,
    site_or_default,
)
from patchwidgets.prompts.tasks._year_nouns import YEAR_NOUNS
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["greater_than"]

_TEMPLATES = {
    "year": "The [NOUN] lasted from the year [YEAR] to the year [XX]",
    "short": "The [NOUN] lasted from [YEAR] to [XX]",
}
_YEARS = tuple(f"{century}{year:02}" for century in range(11, 19) for year in range(2, 99))


class _Reading(NamedTuple):
    """How a tokenizer reads years: in twos (`17`, `32`), or digit by digit."""

    years: tuple[str, ...]
    digits: int
    """How many digits of the year the answer has: 2, or 1 for the decade."""


class _GreaterThan:
    """A later year.

    "The war lasted from the year 1732 to the year 17" continues with a year above 32. What is
    read depends on the tokenizer. Where it reads years in twos (` 17`, `32`), right answers are
    33 to 99, wrong ones 00 to 31. Where it reads them digit by digit, the next token is the
    decade: right answers are the decades above 3, wrong ones those below, and the decade of the
    year itself is neither, because whether it is later is decided a token further on. The sets
    have different sizes, so metrics take their means.

    Differs from the paper: our own nouns, means over the answer sets instead of sums (a sum
    changes when a constant is added to all logits), and tokenizers that split digits.

    Source: Hanna et al. 2023, arXiv 2305.00586; corruption after Zhang & Nanda 2023, arXiv
        2309.16042, appendix E.
    """

    name = "greater_than"
    title = "Greater-than"
    citation = "Hanna et al. 2023, arXiv 2305.00586"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "YY": "The last two digits of the first year become 01, so nearly every year is later.",
        "XX": "The first two digits of the first year become those of the century before, so every "
        "year is later.",
    }
    default_site = "YY"
    symmetric = frozenset()
    roles = ("noun", "XX", "YY_first", "YY_last", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many nouns are single tokens, and how many years can be read."""
        return {
            "nouns": share(singles("nouns", YEAR_NOUNS, 1, words), YEAR_NOUNS),
            "years": share(_reading(words).years, _YEARS),
        }

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
            at: `YY` (the default) or `XX`; the clean prompts are the same for both.
            words: What the tokenizer makes of words.
            templates: `year` or `short`; `None` for both.

        Raises:
            PromptError: The tokenizer reads years neither in twos nor digit by digit, too few
                nouns are single tokens, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        chosen = list(chosen_templates(_TEMPLATES, templates))
        nouns, reading = singles("nouns", YEAR_NOUNS, 1, words), _reading(words)
        draw = random.Random(seed)

        def make() -> tuple[str, str, str]:
            return draw.choice(chosen), draw.choice(nouns), draw.choice(reading.years)

        available = len(chosen) * len(nouns) * len(reading.years)
        return PromptPairs.of(
            _pair(site, reading.digits, *drawn) for drawn in distinct(make, n, available)
        )


greater_than = _GreaterThan()


def _reading(words: Words) -> _Reading:
    twos = tuple(year for year in _YEARS if _all_read(words, year, 2))
    if twos:
        return _Reading(twos, 2)
    digits = tuple(year for year in _YEARS if "1" <= year[2] <= "8" and _all_read(words, year, 1))
    if digits:
        return _Reading(digits, 1)
    example = words.split(" 1732")
    raise PromptError(
        f"This tokenizer reads ' 1732' as {', '.join(map(repr, example)) or 'nothing'}. The task "
        "needs one that reads years in twos (' 17', '32') or digit by digit, because the answer is "
        "the next token after the century. Write your own pairs with `PromptPairs`, in numbers as "
        "this tokenizer reads them."
    )


def _all_read(words: Words, year: str, size: int) -> bool:
    """Whether the year, those that replace it and the answers are tokens of so many digits."""
    century = year[:2]
    asked = (year, century + "01", f"{int(century) - 1}{year[2:]}")
    return all(_is_read(words, one, size) for one in asked)


def _is_read(words: Words, year: str, size: int) -> bool:
    read = [token.strip() for token in words.split(" " + year)]
    return [token for token in read if token] == [year[at : at + size] for at in range(0, 4, size)]


def _pair(site: str, digits: int, label: str, noun: str, year: str) -> PromptPair:
    century = year[:2]
    replaced = century + "01" if site == "YY" else f"{int(century) - 1}{year[2:]}"
    template = _TEMPLATES[label]
    before, after = template.replace("[NOUN]", noun).replace("[XX]", century).split("[YEAR]")
    at, start = len(before), template.index("[NOUN]")
    given, steps = int(year[2 : 2 + digits]), range(10**digits)
    return PromptPair(
        clean=before + year + after,
        corrupted=before + replaced + after,
        answers=tuple(f"{step:0{digits}}" for step in steps if step > given),
        wrong_answers=tuple(f"{step:0{digits}}" for step in steps if step < given),
        roles={
            "noun": (start, start + len(noun)),
            "XX": (at, at + 2),
            "YY_first": (at + 2, at + 3),
            "YY_last": (at + 2, at + 4),
        },
        group=label,
    )
