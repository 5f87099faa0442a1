"""What tasks share that can draw the corrupted side of a pair again, to the same clean prompt."""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.words import Words


@runtime_checkable
class Redrawing(Protocol):
    """A task whose corrupted prompts are drawn, so that a clean prompt can have several.

    A task needs none of this: without it every clean prompt has one corrupted prompt.
    """

    @property
    def redrawable(self) -> Collection[str]:
        """The corruption sites at which the words that come in are drawn."""
        ...

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return pairs with the same clean prompts and answers, and other corrupted prompts.

        Args:
            pairs: Some of this task's own, for this site and these words.
            chances: All that is random, for each pair its own.
            at: One of `redrawable`.
            words: What the tokenizer makes of words.
        """
        ...


def others(words: Sequence[str], pair: PromptPair) -> list[str]:
    """Return the words that do not stand in the clean prompt."""
    return [word for word in words if word not in pair.clean]


def rewritten(pair: PromptPair, new: Mapping[str, str], wrong: str = "") -> PromptPair:
    """Return a pair with these words at these roles of its corrupted prompt.

    Args:
        pair: The clean prompt, whose other words stay.
        new: By role, which must be a span of characters.
        wrong: The wrong answer that comes with them; that of `pair` if there is none.
    """
    text, done = "", 0
    spans = {
        place: word for role, word in new.items() if isinstance(place := pair.roles[role], tuple)
    }
    for (start, end), word in sorted(spans.items()):
        text += pair.clean[done:start] + word
        done = end
    given = {"wrong_answers": (wrong,)} if wrong else {}
    return replace(pair, corrupted=text + pair.clean[done:], **given)
