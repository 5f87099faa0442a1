"""What a task may ask of a tokenizer: how it splits a text, and random words of its vocabulary."""

import random
import re
import string
from typing import Protocol, runtime_checkable

from patchwidgets.errors import PromptError
from patchwidgets.prompts._encoding import Tokenizer, decoder, encode, token_strings, unknown_id

_BEFORE = "the"
_PLAIN_TOKEN = re.compile(r" ?[^\W\d_]+|\d|\s|.")
_WORD = re.compile(r" [a-z]{3,}")
_TRIES = 20_000


@runtime_checkable
class Words(Protocol):
    """A tokenizer as a task sees it. A task knows no model."""

    def split(self, text: str) -> tuple[str, ...]:
        """Return the tokens that `text` adds after another word; none if it cannot be read.

        A word as it stands in a prompt has its leading space: `split(" Mary")` is `(" Mary",)`
        where Mary is one token.
        """
        ...

    def length(self, prompt: str) -> int:
        """Return how many tokens a whole prompt has, without BOS; 0 if it cannot be read."""
        ...

    def random_word(self, draw: random.Random) -> str:
        """Return a random word that is one token: small letters after a space."""
        ...


class PlainWords:
    """Where no tokenizer is known: every word is one token, and every digit, and every sign."""

    def split(self, text: str) -> tuple[str, ...]:
        """Return the words, digits and signs of the text, a space with the word after it."""
        return tuple(_PLAIN_TOKEN.findall(text))

    def length(self, prompt: str) -> int:
        """Return how many they are."""
        return len(self.split(prompt))

    def random_word(self, draw: random.Random) -> str:
        """Return a space and five letters."""
        return " " + "".join(draw.choices(string.ascii_lowercase, k=5))


PLAIN_WORDS = PlainWords()
"""The default of `Task.pairs`, so that prompts can be looked at without a model."""


class TokenizerWords:
    """What a tokenizer makes of words; every text is split once and remembered.

    Args:
        tokenizer: A Hugging Face tokenizer.

    Example:
        >>> TokenizerWords(model.tokenizer).split(" 1732")
        (' ', '1', '7', '3', '2')
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._text_of = decoder(tokenizer)
        self._unknown = unknown_id(tokenizer)
        (self._before,) = encode(tokenizer, [_BEFORE])
        self._seen: dict[str, tuple[str, ...]] = {}
        self._lengths: dict[str, int] = {}

    def split(self, text: str) -> tuple[str, ...]:
        """Return the tokens that `text` adds after another word; none if it cannot be read."""
        if text not in self._seen:
            whole_text, start = _BEFORE + text, len(self._before)
            (whole,) = encode(self._tokenizer, [whole_text])
            readable = whole.ids[:start] == self._before.ids and self._unknown not in whole.ids
            strings = token_strings(whole_text, whole, self._text_of)
            self._seen[text] = strings[start:] if readable else ()
        return self._seen[text]

    def length(self, prompt: str) -> int:
        """Return how many tokens a whole prompt has, without BOS; 0 if it cannot be read."""
        if prompt not in self._lengths:
            (whole,) = encode(self._tokenizer, [prompt])
            self._lengths[prompt] = 0 if self._unknown in whole.ids else len(whole)
        return self._lengths[prompt]

    def random_word(self, draw: random.Random) -> str:
        """Return a random word that is one token: small letters after a space.

        Raises:
            PromptError: No such token was found.
        """
        size = int(getattr(self._tokenizer, "vocab_size", 0))
        start = list(self._before.ids)
        for _ in range(_TRIES if size else 0):
            both = self._tokenizer.decode(
                [*start, draw.randrange(size)], clean_up_tokenization_spaces=False
            )
            word = str(both).removeprefix(_BEFORE)
            if _WORD.fullmatch(word) and self.split(word) == (word,):
                return word
        raise PromptError(
            f"None of {_TRIES:,} tokens drawn from this tokenizer is a word: a space and at least "
            "three small letters, read back as the same token. Random prompts are made of such "
            "words, because other tokens melt together in a text. Use a task with prompts of its "
            "own words, such as `'ioi'`, or write your own pairs with `PromptPairs`."
        )
