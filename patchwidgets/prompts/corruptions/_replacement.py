"""Replacement by other words: the corrupted prompts of a clean one, one or several."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from patchwidgets.errors import PromptError
from patchwidgets.prompts.corruptions._corruption import ActsOn
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks._redrawing import Redrawing
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import PLAIN_WORDS, Words


@dataclass(frozen=True)
class Replacement:
    """Words of the clean prompt are replaced by other words, which the task knows.

    Args:
        draws: How many corrupted prompts every clean prompt has, each with words drawn anew where
            the task draws them. Of the clean run there is one for all draws; every patched run is
            made for each. Effects are averaged over draws, and `result.draw_spread()` says how
            much depends on them. The first is the one that there is without draws, and the others
            depend on the seed of the prompts, on the clean prompt and on their own number alone;
            they are independent, so that two may be the same where few words fit. With `known`
            the model must know the first.

    Raises:
        PromptError: `draws` is below 1.
    """

    draws: int = 1

    name: ClassVar[str]
    label: ClassVar[str]
    source: ClassVar[str]
    acts_on: ClassVar[ActsOn] = "text"

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise PromptError(
                f"`draws={self.draws!r}` corrupted prompts were asked for. Every clean prompt is "
                "compared with each of them, so there must be at least one, and ten show how much "
                "depends on the draw. Pass `draws=10`."
            )

    def pairs(
        self,
        task: Task,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
    ) -> PromptPairs:
        """Return the task's own pairs for the corruption site `at`."""
        return task.pairs(n, seed, at=at, words=words)

    def redrawn(
        self,
        task: Task,
        pairs: PromptPairs,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
    ) -> Sequence[PromptPairs]:
        """Return the same pairs with other corrupted prompts, once for each draw after the first.

        Args:
            task: Whose pairs these are.
            pairs: Some of them.
            seed: Of the draws.
            at: The corruption site that they were made for.
            words: What the tokenizer makes of words.

        Raises:
            PromptError: There are draws, and the task does not draw what it replaces there.
        """
        site = at or task.default_site
        if self.draws == 1:
            return []
        if not isinstance(task, Redrawing) or site not in task.redrawable:
            raise self._no_choice(task, site)
        return [
            PromptPairs.of(
                task.redrawn(
                    pairs,
                    [random.Random(f"{seed}|{draw}|{pair.clean}") for pair in pairs],
                    at=site,
                    words=words,
                )
            )
            for draw in range(1, self.draws)
        ]

    def _no_choice(self, task: Task, site: str) -> PromptError:
        sites = task.redrawable if isinstance(task, Redrawing) else ()
        named = ", ".join(f"`at={one!r}`" for one in task.sites if one in sites)
        instead = f"Use a site at which words are drawn ({named}), or" if named else "Use"
        return PromptError(
            f"`draws={self.draws}` asks for several corrupted prompts to every clean prompt, and "
            f"the task `{task.name}` has one at `{site}`: what comes in there is not drawn. "
            f"{instead} noise, which can always be drawn, such as `corruption='gaussian_noise'`; "
            "or leave `draws` out."
        )
