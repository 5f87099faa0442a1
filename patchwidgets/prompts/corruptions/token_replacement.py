"""Symmetric token replacement: the corrupted prompt is another prompt of the same kind."""

from patchwidgets.prompts.corruptions._corruption import ActsOn
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["token_replacement"]


class _TokenReplacement:
    """Replaces key words by words of the same kind and as many tokens.

    Both prompts are ordinary text, so the corrupted run stays inside what the model knows. The
    task says which words those are, at each of its corruption sites.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, section 2.1 (STR), recommended in section 6.
    """

    name = "token_replacement"
    label = "Symmetric token replacement"
    acts_on: ActsOn = "text"
    source = "Zhang & Nanda 2023, arXiv 2309.16042, section 2.1"

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


token_replacement = _TokenReplacement()
