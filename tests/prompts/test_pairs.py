"""Prompt pairs as text: what is kept, how pairs are picked, and every refusal in full."""

import copy
import pickle
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from typing import Any

import pandas as pd
import pytest

from patchwidgets.errors import PromptError
from patchwidgets.prompts import PromptPair, PromptPairs

TWO: dict[str, Any] = {
    "clean": ["Ann saw Bob. Ann called", "Sue met Tim. Sue met"],
    "corrupted": ["Ann saw Bob. Bob called", "Sue met Tim. Tim met"],
    "answers": [" Bob", [" Tim", " him"]],
    "wrong_answers": [" Ann", " Sue"],
}


def refusal(**changed: object) -> str:
    with pytest.raises(PromptError) as caught:
        PromptPairs(**{**TWO, **changed})
    return str(caught.value)


def test_a_pair_keeps_its_texts_and_always_has_the_role_end() -> None:
    pairs = PromptPairs(**TWO, groups="two names")
    assert pairs[1] == PromptPair(
        clean="Sue met Tim. Sue met",
        corrupted="Sue met Tim. Tim met",
        answers=(" Tim", " him"),
        wrong_answers=(" Sue",),
        roles={"END": -1},
        group="two names",
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (3, [3, 3]),
        (-2, [-2, -2]),
        ((0, 3), [(0, 3), (0, 3)]),
        ([3, (4, 7)], [3, (4, 7)]),
        (["Bob", "Tim"], [(8, 11), (8, 11)]),
        (pd.Series([3, 4]), [3, 4]),
    ],
)
def test_a_role_is_one_place_for_all_pairs_or_one_per_pair(given: object, kept: list[Any]) -> None:
    assert [pair.roles["name"] for pair in PromptPairs(**TWO, roles={"name": given})] == kept


@pytest.mark.parametrize("index", [slice(1, None), [1], [False, True], pd.Series([False, True])])
def test_some_of_the_pairs_are_prompt_pairs_again(index: slice | list[int] | pd.Series) -> None:
    pairs = PromptPairs(**TWO)
    assert pairs[index] == PromptPairs.of([pairs[1]])


def test_pairs_cannot_be_changed_and_survive_copy_and_pickle() -> None:
    pairs = PromptPairs(**TWO, roles={"name": 0})
    with pytest.raises(FrozenInstanceError):
        pairs[0].clean = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        pairs[0].roles["name"] = 1  # type: ignore[index]
    assert pickle.loads(pickle.dumps(pairs)) == copy.deepcopy(pairs) == pairs
    assert len({pairs, copy.copy(pairs)}) == 1


def test_the_table_shows_the_text_of_a_role() -> None:
    table = PromptPairs(**TWO, roles={"name": ["Bob", (0, 3)]}, groups=["a", "b"]).table()
    assert table.loc[1].to_dict() == {
        "clean": "Sue met Tim. Sue met",
        "corrupted": "Sue met Tim. Tim met",
        "answers": "' Tim' / ' him'",
        "wrong_answers": "' Sue'",
        "group": "b",
        "name": "Sue",
        "END": -1,
    }
    assert table.index.name == "pair"


def test_the_repr_shows_the_first_pair() -> None:
    assert repr(PromptPairs(**TWO, roles={"name": 0})) == (
        "PromptPairs: 2 pairs, 1 group, roles name, END\n"
        "  clean      'Ann saw Bob. Ann called'\n"
        "  corrupted  'Ann saw Bob. Bob called'\n"
        "  answers (' Bob',), wrong answers (' Ann',)"
    )


def test_texts_need_no_torch() -> None:
    code = (
        "import sys, patchwidgets.prompts.pairs, patchwidgets.metrics, "
        "patchwidgets.prompts.tasks.ioi, patchwidgets.prompts.corruptions.token_replacement; "
        "assert not {'torch', 'pandas', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


REFUSALS = [
    (
        {"clean": None},
        "`clean` is missing. A prompt pair is a clean prompt, a corrupted prompt, an answer "
        "and a wrong answer. Add `clean=[...]` with one entry per pair.",
    ),
    (
        {"clean": "Ann saw Bob."},
        "`clean` is one text, 'Ann saw Bob.'. A list with one entry per pair is needed, because "
        "results are kept per pair. Write `clean=['Ann saw Bob.']`.",
    ),
    (
        {"corrupted": ["Ann saw Bob. Bob called"]},
        "The lists have different numbers of entries: `clean` 2, `corrupted` 1, `answers` 2, "
        "`wrong_answers` 2. Entry i of each makes pair i, so all must be equally long. Add or "
        "drop the entries without a partner.",
    ),
    (
        {"clean": [], "corrupted": [], "answers": [], "wrong_answers": []},
        "There are no prompt pairs. A measurement needs at least one. Put a prompt in each of "
        "`clean` and `corrupted`, or select at least one pair.",
    ),
    (
        {"clean": ["Ann saw Bob. Ann called", 7]},
        "`clean[1]` is 7, of type `int`. Text is needed, because the tokenizer of the model reads "
        "it. Write it as a string in quotes.",
    ),
    (
        {"answers": [" Bob", 7]},
        "`answers[1]` is 7. An answer is a text such as ' Mary', or a list of texts that all "
        "count, because a metric reads the logits of their tokens. Write `answers=[' Mary', ...]`.",
    ),
    (
        {"wrong_answers": [" Ann", []]},
        "`wrong_answers[1]` is []. An answer is a text such as ' Mary', or a list of texts that "
        "all count, because a metric reads the logits of their tokens. Write "
        "`wrong_answers=[' Mary', ...]`.",
    ),
    (
        {"wrong_answers": [" Ann", " Tim"]},
        "Pair 1 has ' Tim' both as answer and as wrong answer. The two must differ, because a "
        "metric compares them. Put the answer of the corrupted prompt in `wrong_answers`.",
    ),
    (
        {"corrupted": ["Ann saw Bob. Bob called", "Sue met Tim. Sue met"]},
        "Pair 1 has the same text clean and corrupted: 'Sue met Tim. Sue met'. The two prompts "
        "must differ, because patching moves only what differs between their runs. Replace the "
        "word that decides the answer in `corrupted`.",
    ),
    (
        {"groups": ["a"]},
        "`groups` has length 1, and there are 2 pairs. A list gives one entry per pair; a single "
        "value holds for all. Give as many entries as pairs, or one value.",
    ),
    (
        {"roles": {"END": 3}},
        "Role `END` was given as 3. `END` is always the last token of the prompt, because the "
        "answer is read there. Give your role another name.",
    ),
    (
        {"roles": {"first name": 0}},
        "Role 'first name' cannot be part of a node's name such as `L9H6@S2`. A role is made of "
        "letters, digits, `_`, `+` and `-`, with at least one letter. Rename it.",
    ),
    (
        {"roles": {"name": "Zoe"}},
        "Role `name` of pair 0 is 'Zoe', which does not occur in the clean prompt 'Ann saw Bob. "
        "Ann called'. A role names a place in that prompt. Use a text that occurs in it, or a "
        "token position such as -3.",
    ),
    (
        {"roles": {"name": "Ann"}},
        "Role `name` of pair 0 is 'Ann', which occurs 2 times in the clean prompt. A role is one "
        "place, so the text does not say which is meant. Give the span of characters: `(0, 3)` is "
        "the first, `(13, 16)` the last.",
    ),
    (
        {"roles": {"name": [0, (5, 99)]}},
        "Role `name` of pair 1 is (5, 99). A role is a token position such as -3, a span "
        "`(start, end)` with 0 <= start < end <= 20 of characters in the clean prompt, or a text "
        "that occurs once in it. Write one of the three.",
    ),
]


@pytest.mark.parametrize(("changed", "sentence"), REFUSALS)
def test_bad_pairs_are_refused(changed: dict[str, Any], sentence: str) -> None:
    assert refusal(**changed) == sentence


@pytest.mark.parametrize("place", [True, 1.5, (1, 2, 3), (3, 3), (-4, -1), None])
def test_what_is_no_place_is_no_role(place: object) -> None:
    assert f"Role `name` of pair 0 is {place!r}." in refusal(roles={"name": place})


def test_a_mask_has_one_bool_per_pair() -> None:
    sentence = (
        "The mask has length 1, and there are 2 pairs. A mask says yes or no for every pair. Give "
        "one bool per pair, or a list of indices."
    )
    with pytest.raises(PromptError, match=f"^{re.escape(sentence)}$"):
        PromptPairs(**TWO)[[True]]
