"""Spans of several tokens and their buckets: which positions, in prompts of any shape."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import TokenPairs, tokenize
from tests.families import word_tokenizer

NAMES = ["Mary", "John", "Tom", "Anna", "Sara", "Paul"]
KINDS = ("subject_first", "subject_middle", "subject_last", "subject+1", "subject+further", "END")


def tokens(clean: list[str], roles: dict[str, Any], *, bos: bool = True) -> TokenPairs:
    """Return prompt pairs of which one word differs, as tokens of one word each."""
    pairs = PromptPairs(
        clean=clean,
        corrupted=[" ".join([*text.split()[:-1], "ring"]) for text in clean],
        answers=[" store"] * len(clean),
        wrong_answers=[" park"] * len(clean),
        roles=roles,
    )
    return tokenize(pairs, word_tokenizer(), prepend_bos=bos)


def test_the_buckets_of_spans_of_one_to_four_tokens():
    subjects = ["Mary", "Mary John", "Mary John Tom Anna", "Mary John Tom"]
    after = ["went to the", "went to", "went to the park", "went"]
    clean = [f"then the {s} {a}" for s, a in zip(subjects, after, strict=True)]
    found = tokens(clean, {"subject": subjects}).buckets
    assert found == {
        "subject": {
            "subject_first": ((3,), (3,), (3,), (3,)),
            "subject_middle": ((), (), (4, 5), (4,)),
            "subject_last": ((3,), (4,), (6,), (5,)),
            "subject+1": ((4,), (5,), (7,), (6,)),
            "subject+further": ((5,), (), (8, 9), ()),
            "END": ((6,), (6,), (10,), (6,)),
        }
    }


def test_positions_count_the_bos_token_where_there_is_one():
    asked = (["the Mary John went to"], {"subject": "Mary John"})
    with_bos, without = tokens(*asked).buckets, tokens(*asked, bos=False).buckets
    assert with_bos["subject"]["subject_last"] == ((3,),)
    assert without["subject"]["subject_last"] == ((2,),)


def test_a_span_at_the_end_of_the_prompt_has_nothing_after_it():
    found = tokens(["the book went to Mary John"], {"subject": "Mary John"}).buckets["subject"]
    assert found["subject_last"] == found["END"] == ((6,),)
    assert found["subject+1"] == found["subject+further"] == ((),)


def test_a_span_may_be_given_by_its_first_and_last_token():
    clean = ["the Mary John Tom went to", "the book Mary went to the"]
    found = tokens(clean, {"who_first": [1, 2], "who_last": [3, 2]}).buckets
    assert list(found) == ["who"]
    assert found["who"]["who_middle"] == ((3,), ())
    assert found["who"]["who+1"] == ((5,), (4,))


def test_a_bucket_that_is_a_role_is_at_that_role():
    roles = {"subject": "Mary John", "subject+1": "to"}
    found = tokens(["the Mary John went to the park"], roles).buckets["subject"]
    assert found["subject+1"] == ((5,),)
    assert found["subject+further"] == ((6,),)


def test_roles_of_one_token_are_no_spans():
    assert tokens(["the Mary went to"], {"subject": "Mary", "at": 1}).buckets == {}


def test_a_span_that_one_pair_lacks_is_no_span():
    texts = ("the Mary John went", "the Mary John said", (" store",), (" park",))
    pairs = PromptPairs.of([PromptPair(*texts, {"subject": (4, 13)}), PromptPair(*texts)])
    assert tokenize(pairs, word_tokenizer(), prepend_bos=True).buckets == {}


def test_the_subject_of_a_fact_is_a_span(smollm2_tokenizer: Any, words_of: Any):
    pairs = TASKS.get("facts").pairs(12, 0, words=words_of(smollm2_tokenizer))
    found = tokenize(pairs, smollm2_tokenizer, prepend_bos=False)
    (buckets,) = found.buckets.values()
    assert tuple(buckets) == KINDS
    for role in ("subject_first", "subject_last", "subject+1", "END"):
        for group in found.groups:
            at = {int(position) for position in group.roles[role]}
            assert at == {buckets[role][pair][0] for pair in group.members}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_token_from_the_span_on_is_in_a_bucket(data: st.DataObject):
    clean, spans = [], []
    for _ in range(data.draw(st.integers(1, 4))):
        words = data.draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=9))
        first = data.draw(st.integers(0, len(words) - 1))
        last = data.draw(st.integers(first, len(words) - 1))
        clean.append([*words[:-1], "park"])
        spans.append((first, last))
    texts = [" ".join(words) for words in clean]
    characters = []
    for words, (first, last) in zip(clean, spans, strict=True):
        start = len(" ".join(words[:first])) + (first > 0)
        characters.append((start, len(" ".join(words[: last + 1]))))
    found = tokens(texts, {"subject": characters}).buckets
    if all(first == last for first, last in spans):
        assert found == {}
        return
    for pair, (words, (first, last)) in enumerate(zip(clean, spans, strict=True)):
        parts = {name: found["subject"][name][pair] for name in KINDS}
        assert parts["subject_first"] == (first + 1,)
        assert parts["subject_last"] == (last + 1,)
        assert parts["END"] == (len(words),)
        every = sorted({position for places in parts.values() for position in places})
        assert every == list(range(first + 1, len(words) + 1))
        inside = (*parts["subject_middle"], *parts["subject+further"])
        others = {*parts["subject_first"], *parts["subject_last"], *parts["subject+1"]}
        assert not set(inside) & (others | set(parts["END"]))
