"""What a corruption must provide."""

from typing import Literal, Protocol, runtime_checkable

from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import PLAIN_WORDS, Words

ActsOn = Literal["text", "embedding"]
"""`text`: the corrupted prompt is another text. `embedding`: it is the clean text, and its token
embeddings are changed in the corrupted run."""


@runtime_checkable
class Corruption(Protocol):
    """How the corrupted input is made."""

    @property
    def name(self) -> str:
        """The file name."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def acts_on(self) -> ActsOn:
        """What is changed: the text, or the embeddings of its tokens."""
        ...

    @property
    def source(self) -> str:
        """The paper it comes from."""
        ...

    def pairs(
        self,
        task: Task,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
    ) -> PromptPairs:
        """Return `n` prompt pairs of the task; the same arguments give the same pairs.

        Args:
            task: Whose pairs.
            n: How many, from 1.
            seed: Any whole number.
            at: A corruption site of the task; `None` for its default one.
            words: What the tokenizer makes of words.
        """
        ...
