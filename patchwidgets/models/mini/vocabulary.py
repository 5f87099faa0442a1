"""mini's tokenizer: one token per word, its leading space included."""

import random
from collections.abc import Iterable
from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from patchwidgets.models.mini.texts._words import PEOPLE
from patchwidgets.models.mini.texts._writing import unmarked
from patchwidgets.models.mini.texts.mixture import MIXTURE, SMALL_WORDS
from patchwidgets.prompts.tasks._capitals import CAPITALS
from patchwidgets.prompts.tasks._facts import FACTS

BOS, UNKNOWN = "<bos>", "<unk>"
CONTEXT = 128

_PIECES = r"""\n| {4}| ?[A-Za-z]+| ?[0-9]{2}| ?[0-9]|'[a-z]+|"{3}| ?[^\sA-Za-z0-9]"""
_EACH = 3000
_FIRST_WORDS = ("the", "a", "my", "we", "he", "she", "it", "they", "you", "in", "on", "at", "is")
"""Small letters at the beginning of what a person types."""


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer of everything that the generators write."""
    vocabulary = {word: at for at, word in enumerate([BOS, UNKNOWN, *_words()])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    made.pre_tokenizer = _splitting()
    made.decoder = decoders.Fuse()
    made.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=BOS,
        eos_token=BOS,
        pad_token=BOS,
        unk_token=UNKNOWN,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def _splitting() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(_PIECES), behavior="isolated")


@cache
def _words() -> tuple[str, ...]:
    """Return every token, sorted: of listed words, and of many texts of every kind."""
    splitting = _splitting()
    pieces = {
        piece for text in (*_listed(), *_drawn()) for piece, _ in splitting.pre_tokenize_str(text)
    }
    return tuple(sorted(pieces))


def _listed() -> Iterable[str]:
    yield from (f" {word}" for word in SMALL_WORDS)
    yield from _FIRST_WORDS
    yield from (f"{before}{name}" for name in PEOPLE for before in ("", " "))
    yield from (f"{before}{number}" for number in range(10) for before in ("", " "))
    yield from (f"{before}{number:02}" for number in range(100) for before in ("", " "))
    yield from (
        f"{before}{word}" for both in CAPITALS.items() for word in both for before in ("", " ")
    )
    yield from (f"{fact.prompt} {fact.answer}." for fact in FACTS)


def _drawn() -> Iterable[str]:
    draw = random.Random(0)
    for make, _ in MIXTURE.values():
        yield from (unmarked(make(draw)).text for _ in range(_EACH))
