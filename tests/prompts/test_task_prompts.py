"""What the prompts of each task say, and what each corruption site changes in them."""

import re
from collections import Counter

import pytest

from patchwidgets.errors import TooFewPairsError
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._capitals import CAPITALS
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS
from patchwidgets.prompts.tasks._people import EITHER, MEN, WOMEN
from patchwidgets.prompts.words import TokenizerWords


def drawn(name, at=None, n=80, **options):
    return TASKS.get(name).pairs(n, 5, at=at, **options)


def said(pair, role):
    return pair.clean[slice(*pair.roles[role])]


def test_the_facts_are_many_different_and_of_many_relations():
    relations = Counter(fact.relation for fact in FACTS)
    assert len(FACTS) >= 220
    assert len(relations) >= 8
    assert min(relations.values()) >= 20
    assert len({(fact.relation, fact.subject) for fact in FACTS}) == len(FACTS)
    assert all(re.fullmatch(r"[A-Za-z]+", fact.answer) for fact in FACTS)
    assert all(fact.prompt.count(fact.subject) == 1 for fact in FACTS)


def test_smollm2_pairs_at_least_200_facts_of_at_least_8_relations(smollm2_tokenizer):
    words = TokenizerWords(smollm2_tokenizer)
    kept = TASKS.get("facts").usable(words)["facts that can be paired"]
    assert kept.kept >= 200
    pairs = drawn("facts", n=400, words=words)
    assert len({pair.clean for pair in pairs}) >= 200
    asked = Counter(pair.group for pair in {pair.clean: pair for pair in pairs}.values())
    assert len(asked) >= 8
    assert min(asked.values()) >= 10
    assert all(words.length(pair.clean) == words.length(pair.corrupted) for pair in pairs)


def test_a_pair_of_facts_is_two_true_facts_of_one_relation():
    answers = {fact.prompt: " " + fact.answer for fact in FACTS}
    pairs = drawn("facts", n=450)
    for pair in pairs:
        assert pair.answers == (answers[pair.clean],)
        assert pair.wrong_answers == (answers[pair.corrupted],)
        assert pair.answers != pair.wrong_answers
    assert len({pair.group for pair in pairs[:9]}) == 9
    early = Counter(pair.clean for pair in pairs[:90])
    assert set(early.values()) == {1}


def test_another_kind_of_subject_makes_no_fact():
    known = {fact.prompt for fact in FACTS}
    pairs = drawn("facts", at="other_kind")
    assert all(pair.clean in known and pair.corrupted not in known for pair in pairs)


def test_the_subject_of_a_fact_has_a_first_and_a_last_token(smollm2_tokenizer):
    from patchwidgets.prompts.tokens import tokenize

    words = TokenizerWords(smollm2_tokenizer)
    tokens = tokenize(drawn("facts", words=words), smollm2_tokenizer, prepend_bos=False)
    several = 0
    for group in tokens.groups:
        for row, member in enumerate(group.members):
            at = {role: int(places[row]) for role, places in group.roles.items()}
            strings = tokens.strings[member][0]
            first, last = at["subject_first"], at["subject_last"]
            subject = said(tokens.pairs[member], "subject_last")
            assert "".join(strings[first : last + 1]).strip() == subject
            assert at["subject+1"] == last + 1
            differing = [at for at, differs in enumerate(tokens.diff(member)) if differs]
            assert first <= differing[0] <= differing[-1] <= last
            several += last > first
    assert several > 20


def test_relations_can_be_chosen():
    assert {pair.group for pair in drawn("facts", templates=["sport", "city"])} == {"sport", "city"}


@pytest.mark.parametrize("at", ["country", "example"])
def test_the_capital_of_a_country_after_an_example(at):
    for pair in drawn("capitals", at):
        example, its, country = (said(pair, r) for r in ("example", "example_capital", "country"))
        assert CAPITALS[example] == its
        assert pair.answers == (" " + CAPITALS[country],)
        (start, end) = pair.roles["country"]
        other = pair.corrupted[start:].removesuffix(pair.clean[end:])
        assert pair.wrong_answers == (" " + CAPITALS[other],)
        assert pair.corrupted[:start] == pair.clean[:start]
        assert (other == example) == (at == "example")
        assert other != country != example


YEARS = re.compile(r"The (\w+) lasted from (?:the year )?(\d\d)(\d\d) to (?:the year )?(\d\d)")


@pytest.mark.parametrize("at", ["YY", "XX"])
@pytest.mark.parametrize("reading", ["digits", "twos"])
def test_right_years_are_later_and_wrong_ones_earlier(reading, at, request):
    tokenizers = {"digits": "smollm2_tokenizer", "twos": "twos_tokenizer"}
    words = TokenizerWords(request.getfixturevalue(tokenizers[reading]))
    for pair in drawn("greater_than", at, n=200, words=words):
        found, other = YEARS.fullmatch(pair.clean), YEARS.fullmatch(pair.corrupted)
        assert found is not None
        assert other is not None
        noun, century, year, end = found.groups()
        assert end == century
        size = 1 if reading == "digits" else 2
        given = int(year[:size])
        steps = [f"{step:0{size}}" for step in range(10**size)]
        assert pair.answers == tuple(step for step in steps if int(step) > given) != ()
        assert pair.wrong_answers == tuple(step for step in steps if int(step) < given) != ()
        changed = (century, "01") if at == "YY" else (str(int(century) - 1), year)
        assert other.groups() == (noun, *changed, end)
        roles = ("noun", "XX", "YY_first", "YY_last")
        assert [said(pair, role) for role in roles] == [noun, century, year[0], year]


SUM = re.compile(r"(\d+) ([-+*]) (\d+) =")


@pytest.mark.parametrize("at", ["X+Y", "X", "Y"])
def test_sums_are_right_and_the_question_is_in_no_example(at):
    count = Counter()
    for pair in drawn("arithmetic", at, n=90):
        *examples, asked = pair.clean.split("\n")
        for example in examples:
            left, right = example.split(" = ")
            assert eval(left) == int(right)
        clean, corrupted = SUM.search(asked), SUM.search(pair.corrupted.split("\n")[2])
        assert clean is not None
        assert corrupted is not None
        for found, answers in ((clean, pair.answers), (corrupted, pair.wrong_answers)):
            assert answers == (str(eval(found[0].removesuffix(" ="))),)
            assert not any(example.startswith(found[0]) for example in examples)
        assert pair.answers != pair.wrong_answers
        assert (said(pair, "X"), said(pair, "Y")) == (clean[1], clean[3])
        assert [clean[k] != corrupted[k] for k in (1, 2, 3)] == ["X" in at, False, "Y" in at]
        assert pair.corrupted.split("\n")[:2] == examples
        count[pair.group] += 1
    assert count == {"+": 30, "-": 30, "*": 30}


CODE = re.compile(
    r'\ndef \w+\(self, (.*)\):\n    """\w+ \w+ \w+\n\n    :param (\w+): \w+ \w+\n'
    r"    :param (\w+): \w+ \w+\n    :param"
)


@pytest.mark.parametrize("templates", [None, ["three of three"]])
@pytest.mark.parametrize(
    ("at", "changed"), [("C_def", {2}), ("A_def+B_def", {0, 1}), ("A_doc+B_doc", {3, 4})]
)
def test_the_argument_after_the_two_that_are_described(at, changed, templates):
    for pair in drawn("docstring", at, n=30, templates=templates):
        found, other = CODE.fullmatch(pair.clean), CODE.fullmatch(pair.corrupted)
        assert found is not None
        assert other is not None
        arguments, replaced = (match[1].split(", ") for match in (found, other))
        first = 0 if templates else 2
        a, b, c = arguments[first : first + 3]
        assert (found[2], found[3], pair.answers[0]) == (a, b, " " + c)
        others = {f" {argument}" for argument in arguments if argument != c}
        assert set(pair.wrong_answers) == others
        assert [said(pair, role) for role in ("A_def", "B_def", "C_def", "A_doc", "B_doc")] == [
            *(a, b, c, a, b)
        ]
        places = [*replaced[first : first + 3], other[2], other[3]]
        differing = {at for at, word in enumerate((a, b, c, a, b)) if places[at] != word}
        assert differing == changed
        assert not {places[at] for at in changed} & set(arguments)


@pytest.mark.parametrize("at", ["name", "either"])
def test_a_pronoun_goes_with_the_name(at):
    pronouns = Counter()
    for pair in drawn("gendered_pronoun", at):
        name = said(pair, "name")
        mine, others, pronoun = (MEN, WOMEN, " he") if name in MEN else (WOMEN, MEN, " she")
        assert name in mine
        assert pair.answers == (pronoun,)
        assert {*pair.answers, *pair.wrong_answers} == {" he", " she"}
        start, end = pair.roles["name"]
        other = pair.corrupted[start:].removesuffix(pair.clean[end:])
        assert other in (others if at == "name" else EITHER)
        pronouns[pronoun] += 1
    assert 35 <= pronouns[" he"] <= 45
    assert not set(MEN) & set(WOMEN)
    assert not set(EITHER) & {*MEN, *WOMEN}


@pytest.mark.parametrize("at", ["subject", "subject+neighbour"])
def test_verbs_have_the_number_of_the_subject(at):
    plural = {False: (" is", " was", " has"), True: (" are", " were", " have")}
    for pair in drawn("agreement", at):
        subject, neighbour = said(pair, "subject"), said(pair, "neighbour")
        is_plural = subject in SUBJECTS.values()
        assert is_plural or subject in SUBJECTS
        assert (pair.answers, pair.wrong_answers) == (plural[is_plural], plural[not is_plural])
        words, others = pair.clean.split(), pair.corrupted.split()
        differing = {a for a, b in zip(words, others, strict=True) if a != b}
        assert differing == ({subject} if at == "subject" else {subject, neighbour})
        for one, other in zip(words, others, strict=True):
            if one != other:
                both = {**SUBJECTS, **NEIGHBOURS}
                assert both.get(one) == other or both.get(other) == one


@pytest.mark.parametrize("at", ["B", "A", "END"])
def test_random_words_are_said_twice(at):
    for pair in drawn("induction", at, n=30):
        words, others = pair.clean.split(), pair.corrupted.split()
        first, again = words[:8], words[8:]
        assert len(set(first)) == 8
        assert again == first[: len(again)]
        where = first.index(again[-1])
        assert pair.answers == (" " + first[where + 1],)
        assert (said(pair, "A"), said(pair, "B")) == (again[-1], first[where + 1])
        (changed,) = [k for k, (a, b) in enumerate(zip(words, others, strict=True)) if a != b]
        assert changed == {"A": where, "B": where + 1, "END": len(words) - 1}[at]
        (wrong,) = pair.wrong_answers
        assert wrong not in pair.answers
        if at == "B":
            assert wrong == " " + others[changed]
        if at == "END":
            assert wrong == " " + others[others.index(others[-1]) + 1]
        if at == "A":
            assert others[changed] not in words


def test_a_longer_period_can_be_asked_for():
    (pair,) = drawn("induction", n=1, templates=["16 words"])
    assert len(pair.clean.split()) == 25


@pytest.mark.parametrize("at", ["subject", "other_kind"])
def test_paired_facts_are_asked_in_both_directions(at):
    """As many pairs as there are facts leave none out of a first pair for a second one."""
    pairs = drawn("paired_facts", n=200, at=at)
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        assert (one.answers, one.wrong_answers) == (other.wrong_answers, other.answers)
        assert one.group == other.group
        if at == "subject":
            assert (one.clean, one.corrupted) == (other.corrupted, other.clean)
    assert len({pair.clean for pair in pairs}) == 200


def test_paired_facts_are_as_many_as_facts_and_none_comes_twice():
    task = TASKS.get("paired_facts").of(
        [(f"The athlete {name} plays", name, sport) for name, sport in ATHLETES]
    )
    pairs = task.pairs(8, 0)
    asked = [(pair.clean, pair.corrupted) for pair in pairs]
    assert len(set(asked)) == 8
    assert {(corrupted, clean) for clean, corrupted in asked} == set(asked)
    with pytest.raises(TooFewPairsError, match="`n=9`") as caught:
        task.pairs(9, 0)
    assert caught.value.available == 8


ATHLETES = [("Al", "golf"), ("Bo", "golf"), ("Cy", "chess"), ("Di", "chess")]
