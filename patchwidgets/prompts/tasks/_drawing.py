"""What tasks share: which words fit, which site is meant, and draws without twins."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

from patchwidgets.errors import PromptError, TooFewPairsError
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import Words
from patchwidgets.registry import unknown_name

_TRIES = 1000

T = TypeVar("T")
Drawn = TypeVar("Drawn", bound=Hashable)


def checked_count(n: int, available: int | None = None) -> int:
    """Return `n` when it is a number of pairs, and not more than there are."""
    if n < 1:
        raise PromptError(
            f"`n={n}` prompt pairs were asked for. A measurement needs at least one, and 100 or "
            "more for a stable picture. Pass `n=64`."
        )
    if available is not None and n > available:
        raise TooFewPairsError(
            f"`n={n}` prompt pairs were asked for, and this task has {available} different ones on "
            "this tokenizer. No pair is given twice, because a repeated prompt would count as a "
            f"new observation. Pass `n={available}` or less, or ask for more templates.",
            available=available,
        )
    return n


def site_or_default(task: Task, at: str | None) -> str:
    """Return the corruption site asked for, or the task's default one."""
    if at is None:
        return task.default_site
    if at not in task.sites:
        raise unknown_name("corruption site", at, list(task.sites))
    return at


def chosen_templates(known: Mapping[str, T], asked: Sequence[str] | None) -> dict[str, T]:
    """Return the templates asked for by their labels, or all."""
    labels = list(known) if asked is None else list(asked)
    for label in labels:
        if label not in known:
            raise unknown_name("template", label, list(known))
    return {label: known[label] for label in labels}


def single(words: Words, word: str) -> bool:
    """Whether a word with its leading space is one token."""
    return len(words.split(" " + word)) == 1


def singles(kind: str, listed: Sequence[str], needed: int, words: Words) -> list[str]:
    """Return the words that are one token after a space; `kind` is their plural, for messages."""
    kept = [word for word in listed if single(words, word)]
    return enough(kind, kept, listed, needed, "single tokens")


def enough(kind: str, kept: list[T], of: Sequence[T], needed: int, condition: str) -> list[T]:
    """Return what was kept when it is enough; `condition` says what all of it is."""
    if len(kept) < needed:
        raise PromptError(
            f"Only {len(kept)} of the {len(of)} {kind} of this task are {condition} for this "
            f"tokenizer, and {needed} are needed. Prompts line up only where a word is replaced by "
            "one of as many tokens, and a metric reads one token. Write your own pairs with "
            "`PromptPairs`, in words the model knows."
        )
    return kept


def share(kept: Collection[object], of: Collection[object]) -> Share:
    """Return how many were kept."""
    return Share(len(kept), len(of))


def distinct(make: Callable[[], Drawn | None], n: int, available: int) -> list[Drawn]:
    """Return `n` different draws, in the order in which they were first made.

    Args:
        make: Draws one, or `None` where the draw does not do.
        n: How many, from 1.
        available: How many different ones `make` can draw.

    Raises:
        TooFewPairsError: `n` is more than that.
    """
    found: dict[Drawn, None] = {}
    wanted, idle = checked_count(n, available), 0
    while len(found) < wanted:
        drawn, before = make(), len(found)
        if drawn is not None:
            found[drawn] = None
        idle = 0 if len(found) > before else idle + 1
        if idle > _TRIES * (1 + len(found)):
            checked_count(n, len(found))
    return list(found)
