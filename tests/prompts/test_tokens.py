"""Prompt pairs as tokens: agreement with TransformerLens, alignment, and every refusal in full."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from patchwidgets.errors import PromptError
from patchwidgets.prompts import PromptPairs
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.prompts.tokens import tokenize

STORE = "Then, Mary and John went to the store. {} gave a book to"
LONGER = "Then, Mary and John had a lot of fun at the store. {} gave a book to"


def pairs(**changed: object) -> PromptPairs:
    columns: dict[str, Any] = {
        "clean": [LONGER.format("John"), STORE.format("John"), STORE.format("Mary")],
        "corrupted": [LONGER.format("Mary"), STORE.format("Mary"), STORE.format("John")],
        "answers": [" Mary", " Mary", " John"],
        "wrong_answers": [" John", " John", " Mary"],
    }
    return PromptPairs(**{**columns, **changed})


def one(
    clean: str, corrupted: str, answer: object = " Mary", wrong: object = " John"
) -> PromptPairs:
    return PromptPairs(
        clean=[clean], corrupted=[corrupted], answers=[answer], wrong_answers=[wrong]
    )


def test_prompts_are_grouped_by_length_and_never_padded(
    any_tokenizer: PreTrainedTokenizerFast,
) -> None:
    tokens = tokenize(
        pairs(roles={"S2": [(51, 55), (39, 43), -5]}), any_tokenizer, prepend_bos=False
    )
    short, long = tokens.groups
    assert (short.members, long.members) == ((1, 2), (0,))
    assert (short.clean.shape, long.clean.shape) == ((2, 15), (1, 19))
    assert short.first_difference == 10
    assert {role: at.tolist() for role, at in short.roles.items()} == {
        "S2": [10, 10],
        "END": [14, 14],
    }
    assert tokens.diff(0) == [at == 14 for at in range(19)]
    assert any_tokenizer.decode(long.clean[0]) == LONGER.format("John")


def test_a_bos_token_moves_every_position_by_one(bpe_tokenizer: PreTrainedTokenizerFast) -> None:
    given = pairs(roles={"S2": -5, "S1": [2, 2, 4]})
    without = tokenize(given, bpe_tokenizer, prepend_bos=False).groups[0]
    with_bos = tokenize(given, bpe_tokenizer, prepend_bos=True).groups[0]
    assert with_bos.clean[:, 0].tolist() == [bpe_tokenizer.bos_token_id] * 2
    assert torch.equal(with_bos.clean[:, 1:], without.clean)
    assert with_bos.first_difference == without.first_difference + 1
    for role, at in without.roles.items():
        assert torch.equal(with_bos.roles[role], at + 1)


@pytest.mark.parametrize("prepend_bos", [True, False])
def test_tokens_are_those_of_transformer_lens(
    bpe_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, prepend_bos: bool
) -> None:
    from transformer_lens.model_bridge import TransformerBridge

    config = LlamaConfig(
        vocab_size=len(bpe_tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        architectures=["LlamaForCausalLM"],
    )
    bpe_tokenizer.save_pretrained(tmp_path)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    bridge = TransformerBridge.boot_transformers(
        "HuggingFaceTB/SmolLM2-135M", hf_model=LlamaForCausalLM(config), tokenizer=tokenizer
    )
    given = pairs()
    tokens = tokenize(given, tokenizer, prepend_bos=prepend_bos)
    for group in tokens.groups:
        for row, i in enumerate(group.members):
            for ours, text in (
                (group.clean, given[i].clean),
                (group.corrupted, given[i].corrupted),
            ):
                theirs = bridge.to_tokens(text, prepend_bos=prepend_bos)
                assert torch.equal(ours[row : row + 1], theirs)


def test_token_strings_join_to_the_prompt(any_tokenizer: PreTrainedTokenizerFast) -> None:
    given = pairs()
    tokens = tokenize(given, any_tokenizer, prepend_bos=False)
    for pair, (clean, corrupted) in zip(given, tokens.strings, strict=True):
        assert ("".join(clean), "".join(corrupted)) == (pair.clean, pair.corrupted)
        assert " Mary" in clean


def test_show_marks_the_differing_tokens(bpe_tokenizer: PreTrainedTokenizerFast) -> None:
    given = pairs(roles={"S2": [(51, 55), (39, 43), -5]}, groups=["fun", "", ""])
    assert tokenize(given, bpe_tokenizer, prepend_bos=True).show(limit=1) == (
        "pair 0, fun\n"
        "  clean      <s>Then, Mary and John had a lot of fun at the store. [John] gave a book to\n"
        "  corrupted  <s>Then, Mary and John had a lot of fun at the store. [Mary] gave a book to\n"
        "  answers    ' Mary', not ' John'\n"
        "  roles      S2 15 ' John', END 19 ' to'\n"
        "\n"
        "and 2 more"
    )


def test_roles_are_those_of_every_prompt_in_order_of_position(
    word_tokenizer: PreTrainedTokenizerFast,
) -> None:
    both = pairs(roles={"S2": -5, "S1": [2, 2, 4]})
    assert tokenize(both, word_tokenizer, prepend_bos=False).roles == ("S1", "S2", "END")
    mixed = PromptPairs.of([both[1], pairs(roles={"S2": 3})[2]])
    tokens = tokenize(mixed, word_tokenizer, prepend_bos=False)
    assert tokens.roles == tuple(tokens.groups[0].roles) == ("S2", "END")


def test_a_span_is_at_its_last_token(smollm2_tokenizer: PreTrainedTokenizerFast) -> None:
    given = PromptPairs(
        clean=["The Schreckhorn is in"],
        corrupted=["The Schreckhorn was in"],
        answers=[" Europe"],
        wrong_answers=[" Asia"],
        roles={"subject": "Schreckhorn"},
    )
    tokens = tokenize(given, smollm2_tokenizer, prepend_bos=False)
    at = int(tokens.groups[0].roles["subject"][0])
    assert tokens.strings[0][0][at + 1] == " is"
    assert "".join(tokens.strings[0][0][: at + 1]) == "The Schreckhorn"


def test_answers_are_read_after_their_prompt(any_tokenizer: PreTrainedTokenizerFast) -> None:
    given = pairs(answers=[" Mary", [" Mary", " Paul"], " John"])
    tokens = tokenize(given, any_tokenizer, prepend_bos=False)
    names = {
        name: any_tokenizer("the" + name, add_special_tokens=False)["input_ids"][-1]
        for name in (" Mary", " John", " Paul")
    }
    assert tokens.answers.right == (
        (names[" Mary"],),
        (names[" Mary"], names[" Paul"]),
        (names[" John"],),
    )
    assert tokens.answers.wrong == tuple((names[name],) for name in (" John", " John", " Mary"))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("The year 1732 to 17", "3"),
        ('He said: "', "Yes"),
        ("A list:\n- first\n", "second"),
        ("def f(", "self"),
        ("well-", "known"),
    ],
)
def test_an_answer_without_space_stands_where_none_belongs(
    smollm2_tokenizer: PreTrainedTokenizerFast, prompt: str, answer: str
) -> None:
    given = one("First. " + prompt, "Second. " + prompt, answer, " wrong")
    tokens = tokenize(given, smollm2_tokenizer, prepend_bos=False)
    assert isinstance(tokens.answers, AnswerTokens)
    ((token,),) = tokens.answers.right
    assert smollm2_tokenizer.decode([token]) == answer


def test_answer_tokens_select_and_reindex(bpe_tokenizer: PreTrainedTokenizerFast) -> None:
    answers = tokenize(pairs(), bpe_tokenizer, prepend_bos=False).answers
    assert isinstance(answers, AnswerTokens)
    chosen = answers.select([2, 0])
    assert chosen.right == (answers.right[2], answers.right[0])
    columns = chosen.columns()
    assert list(columns) == sorted({*chosen.right[0], *chosen.right[1]})
    places = chosen.reindex(columns)
    assert [columns[place] for (place,) in places.right] == [ids[0] for ids in chosen.right]
    assert [columns[place] for (place,) in places.wrong] == [ids[0] for ids in chosen.wrong]


class Slow:
    """A tokenizer without character offsets."""

    is_fast = False

    def __init__(self, fast: PreTrainedTokenizerFast) -> None:
        self.fast = fast
        self.bos_token_id, self.unk_token_id = fast.bos_token_id, fast.unk_token_id

    def __call__(
        self, text: list[str], /, *, add_special_tokens: bool, return_offsets_mapping: bool
    ) -> Mapping[str, Any]:
        assert not return_offsets_mapping
        return self.fast(text, add_special_tokens=add_special_tokens)

    def decode(
        self, token_ids: list[int], /, *, clean_up_tokenization_spaces: bool
    ) -> str | list[str]:
        return self.fast.decode(
            token_ids, clean_up_tokenization_spaces=clean_up_tokenization_spaces
        )


def test_a_slow_tokenizer_is_enough_for_token_positions(
    bpe_tokenizer: PreTrainedTokenizerFast,
) -> None:
    given = pairs(roles={"S2": -5})
    slow = tokenize(given, Slow(bpe_tokenizer), prepend_bos=True)
    fast = tokenize(given, bpe_tokenizer, prepend_bos=True)
    assert slow.strings == fast.strings
    assert torch.equal(slow.groups[0].roles["S2"], fast.groups[0].roles["S2"])


STORE_JOHN, STORE_MARY = STORE.format("John"), STORE.format("Mary")

REFUSALS: list[tuple[str, Callable[[], PromptPairs], dict[str, Any], str]] = [
    (
        "smollm2_tokenizer",
        lambda: one(STORE_JOHN, STORE.format("Gwendolyn")),
        {},
        "`pairs[0]` has 15 tokens clean and 18 corrupted: ' John' became ' Gw', 'end', 'ol' and "
        "1 more. Patching by position needs equal lengths, because one position would mean two "
        "different words. Replace each word by one of as many tokens.",
    ),
    (
        "word_tokenizer",
        lambda: PromptPairs(
            clean=[STORE_JOHN] * 3,
            corrupted=[
                STORE_JOHN.replace(" and", ""),
                STORE_MARY,
                STORE_JOHN.replace(" a book", " a book book"),
            ],
            answers=[" Mary"] * 3,
            wrong_answers=[" John"] * 3,
        ),
        {},
        "`pairs[0]` has 15 tokens clean and 14 corrupted (1 more pair like this): ' and' became "
        "nothing. Patching by position needs equal lengths, because one position would mean two "
        "different words. Replace each word by one of as many tokens.",
    ),
    (
        "lower_tokenizer",
        lambda: one("the store", "The store"),
        {},
        "`pairs[0]` has the same tokens clean and corrupted, although the texts differ. With no "
        "difference between the runs there is nothing to patch. Replace a word by one that the "
        "tokenizer tells apart from it.",
    ),
    (
        "smollm2_tokenizer",
        lambda: one(STORE_JOHN, STORE_MARY, " Gwendolyn"),
        {},
        "Answer ' Gwendolyn' of `pairs[0]` is 4 tokens: ' Gw', 'end', 'ol', 'yn'. An answer must "
        "be exactly one token, because a metric reads the one token after the prompt. Choose "
        "another word, put the first part of the answer at the end of both prompts, or measure "
        "whole answers with `metric='continuation_diff'` alone.",
    ),
    (
        "smollm2_tokenizer",
        lambda: one(STORE_JOHN, STORE_MARY, " Mary", "John"),
        {},
        "Wrong answer 'John' of `pairs[0]` has no leading space. After a prompt that ends in 'to' "
        'the next word begins with a space, and " John" is another token than "John". Write '
        '`" John"`.',
    ),
    (
        "lower_tokenizer",
        lambda: one("the store the", "a store the", " store", [" a", " Store"]),
        {},
        "Answer ' store' and wrong answer ' Store' of `pairs[0]` are the same token (id 2). A "
        "metric cannot tell them apart, so their logit difference would always be 0. Choose "
        "two words that are different tokens.",
    ),
    (
        "word_tokenizer",
        lambda: one(STORE_JOHN, STORE_MARY, " Zelda"),
        {},
        "Answer ' Zelda' of `pairs[0]` is not in the tokenizer's vocabulary. The model has no "
        "logit for it, so no metric can read it. Choose a word the model knows.",
    ),
    (
        "lower_tokenizer",
        lambda: one("the store the", "a store the", " ", " a"),
        {"whole_answers": True},
        "Answer ' ' of `pairs[0]` is no token at all. An answer is what the model writes next, so "
        "it needs at least one. Give a text that the tokenizer does not leave out.",
    ),
    (
        "word_tokenizer",
        lambda: one(STORE_JOHN, STORE.format("Zelda")),
        {},
        "The corrupted prompt of `pairs[0]` has a word that the tokenizer does not know: 'Zelda'. "
        "The model would see an empty mark in its place. Use a word of the model's vocabulary.",
    ),
    (
        "bpe_tokenizer",
        lambda: one(STORE_JOHN, STORE_MARY),
        {"prepend_bos": True, "n_ctx": 15},
        "The clean prompt of `pairs[0]` has 16 tokens; the model reads at most 15. The answer is "
        "read after the last token, so none can be cut off. Shorten the prompt.",
    ),
    (
        "bpe_tokenizer",
        lambda: pairs(roles={"S2": [0, 0, 15]}),
        {},
        "Role `S2` of `pairs[2]` is at token 15, and the prompt has 15 tokens. Positions run from "
        "0 to 14, or from -15 to -1, without the BOS token. Give a position in that range, or the "
        "text of the role.",
    ),
    (
        "slow_tokenizer",
        lambda: pairs(roles={"place": "store"}),
        {},
        "Role `place` of `pairs[0]` is given by its characters, and this tokenizer does not say "
        "which characters a token covers, because it is a slow one. Give the role as a token "
        "position, such as `roles={'place': -3}`, or load a fast tokenizer.",
    ),
    (
        "lower_tokenizer",
        lambda: PromptPairs(
            clean=["the  store the"],
            corrupted=["a  store the"],
            answers=[" store"],
            wrong_answers=[" a"],
            roles={"gap": (3, 4)},
        ),
        {},
        "Role `gap` of `pairs[0]` covers the characters (3, 4) of the clean prompt, where there is "
        "no token. A role needs a token, because its position is patched. Let the span cover a "
        "word.",
    ),
    (
        "word_tokenizer",
        lambda: one(STORE_JOHN, STORE_MARY),
        {"prepend_bos": True},
        "`prepend_bos=True` was given and this tokenizer has no BOS token. A BOS token is the mark "
        "for the beginning of a text, and only a model trained with one has it. Pass "
        "`prepend_bos=False`.",
    ),
]


@pytest.fixture
def slow_tokenizer(bpe_tokenizer: PreTrainedTokenizerFast) -> Slow:
    return Slow(bpe_tokenizer)


@pytest.fixture
def lower_tokenizer() -> PreTrainedTokenizerFast:
    """Words without their spaces, in lower case: texts that differ can be the same tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    made = Tokenizer(models.WordLevel({"the": 0, "a": 1, "store": 2}, unk_token="the"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made)


@pytest.mark.parametrize(("tokenizer", "given", "options", "sentence"), REFUSALS)
def test_pairs_that_cannot_be_patched_are_refused(
    request: pytest.FixtureRequest,
    tokenizer: str,
    given: Callable[[], PromptPairs],
    options: dict[str, Any],
    sentence: str,
) -> None:
    with pytest.raises(PromptError) as caught:
        tokenize(given(), request.getfixturevalue(tokenizer), **{"prepend_bos": False, **options})
    assert str(caught.value) == sentence
