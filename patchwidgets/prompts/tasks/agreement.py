"""Subject-verb agreement: the keys to the cabinet are, not is."""

import random
from collections.abc import Mapping, Sequence

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import (
    chosen_templates,
    distinct,
    enough,
    share,
    single,
    site_or_default,
)
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS, VERBS
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["agreement"]

_TEMPLATES = {
    "near": "The [SUBJECT] near the [NEIGHBOUR]",
    "behind": "The [SUBJECT] behind the [NEIGHBOUR]",
    "next to": "The [SUBJECT] next to the [NEIGHBOUR]",
    "object clause": "The [SUBJECT] that the [NEIGHBOUR] liked",
    "sentence": "I know that the [SUBJECT] near the [NEIGHBOUR]",
}


class _Agreement:
    """The number of the verb.

    "The authors near the guard" continues with a plural verb: " are", " were" or " have", and not
    " is", " was" or " has". Another noun of either number stands between subject and verb.

    Differs from the papers: our own frames after theirs, and three common verbs instead of a
    list of hundreds.

    Source: Marvin & Linzen 2018, arXiv 1808.09031; for circuits Hanna et al. 2024, arXiv
        2403.17806.
    """

    name = "agreement"
    title = "Subject-verb agreement"
    citation = "Marvin & Linzen 2018, arXiv 1808.09031"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "subject": "The subject changes its number.",
        "subject+neighbour": "The subject and the noun between it and the verb change their "
        "numbers.",
    }
    default_site = "subject"
    symmetric = frozenset({"subject", "subject+neighbour"})
    roles = ("subject", "neighbour", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many nouns are single tokens in both numbers."""
        return {
            "subjects": share(_fitting("subjects", SUBJECTS, words), SUBJECTS),
            "neighbours": share(_fitting("neighbours", NEIGHBOURS, words), NEIGHBOURS),
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
            n: How many, from 1; about half of the subjects are singular.
            seed: Any whole number. A smaller `n` gives the beginning of a larger one.
            at: `subject` (the default) or `subject+neighbour`; the clean prompts are the same for
                both.
            words: What the tokenizer makes of words.
            templates: Labels such as `near`; `None` for all.

        Raises:
            PromptError: Too few nouns or verbs are single tokens, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        chosen = list(chosen_templates(_TEMPLATES, templates))
        subjects = _fitting("subjects", SUBJECTS, words)
        neighbours = _fitting("neighbours", NEIGHBOURS, words)
        verbs = {word: other for word, other in VERBS.items() if _both(words, word[1:], other[1:])}
        enough("verbs", list(verbs), list(VERBS), 1, "single tokens in both numbers")
        draw, numbers = random.Random(seed), [0, 1]

        def make() -> tuple[str, int, str, int, str] | None:
            number, between = numbers[0], draw.randrange(2)
            label, subject = draw.choice(chosen), draw.choice(subjects)
            neighbour = draw.choice(neighbours)
            if subject == neighbour:
                return None
            numbers.reverse()
            return label, number, subject, between, neighbour

        shared = len(set(subjects) & set(neighbours))
        available = 4 * len(chosen) * (len(subjects) * len(neighbours) - shared)
        drawn = distinct(make, n, available)
        return PromptPairs.of(_pair(site, verbs, *one) for one in drawn)


agreement = _Agreement()


def _both(words: Words, singular: str, plural: str) -> bool:
    return single(words, singular) and single(words, plural)


def _fitting(kind: str, nouns: Mapping[str, str], words: Words) -> list[str]:
    kept = [noun for noun, plural in nouns.items() if _both(words, noun, plural)]
    return enough(kind, kept, list(nouns), 2, "single tokens in both numbers")


def _pair(
    site: str,
    verbs: Mapping[str, str],
    label: str,
    number: int,
    subject: str,
    between: int,
    neighbour: str,
) -> PromptPair:
    subjects, neighbours = (subject, SUBJECTS[subject]), (neighbour, NEIGHBOURS[neighbour])
    mine = _TEMPLATES[label].replace("[SUBJECT]", subjects[number])
    other = _TEMPLATES[label].replace("[SUBJECT]", subjects[1 - number])
    becomes = 1 - between if site == "subject+neighbour" else between
    start, at = _TEMPLATES[label].index("["), mine.index("[NEIGHBOUR]")
    answers = (tuple(verbs), tuple(verbs.values()))
    return PromptPair(
        clean=mine.replace("[NEIGHBOUR]", neighbours[between]),
        corrupted=other.replace("[NEIGHBOUR]", neighbours[becomes]),
        answers=answers[number],
        wrong_answers=answers[1 - number],
        roles={
            "subject": (start, start + len(subjects[number])),
            "neighbour": (at, at + len(neighbours[between])),
        },
        group=label,
    )
