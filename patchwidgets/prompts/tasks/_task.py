"""What a task must provide."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.words import PLAIN_WORDS, Words


@runtime_checkable
class Task(Protocol):
    """A named behaviour: how to make prompt pairs, its default metric, its paper. No model."""

    @property
    def name(self) -> str:
        """The file name."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def citation(self) -> str:
        """The paper it comes from."""
        ...

    @property
    def default_metric(self) -> str:
        """Name of a metric."""
        ...

    @property
    def sites(self) -> Mapping[str, str]:
        """Corruption sites: what is replaced in the corrupted prompt, each with a sentence."""
        ...

    @property
    def default_site(self) -> str:
        """One of `sites`."""
        ...

    @property
    def symmetric(self) -> Collection[str]:
        """The sites at which the wrong answers are right for the corrupted prompt."""
        ...

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the positions that every pair has, `END` last."""
        ...

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many of the task's own words fit the tokenizer, by their kind in plural.

        Raises:
            PromptError: Too few fit.
        """
        ...

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

        The same arguments give the same pairs; the pairs for a smaller `n` come first in those
        for a larger one; the clean prompts do not depend on `at`.

        Args:
            n: How many, from 1.
            seed: Any whole number.
            at: A corruption site; `None` for the default one.
            words: What the tokenizer makes of words.
            templates: Which templates; `None` for all.

        Raises:
            PromptError: Too few words fit the tokenizer, or `n` below 1.
            TooFewPairsError: `n` is more than there are.
            UnknownNameError: No such corruption site or template.
        """
        ...
