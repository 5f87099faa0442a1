"""Induction: random words, said twice."""

import random
from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import checked_count, chosen_templates, site_or_default
from patchwidgets.prompts.tasks._redrawing import rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["induction"]

_PERIODS = {"8 words": 8, "16 words": 16}
_MORE = 2
_TRIES_EACH = 50


class _Induction:
    """The next of some random words that are said a second time.

    Eight or sixteen different random words of the tokenizer, and the same again up to one in the
    middle: A. The next word is the one that followed A the first time: B. `A` and `B` are where
    they stand first, and `END` is the second A.

    Differs from the paper: tokens are words of small letters rather than any tokens, because
    other tokens melt together when a text is read again.

    Source: Olsson et al. 2022, In-context Learning and Induction Heads, arXiv 2209.11895.
    """

    name = "induction"
    title = "Induction"
    citation = "Olsson et al. 2022, arXiv 2209.11895"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "B": "The word that followed A becomes a new word, which is then the answer.",
        "A": "The first A becomes a new word, so that there is nothing to find.",
        "END": "The second A becomes another of the words, whose follower is the answer.",
    }
    default_site = "B"
    symmetric = frozenset({"B", "END"})
    redrawable = frozenset({"A", "B"})
    roles = ("A", "B", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return nothing: the words are drawn from the tokenizer, so that all of them fit."""
        del words
        return {}

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
            at: `B` (the default), `A` or `END`; the clean prompts are the same for all.
            words: What the tokenizer makes of words.
            templates: `8 words` or `16 words`; `None` for `8 words`, so that all prompts have one
                length.

        Raises:
            PromptError: The tokenizer has too few words, or `n` below 1.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        labels = list(chosen_templates(_PERIODS, ["8 words"] if templates is None else templates))
        draw = random.Random(seed)
        return PromptPairs.of(
            _pair(site, labels[i % len(labels)], words, draw) for i in range(checked_count(n))
        )

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with another new word in their corrupted prompts.

        In the place of B it is the wrong answer.
        """
        for pair, chance in zip(pairs, chances, strict=True):
            word = _new(words, chance, pair)
            yield rewritten(pair, {at: word.strip()}, word if at == "B" else "")


induction = _Induction()


def _pair(site: str, label: str, words: Words, draw: random.Random) -> PromptPair:
    period = _PERIODS[label]
    *said, other_a, other_b = _different(words, draw, period + _MORE)
    a, b, c = period // 2, period // 2 + 1, period // 4
    changed = {"A": (a, other_a), "B": (b, other_b), "END": (period + a, said[c])}
    clean = said + said[: a + 1]
    at, replaced = changed[site]
    corrupted = [*clean[:at], replaced, *clean[at + 1 :]]
    return PromptPair(
        clean="".join(clean),
        corrupted="".join(corrupted),
        answers=(said[b],),
        wrong_answers=(said[c + 1] if site != "B" else other_b,),
        roles={"A": _span(clean, a), "B": _span(clean, b)},
        group=label,
    )


def _different(words: Words, draw: random.Random, count: int) -> list[str]:
    drawn: dict[str, None] = {}
    for _ in range(_TRIES_EACH * count):
        drawn[words.random_word(draw)] = None
        if len(drawn) == count:
            return list(drawn)
    raise PromptError(
        f"This tokenizer has only {len(drawn)} words that are single tokens, and {count} different "
        "ones are needed for one prompt. A word that stood there twice by accident would have two "
        "followers. Pass `templates=['8 words']`, or use a task with words of its own."
    )


def _new(words: Words, draw: random.Random, pair: PromptPair) -> str:
    """Return a word that does not stand in the clean prompt."""
    said = set(pair.clean.split())
    for _ in range(_TRIES_EACH * len(said)):
        word = words.random_word(draw)
        if word.strip() not in said:
            return word
    raise PromptError(
        f"This tokenizer has no word that is a single token besides the {len(said)} of the prompt "
        f"{pair.clean!r}, so that nothing new can take the place of one. Leave `draws` out, or use "
        "noise, such as `corruption='gaussian_noise'`."
    )


def _span(texts: Sequence[str], at: int) -> tuple[int, int]:
    """Return the characters of a word, without its leading space."""
    end = sum(map(len, texts[: at + 1]))
    return end - len(texts[at]) + 1, end
