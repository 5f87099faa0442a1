"""What a task sees of a tokenizer."""

import random

import pytest
from transformers import PreTrainedTokenizerFast

from patchwidgets.errors import PromptError
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.words import PLAIN_WORDS, TokenizerWords, Words


def test_words_are_split_as_they_stand_in_a_prompt(
    smollm2_tokenizer: PreTrainedTokenizerFast,
) -> None:
    words = TokenizerWords(smollm2_tokenizer)
    assert isinstance(words, Words)
    assert words.split(" Mary") == (" Mary",)
    assert len(words.split(" Schreckhorn")) > 1
    assert words.split(" 1732") == (" ", "1", "7", "3", "2")
    assert words.length("Mary saw Schreckhorn") == 2 + len(words.split(" Schreckhorn"))


def test_an_unknown_word_cannot_be_read(word_tokenizer: PreTrainedTokenizerFast) -> None:
    words = TokenizerWords(word_tokenizer)
    assert words.split(" Mary") == (" Mary",)
    assert words.split(" Zelda") == ()
    assert words.length("Then Zelda went") == 0


def test_a_random_word_is_one_token_and_the_draw_decides(
    smollm2_tokenizer: PreTrainedTokenizerFast,
) -> None:
    words = TokenizerWords(smollm2_tokenizer)
    drawn = [words.random_word(random.Random(seed)) for seed in range(20)]
    assert drawn == [words.random_word(random.Random(seed)) for seed in range(20)]
    assert len(set(drawn)) > 15
    assert all(words.split(word) == (word,) for word in drawn)
    assert all(word[0] == " " and word[1:].isalpha() and word.islower() for word in drawn)


def test_without_a_tokenizer_words_digits_and_signs_are_tokens() -> None:
    assert PLAIN_WORDS.split(" Then, 17 left") == (" Then", ",", " ", "1", "7", " left")
    assert PLAIN_WORDS.length("Then Mary left.") == 4
    assert len(PLAIN_WORDS.split(PLAIN_WORDS.random_word(random.Random(0)))) == 1


def test_a_tokenizer_without_words_has_no_random_one() -> None:
    from tokenizers import Tokenizer, decoders, models

    made = Tokenizer(models.WordLevel({"<unk>": 0, "the": 1}, unk_token="<unk>"))
    made.decoder = decoders.Fuse()
    words = TokenizerWords(PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>"))
    with pytest.raises(PromptError) as caught:
        words.random_word(random.Random(0))
    assert str(caught.value) == (
        "None of 20,000 tokens drawn from this tokenizer is a word: a space and at least three "
        "small letters, read back as the same token. Random prompts are made of such words, "
        "because other tokens melt together in a text. Use a task with prompts of its own words, "
        "such as `'ioi'`, or write your own pairs with `PromptPairs`."
    )


def test_a_share_prints_as_a_count_and_a_percentage() -> None:
    assert str(Share(41, 64)) == "41 of 64 (64 %)"
