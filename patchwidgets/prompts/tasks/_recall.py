"""Factual recall, as tasks draw it: pairs of facts of one relation."""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import (
    checked_count,
    chosen_templates,
    enough,
    share,
    single,
    site_or_default,
)
from patchwidgets.prompts.tasks._facts import FACTS, OF_COUNTRIES, Fact, own_facts
from patchwidgets.prompts.words import PLAIN_WORDS, Words

_ANY_SIGN = re.compile(r"\S")


class Facts:
    """Factual recall.

    "If you want to see the Eiffel Tower you must go to the city of" continues with " Paris". Two
    facts of one relation make a pair where their prompts have equally many tokens and their
    answers differ; relations take turns, and every fact is the clean prompt of one pair before
    any is of a second one. `subject_first` and `subject_last` are the first and the last token of
    the subject without its article (the same where it is one token), `subject+1` the one after it.

    Differs from the paper: the facts are a list of our own, not PairedFacts, and prompts of a
    relation share one template. What the model does not know is kept, unless `known=` is given
    to the study; PairedFacts has only pairs that GPT-2 XL answers.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, section 3.1 and appendix B (PairedFacts); after
        Meng et al. 2022, arXiv 2202.05262.

    Args:
        listed: The facts to draw from.
    """

    name: str = "facts"
    title: str = "Factual recall"
    citation = "Zhang & Nanda 2023, arXiv 2309.16042; Meng et al. 2022, arXiv 2202.05262"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "subject": "The subject becomes another of the same relation, with another answer.",
        "other_kind": "The subject becomes one of another relation, whom the question does not "
        "fit: it has no answer.",
    }
    default_site = "subject"
    symmetric = frozenset({"subject"})
    redrawable = frozenset({"subject", "other_kind"})
    roles = ("subject_first", "subject_last", "subject+1", "END")

    def __init__(self, listed: tuple[Fact, ...] = FACTS) -> None:
        self.listed = listed

    def of(self, rows: Iterable[tuple[str, str, str]]) -> "Facts":
        """Return the same task with your own facts.

        Facts whose prompts are the same but for their subjects are of one relation.

        Args:
            rows: Prompt, subject and answer of each fact.

        Raises:
            PromptError: A subject that does not stand once in its prompt, or no rows.

        Example:
            >>> facts.of([("The Eiffel Tower is in the city of", "Eiffel Tower", "Paris"), ...])
        """
        return type(self)(own_facts(rows))

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many facts have an answer of one token, and how many of them can be paired.

        A fact can be paired where its subject can be replaced at every corruption site.
        """
        answered, partners = self._answered(words), self._partners(words)
        return {
            "facts with an answer of one token": share(answered, self.listed),
            "facts that can be paired": share(partners, self.listed),
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
            at: `subject` (the default) or `other_kind`; the clean prompts are the same for both.
            words: What the tokenizer makes of words.
            templates: Relations, such as `["sport", "city"]`; `None` for all.

        Raises:
            PromptError: No two facts of a relation fit the tokenizer, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or relation.
        """
        site = site_or_default(self, at)
        relations = chosen_templates(
            {fact.relation: fact.relation for fact in self.listed}, templates
        )
        partners = self._partners(words)
        chosen = {fact: others for fact, others in partners.items() if fact.relation in relations}
        turns = list(self._ordered(_taking_turns(chosen, random.Random(seed))))
        available = len(turns)
        if not available:
            raise PromptError(
                f"The relations {list(relations)!r} have no two facts that fit this tokenizer. A "
                "pair needs two facts of one relation whose prompts have equally many tokens and "
                "whose answers are two different single tokens. Ask for other relations."
            )
        drawn = turns[: checked_count(n, available)]
        if site == "subject":
            return PromptPairs.of(_pair(clean, other.subject, other) for clean, other in drawn)
        strangers = _Strangers(self.listed, words)
        return PromptPairs.of(
            _pair(clean, strangers.one_for(clean, seed), other) for clean, other in drawn
        )

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other subjects in their corrupted prompts.

        Its answer comes with a subject of the same relation.
        """
        partners, strangers = self._partners(words), _Strangers(self.listed, words)
        asked = {(fact.prompt, fact.relation): fact for fact in partners}
        for pair, chance in zip(pairs, chances, strict=True):
            fact = asked[pair.clean, pair.group]
            if at == "subject":
                other = chance.choice(partners[fact])
                yield _pair(fact, other.subject, other)
            else:
                stranger = chance.choice(strangers.of(fact))
                yield replace(pair, corrupted=fact.asked_of(stranger))

    def _ordered(self, drawn: Iterator[tuple[Fact, Fact]]) -> Iterator[tuple[Fact, Fact]]:
        """Yield the pairs in the order in which they are given out."""
        return drawn

    def _answered(self, words: Words) -> list[Fact]:
        kept = [
            fact for fact in self.listed if single(words, fact.answer) and words.length(fact.prompt)
        ]
        return enough("facts", kept, self.listed, 2, "answered by a single token")

    def _partners(self, words: Words) -> dict[Fact, list[Fact]]:
        """Return for every fact the facts that it can be paired with, where there are any."""
        alike: dict[tuple[str, str, int], list[Fact]] = defaultdict(list)
        for fact in self._answered(words):
            alike[fact.template, fact.article, words.length(fact.prompt)].append(fact)
        found = {
            fact: [other for other in group if other.answer != fact.answer]
            for group in alike.values()
            for fact in group
        }
        strangers = _Strangers(self.listed, words)
        kept = {
            fact: others
            for fact, others in found.items()
            if others and (strangers.one_kind or strangers.of(fact))
        }
        stranger = "" if strangers.one_kind else " and with a subject of another"
        condition = f"paired with one of their relation{stranger}, of equally many tokens"
        enough("facts", list(kept), self.listed, 2, condition)
        return kept


class _Strangers:
    """The subjects that a question does not fit, of as many tokens as the one that it does."""

    def __init__(self, listed: Sequence[Fact], words: Words) -> None:
        self._sizes = {fact.subject: len(words.split(" " + fact.subject)) for fact in listed}
        self._alike: dict[tuple[str, int], dict[str, list[str]]] = {}
        for fact in listed:
            kinds = self._alike.setdefault((fact.article, self._sizes[fact.subject]), {})
            kinds.setdefault(_kind(fact), []).append(fact.subject)
        self.one_kind = len({_kind(fact) for fact in listed}) == 1

    def of(self, fact: Fact) -> list[str]:
        """Return them, of all kinds but that of the fact."""
        kinds = self._alike[fact.article, self._sizes[fact.subject]]
        return [name for kind, names in kinds.items() if kind != _kind(fact) for name in names]

    def one_for(self, fact: Fact, seed: int) -> str:
        """Return one of them, always the same for a seed."""
        strangers = self.of(fact)
        if not strangers:
            raise PromptError(
                f"No subject of another relation has as many tokens as {fact.subject!r} in "
                f"{fact.prompt!r}. Prompts line up only where a word is replaced by one of as many "
                "tokens. Use the corruption site `subject`, or give facts of more relations."
            )
        return random.Random(f"{seed} {fact.prompt}").choice(strangers)


def _kind(fact: Fact) -> str:
    return "country" if fact.relation in OF_COUNTRIES else fact.relation


def _taking_turns(
    partners: Mapping[Fact, Sequence[Fact]], draw: random.Random
) -> Iterator[tuple[Fact, Fact]]:
    """Yield every pair once: relations take turns, and so do the facts of a relation."""
    by_relation: dict[str, list[list[tuple[Fact, Fact]]]] = defaultdict(list)
    for fact, others in partners.items():
        mine = [(fact, other) for other in draw.sample(others, len(others))]
        by_relation[fact.relation].append(mine)
    queues = []
    for lists in by_relation.values():
        draw.shuffle(lists)
        rounds = zip_longest(*lists)
        queues.append([pair for turn in rounds for pair in turn if pair is not None])
    draw.shuffle(queues)
    for turn in zip_longest(*queues):
        yield from (pair for pair in turn if pair is not None)


def _pair(clean: Fact, subject: str, wrong: Fact) -> PromptPair:
    start = clean.template.index("[") + len(clean.article)
    end = start + len(clean.subject) - len(clean.article)
    after = _ANY_SIGN.search(clean.prompt, end)
    places = {"subject_first": (start, start + 1), "subject_last": (start, end)}
    if after is not None:
        places["subject+1"] = after.span()
    return PromptPair(
        clean=clean.prompt,
        corrupted=clean.asked_of(subject),
        answers=(" " + clean.answer,),
        wrong_answers=(" " + wrong.answer,),
        roles=places,
        group=clean.relation,
    )
