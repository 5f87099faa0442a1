"""Texts to token ids, and ids back to strings a person can read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from patchwidgets.errors import PromptError


@runtime_checkable
class Tokenizer(Protocol):
    """What is needed of a Hugging Face tokenizer.

    Also read where it has them: `bos_token_id`, `unk_token_id`, and `is_fast`, which says that it
    gives character offsets. They are not part of the check, because transformers makes them up
    when asked and Python 3.12 would not see them.
    """

    def __call__(
        self, text: list[str], /, *, add_special_tokens: bool, return_offsets_mapping: bool
    ) -> Mapping[str, Any]:
        """Return `input_ids` and, if asked for, `offset_mapping`, one list per text."""
        ...

    def decode(
        self, token_ids: list[int], /, *, clean_up_tokenization_spaces: bool
    ) -> str | list[str]:
        """Return the text of the tokens."""
        ...


@dataclass(frozen=True)
class Encoded:
    """One text as tokens, without BOS.

    Args:
        ids: Token ids.
        offsets: Characters of the text that each token covers; `None` from slow tokenizers.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...] | None

    def __len__(self) -> int:
        return len(self.ids)

    def overlapping(self, span: tuple[int, int]) -> list[int]:
        """Return the positions of the tokens that cover a character of the span."""
        start, end = span
        places = enumerate(self.offsets or ())
        return [at for at, (first, last) in places if first < end and last > start]


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoded]:
    """Return each text as tokens, with no special token added."""
    if not texts:
        return []
    fast = getattr(tokenizer, "is_fast", False)
    batch = tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=fast)
    ids = [tuple(one) for one in batch["input_ids"]]
    if not fast:
        return [Encoded(one, None) for one in ids]
    spans = [tuple((start, end) for start, end in one) for one in batch["offset_mapping"]]
    return [Encoded(one, covered) for one, covered in zip(ids, spans, strict=True)]


def bos_ids(tokenizer: Tokenizer, prepend_bos: bool) -> tuple[int, ...]:
    """Return the ids that go before every prompt: the BOS token, or none.

    Raises:
        PromptError: A BOS token is asked for and the tokenizer has none.
    """
    if not prepend_bos:
        return ()
    bos = getattr(tokenizer, "bos_token_id", None)
    if bos is None:
        raise PromptError(
            "`prepend_bos=True` was given and this tokenizer has no BOS token. A BOS token is the "
            "mark for the beginning of a text, and only a model trained with one has it. Pass "
            "`prepend_bos=False`."
        )
    return (bos,)


def unknown_id(tokenizer: Tokenizer) -> int | None:
    """Return the id that stands for a word the tokenizer does not know.

    GPT-2 lists its BOS token as unknown token, and never uses it as one.
    """
    unknown = getattr(tokenizer, "unk_token_id", None)
    return None if unknown == getattr(tokenizer, "bos_token_id", None) else unknown


def decoder(tokenizer: Tokenizer) -> Callable[[int], str]:
    """Return a function from a token id to its text."""
    seen: dict[int, str] = {}

    def text_of(token: int) -> str:
        if token not in seen:
            seen[token] = str(tokenizer.decode([token], clean_up_tokenization_spaces=False))
        return seen[token]

    return text_of


def token_strings(text: str, encoded: Encoded, text_of: Callable[[int], str]) -> tuple[str, ...]:
    """Return the text of each token; a space before a word belongs to the word's token."""
    strings = [text_of(token) for token in encoded.ids]
    if encoded.offsets is None:
        return tuple(strings)
    ends = (0, *(end for _, end in encoded.offsets))
    for at, (start, _) in enumerate(encoded.offsets):
        before = min(start, ends[at])
        if text[before : before + 1] == " " and not strings[at].startswith(" "):
            strings[at] = " " + strings[at]
    return tuple(strings)
