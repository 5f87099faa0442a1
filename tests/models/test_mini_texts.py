"""What mini is trained on: every word known to its tokenizer, nothing that is held out."""

import random
import re
from itertools import combinations, pairwise

import pytest

from patchwidgets.models.mini import held_out
from patchwidgets.models.mini.texts._writing import unmarked
from patchwidgets.models.mini.texts.mixture import MIXTURE, texts
from patchwidgets.models.mini.vocabulary import CONTEXT, make_tokenizer
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._capitals import CAPITALS
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.prompts.tasks._ioi_words import NAMES
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS
from patchwidgets.prompts.tasks._people import EITHER, MEN, WOMEN

EACH = 2000
"""Texts of every kind that are looked at."""

NUMBERS = {
    word: one
    for both in (SUBJECTS, NEIGHBOURS)
    for one, several in both.items()
    for word in (one, several)
}
"""The singular of every noun."""


@pytest.fixture(scope="module")
def written():
    """Texts of every kind, by kind."""
    draw = random.Random("other texts than any step of training")
    return {
        kind: [unmarked(make(draw)) for _ in range(EACH)] for kind, (make, _) in MIXTURE.items()
    }


@pytest.fixture(scope="module")
def everything(written):
    return [one.text for several in written.values() for one in several]


def words(text):
    return re.findall(r"[A-Za-z]+|\d+", text)


def of_task(name, n, **options):
    return TASKS.get(name).pairs(n, seed=5, **options)


def test_the_same_seed_gives_the_same_texts():
    assert texts(50, random.Random("0 7")) == texts(50, random.Random("0 7"))
    assert texts(50, random.Random("0 7")) != texts(50, random.Random("0 8"))


def test_marks_are_taken_out_and_remembered():
    found = unmarked(" a b a~^ b c^ d")
    assert found.text == " a b a b c d"
    assert [found.text[at : at + 2] for at in found.scored] == [" b", " d"]
    assert found.text[: found.start] == " a b a"
    assert unmarked("plain") == ("plain", (), 0)


def test_the_tokenizer_knows_every_word_and_no_text_is_too_long(everything):
    tokenizer = make_tokenizer()
    read = tokenizer(everything, add_special_tokens=False)["input_ids"]
    assert max(map(len, read)) < CONTEXT
    assert not any(tokenizer.unk_token_id in one for one in read)
    assert [tokenizer.decode(one) for one in read[::97]] == everything[::97]


def test_held_out_names_never_meet(everything):
    names = set(NAMES)
    together = {
        pair
        for text in everything
        for pair in combinations(sorted({word for word in words(text) if word in names}), 2)
    }
    assert len(together) > 2000
    assert not [pair for pair in together if held_out.names(*pair)]
    assert held_out.names("Mary", "John") == held_out.names("John", "Mary")
    assert 0.08 < share(held_out.names(*pair) for pair in combinations(NAMES, 2)) < 0.12


def test_held_out_years_are_never_written(everything):
    years = {word for text in everything for word in words(text) if re.fullmatch(r"1\d{3}", word)}
    assert len(years) > 500
    assert not [year for year in years if held_out.year(year)]


def test_held_out_countries_never_meet(everything):
    together = {
        pair
        for text in everything
        for pair in combinations(sorted({word for word in words(text) if word in CAPITALS}), 2)
    }
    assert len(together) > 700
    assert not [pair for pair in together if held_out.countries(*pair)]


def test_held_out_arguments_never_follow_each_other(written):
    defined = [re.search(r"\(self, (.*)\):", one.text) for one in written["docstring"]]
    after = {pair for one in defined if one for pair in pairwise(one[1].split(", "))}
    assert len(after) > 3000
    assert not [pair for pair in after if held_out.arguments(*pair)]


def test_held_out_nouns_never_meet_before_a_verb(written):
    subjects = {word for pair in SUBJECTS.items() for word in pair}
    met = set()
    for one in written["agreement"]:
        nouns = [word for word in words(one.text) if word in NUMBERS]
        if len(nouns) > 1 and nouns[0] in subjects:
            met.add((NUMBERS[nouns[0]], NUMBERS[nouns[1]]))
    assert len(met) > 400
    assert not [pair for pair in met if held_out.nouns(*pair)]


def test_held_out_facts_are_said_in_other_words_only(everything):
    hidden = [fact for fact in FACTS if held_out.fact(fact)]
    assert len(hidden) > 80
    assert not [fact for fact in hidden for text in everything if fact.prompt in text]
    for fact in random.Random(0).sample(hidden, 20):
        assert any(fact.subject in text and fact.answer in text for text in everything), fact


def test_held_out_pronouns_are_never_said(written):
    people = "|".join({*MEN, *WOMEN, *EITHER})
    asked = [pair.clean for pair in of_task("gendered_pronoun", 400)]
    frames = {re.sub(rf"\b({people})\b", "[NAME]", text, count=1) for text in asked}
    assert held_out.PRONOUN_TEMPLATE in frames
    seen = 0
    for one in written["pronouns"]:
        for frame in frames:
            before, after = map(re.escape, frame.split("[NAME]"))
            found = re.match(rf"{before}({people}){after}", one.text)
            seen += found is not None
            assert found is None or not held_out.pronoun(found[1], frame)
    assert seen > 500


@pytest.mark.parametrize("order", ["BABA", "ABBA"])
def test_held_out_templates_of_ioi_are_never_written(written, order):
    for template in held_out.IOI_TEMPLATES:
        text = template if order == "BABA" else template.replace("[S] and [IO]", "[IO] and [S]")
        (pair,) = of_task("ioi", 1, templates=[text])
        assert pair.group.startswith(order)
        frame = re.sub(r"\\\[[A-Z]+\\\]", r"\\w+", re.escape(text))
        assert re.fullmatch(frame, pair.clean)
        assert not [one.text for one in written["ioi"] if re.match(frame, one.text)]


def test_other_held_out_templates_are_never_written(everything):
    for name, template in (
        ("greater_than", held_out.YEAR_TEMPLATE),
        ("agreement", held_out.AGREEMENT_TEMPLATE),
        ("capitals", held_out.QUESTIONS),
        ("gendered_pronoun", held_out.PRONOUN_TEMPLATE),
    ):
        frame = re.sub(r"\\\[[A-Z]+\\\]", r"\\w+", re.escape(template))
        assert any(re.match(frame, pair.clean) for pair in of_task(name, 60)), template
        assert not [text for text in everything if re.search(frame, text)]


def share(marks):
    listed = list(marks)
    return sum(listed) / len(listed)
