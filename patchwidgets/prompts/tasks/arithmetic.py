"""Arithmetic: the answer of a third sum, after two that are worked out."""

import operator
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from typing import NamedTuple

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._drawing import chosen_templates, distinct, share, site_or_default
from patchwidgets.prompts.tasks._redrawing import rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["arithmetic"]


class _Operation(NamedTuple):
    of: Callable[[int, int], int]
    largest: int
    """Of the numbers that it is applied to."""


_OPERATIONS = {
    "+": _Operation(operator.add, 250),
    "-": _Operation(operator.sub, 250),
    "*": _Operation(operator.mul, 23),
}
_NUMBERS = tuple(range(530))
_FEWEST = 4
_TRIES = 1000

_Sum = tuple[int, int]


class _Arithmetic:
    """Sums, differences and products of whole numbers.

    "3 + 4 = 7", "2 + 6 = 8", "5 + 1 =", one to a line, continue with " 6". Only numbers of one
    token are used, results too; where a tokenizer splits digits these are 0 to 9. Where it makes a
    token of the space before a number, the prompt ends in that space.

    Differs from the paper: `*` instead of a multiplication sign, no result below 0, neither
    example is the question, and what the model gets wrong is dropped only with `known=` of the
    study.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, appendix C; after Stolfo et al. 2023, arXiv
        2305.15054.
    """

    name = "arithmetic"
    title = "Arithmetic"
    citation = "Stolfo et al. 2023, arXiv 2305.15054"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "X+Y": "Both numbers of the question become others, with another result.",
        "X": "The first number of the question becomes another.",
        "Y": "The second number of the question becomes another.",
    }
    default_site = "X+Y"
    symmetric = frozenset({"X+Y", "X", "Y"})
    redrawable = frozenset({"X+Y", "X", "Y"})
    roles = ("X", "Y", "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many of the numbers 0 to 529 are single tokens."""
        return {"numbers": share(_numbers(words), _NUMBERS)}

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
            at: `X+Y` (the default), `X` or `Y`; the clean prompts are the same for all.
            words: What the tokenizer makes of words.
            templates: Operations, `+`, `-` or `*`; `None` for all.

        Raises:
            PromptError: Too few numbers are single tokens, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or operation.
        """
        site = site_or_default(self, at)
        signs = list(chosen_templates(_OPERATIONS, templates))
        numbers, draw = frozenset(_numbers(words)), random.Random(seed)
        draw.shuffle(signs)
        solved, turns = {sign: _solved(sign, numbers) for sign in signs}, cycle(signs)

        def make() -> tuple[str, tuple[_Sum, ...]] | None:
            sign = next(turns)
            for _ in range(_TRIES):
                four = tuple(draw.choice(solved[sign]) for _ in range(4))
                if _does(_OPERATIONS[sign].of, four, numbers):
                    return sign, four
            return None

        available = sum(len(some) ** 4 for some in solved.values())
        space = "".join(words.split(" 1")[:-1])
        drawn = distinct(make, n, available)
        return PromptPairs.of(_pair(site, space, sign, *four) for sign, four in drawn)

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other numbers in their questions, and other results with them."""
        numbers = frozenset(_numbers(words))
        solved = {sign: _solved(sign, numbers) for sign in {pair.group for pair in pairs}}
        before = "" if "".join(words.split(" 1")[:-1]) else " "
        for pair, chance in zip(pairs, chances, strict=True):
            of = _OPERATIONS[pair.group].of
            x, y = chance.choice(_others(solved[pair.group], pair, at))
            new = {"X": str(x), "Y": str(y)}
            changed = {role: new[role] for role in at.split("+")}
            yield rewritten(pair, changed, f"{before}{of(x, y)}")


arithmetic = _Arithmetic()


def _numbers(words: Words) -> list[int]:
    kept = [
        number
        for number in _NUMBERS
        if _one_token(words, " ", number) and _one_token(words, "\n", number)
    ]
    if len(kept) < _FEWEST:
        raise PromptError(
            f"Only {len(kept)} of the numbers 0 to {_NUMBERS[-1]} are single tokens for this "
            f"tokenizer, and {_FEWEST} are needed. A number is replaced by one of as many tokens, "
            "and a metric reads one token. Write your own pairs with `PromptPairs`, in numbers as "
            "this tokenizer reads them."
        )
    return kept


def _one_token(words: Words, before: str, number: int) -> bool:
    """Whether a number is a token after `before`, which is in it or a token of its own."""
    tokens, like = words.split(f"{before}{number}"), words.split(f"{before}1")
    return len(tokens) == len(like) <= 2 and "".join(tokens[-1:]).strip() == str(number)


def _solved(sign: str, numbers: frozenset[int]) -> list[_Sum]:
    """Return every question with a result among the numbers."""
    of, largest = _OPERATIONS[sign]
    given = sorted(number for number in numbers if 1 <= number <= largest)
    return [(x, y) for x in given for y in given if of(x, y) in numbers]


def _does(of: Callable[[int, int], int], four: tuple[_Sum, ...], numbers: frozenset[int]) -> bool:
    """Whether two examples, a question and a second one do, whichever number is replaced."""
    *examples, (x, y), (other_x, other_y) = four
    replaced = [(other_x, other_y), (other_x, y), (x, other_y)]
    results = [of(*one) for one in replaced]
    return (
        examples[0] != examples[1]
        and not {(x, y), *replaced} & set(examples)
        and numbers.issuperset(results)
        and of(x, y) not in results
    )


def _others(solved: Sequence[_Sum], pair: PromptPair, at: str) -> list[_Sum]:
    """Return the questions that may take the place of a pair's own: of another result, and new."""
    of = _OPERATIONS[pair.group].of
    *examples, (x, y) = (
        (int(one), int(other)) for one, other in re.findall(r"(\d+) \S (\d+) =", pair.clean)
    )
    return [
        (new_x, new_y)
        for new_x, new_y in solved
        if ("X" in at or new_x == x)
        and ("Y" in at or new_y == y)
        and (new_x, new_y) not in examples
        and of(new_x, new_y) != of(x, y)
    ]


def _pair(
    site: str, space: str, sign: str, first: _Sum, second: _Sum, asked: _Sum, other: _Sum
) -> PromptPair:
    of, (x, y) = _OPERATIONS[sign].of, asked
    new_x, new_y = other[0] if "X" in site else x, other[1] if "Y" in site else y
    lead = "".join(f"{a} {sign} {b} = {of(a, b)}\n" for a, b in (first, second))
    end_x = len(lead) + len(str(x))
    start_y = end_x + len(f" {sign} ")
    before = "" if space else " "
    return PromptPair(
        clean=f"{lead}{x} {sign} {y} ={space}",
        corrupted=f"{lead}{new_x} {sign} {new_y} ={space}",
        answers=(f"{before}{of(x, y)}",),
        wrong_answers=(f"{before}{of(new_x, new_y)}",),
        roles={"X": (len(lead), end_x), "Y": (start_y, start_y + len(str(y)))},
        group=sign,
    )
