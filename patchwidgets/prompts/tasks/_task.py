"""What a task must provide, and what tasks share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from patchwidgets.errors import PromptError
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.registry import unknown_name


def any_word(word: str) -> bool:
    """Accept every word; the default where no tokenizer is known."""
    del word
    return True


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
    def roles(self) -> tuple[str, ...]:
        """Names of the positions that every pair has, `END` last."""
        ...

    def pairs(
        self,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        is_single_token: Callable[[str], bool] = any_word,
        templates: Sequence[str] | None = None,
    ) -> PromptPairs:
        """Return `n` prompt pairs.

        The same arguments give the same pairs; the pairs for a smaller `n` come first in those
        for a larger one; the clean prompts do not depend on `at`.

        Args:
            n: How many, from 1.
            seed: Any whole number.
            at: A corruption site; `None` for the default one.
            is_single_token: Says whether a word with its leading space is one token.
            templates: Which templates; `None` for all.

        Raises:
            PromptError: Too few words are single tokens, `n` below 1, or a template that is not
                one of this task.
            UnknownNameError: No such corruption site.
        """
        ...


def checked_count(n: int) -> int:
    """Return `n` when it is a number of pairs."""
    if n < 1:
        raise PromptError(
            f"`n={n}` prompt pairs were asked for. A measurement needs at least one, and 100 or "
            "more for a stable picture. Pass `n=64`."
        )
    return n


def site_or_default(task: Task, at: str | None) -> str:
    """Return the corruption site asked for, or the task's default one."""
    if at is None:
        return task.default_site
    if at not in task.sites:
        raise unknown_name("corruption site", at, list(task.sites))
    return at


def usable(
    kind: str, words: Sequence[str], needed: int, is_single_token: Callable[[str], bool]
) -> list[str]:
    """Return the words that are one token after a space; `kind` is their plural, for messages."""
    kept = [word for word in words if is_single_token(" " + word)]
    if len(kept) < needed:
        raise PromptError(
            f"Only {len(kept)} of the {len(words)} {kind} of this task are single tokens for this "
            f"tokenizer, and {needed} are needed. Prompts line up only where a word is replaced by "
            "one of as many tokens. Write your own pairs with `PromptPairs`, in words the model "
            "knows."
        )
    return kept
