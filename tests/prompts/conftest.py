"""Two kinds of tokenizers for tasks, and one that reads nothing."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from patchwidgets.prompts.words import TokenizerWords


@pytest.fixture(scope="session")
def twos_tokenizer() -> PreTrainedTokenizerFast:
    """One token per word with its leading space, and numbers in twos, as GPT-2 reads most years.

    It knows the words of some prompts of every task, so that some words of each are missing.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from patchwidgets.prompts.tasks import TASKS

    split = pre_tokenizers.Split(Regex(r" ?[^\W\d_]+| ?\d\d|\s|."), behavior="isolated")
    texts = [f"{number:02} {number:02} {number % 10}" for number in range(100)]
    for name in TASKS.names():
        task = TASKS.get(name)
        for site in task.sites:
            for pair in task.pairs(200, 1, at=site):
                texts += [pair.clean, pair.corrupted, *pair.answers, *pair.wrong_answers]
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    vocab = {piece: k for k, piece in enumerate(["<unk>", "the", *sorted(pieces - {"the"})])}
    made = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    made.pre_tokenizer = split
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


@pytest.fixture(scope="session")
def words_of() -> object:
    """Return what a tokenizer makes of words, the same object every time."""
    from patchwidgets.prompts.words import TokenizerWords

    @functools.cache
    def of(tokenizer: PreTrainedTokenizerFast) -> TokenizerWords:
        return TokenizerWords(tokenizer)

    return of


@pytest.fixture(params=["smollm2_tokenizer", "twos_tokenizer"])
def task_tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    """A tokenizer that splits numbers digit by digit, and one that reads them in twos."""
    return request.getfixturevalue(request.param)


class Unread:
    """A tokenizer that splits every word into two tokens and has no words of its own."""

    def split(self, text: str) -> tuple[str, ...]:
        return (text[:2], text[2:])

    def length(self, prompt: str) -> int:
        return 2 * len(prompt.split())

    def random_word(self, draw: random.Random) -> str:
        return " one"


@pytest.fixture
def unread() -> Unread:
    return Unread()
