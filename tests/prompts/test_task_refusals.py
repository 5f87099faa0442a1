"""What tasks refuse, each with its whole sentence."""

from typing import Any

import pytest

from patchwidgets.errors import PromptError, TooFewPairsError, UnknownNameError
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._ioi_words import NAMES, OBJECTS, PLACES
from patchwidgets.prompts.words import PlainWords

SPORTS = [
    ("The athlete Babe Ruth plays", "Babe Ruth", "baseball"),
    ("The athlete Tiger Woods plays", "Tiger Woods", "golf"),
]
FEW = (
    "Only {} are {} for this tokenizer, and {} are needed. Prompts line up only where a word is "
    "replaced by one of as many tokens, and a metric reads one token. Write your own pairs with "
    "`PromptPairs`, in words the model knows."
)


class Five(PlainWords):
    """Every word is one token, but of the names only five."""

    def split(self, text: str) -> tuple[str, ...]:
        kept = [*NAMES[:5], *PLACES, *OBJECTS]
        return super().split(text) if text.strip() in kept else tuple(text)


def sentence(name: str, *arguments: Any, **options: Any) -> str:
    """Return what a task says when it refuses to draw pairs."""
    with pytest.raises(PromptError) as caught:
        TASKS.get(name).pairs(*arguments, **options)
    return str(caught.value)


NOTHING_FITS = {
    "agreement": ("0 of the 32 subjects of this task", "single tokens in both numbers", 2),
    "capitals": ("0 of the 50 countries of this task", "single tokens, and their capitals too,", 3),
    "docstring": ("0 of the 78 names of arguments of this task", "single tokens", 9),
    "facts": ("0 of the 505 facts of this task", "answered by a single token", 2),
    "gendered_pronoun": ("0 of the 50 men's names of this task", "single tokens", 1),
    "greater_than": ("0 of the 55 nouns of this task", "single tokens", 1),
    "ioi": ("0 of the 98 names of this task", "single tokens", 5),
}


@pytest.mark.parametrize("name", NOTHING_FITS)
def test_a_tokenizer_that_no_word_fits_is_told_which_condition_failed(name, unread):
    assert sentence(name, 1, 0, words=unread) == FEW.format(*NOTHING_FITS[name])


def test_a_year_that_is_not_read_is_asked_about_alone():
    asked = []

    class Whole(PlainWords):
        def split(self, text: str) -> tuple[str, ...]:
            asked.append(text.strip())
            return (text,)

    assert sentence("greater_than", 1, 0, words=Whole()).startswith(
        "This tokenizer reads ' 1732' as ' 1732'. The task needs one that reads years in twos"
    )
    years = {text for text in asked if text.isdigit()}
    assert years == {f"{century}{year:02}" for century in range(11, 19) for year in range(2, 99)}


def test_a_tokenizer_without_single_numbers(unread):
    assert sentence("arithmetic", 1, 0, words=unread) == (
        "Only 0 of the numbers 0 to 529 are single tokens for this tokenizer, and 4 are needed. A "
        "number is replaced by one of as many tokens, and a metric reads one token. Write your own "
        "pairs with `PromptPairs`, in numbers as this tokenizer reads them."
    )


def test_a_tokenizer_with_one_word_has_no_random_prompts(unread):
    assert sentence("induction", 1, 0, words=unread) == (
        "This tokenizer has only 1 words that are single tokens, and 10 different ones are needed "
        "for one prompt. A word that stood there twice by accident would have two followers. Pass "
        "`templates=['8 words']`, or use a task with words of its own."
    )


class Threes(PlainWords):
    """Reads numbers in threes, as some tokenizers do."""

    def split(self, text: str) -> tuple[str, ...]:
        return (" 173", "2") if text == " 1732" else super().split(text.replace("0", " zero"))[:1]


def test_years_that_are_read_in_no_way_that_the_task_knows():
    assert sentence("greater_than", 1, 0, words=Threes()) == (
        "This tokenizer reads ' 1732' as ' 173', '2'. The task needs one that reads years in twos "
        "(' 17', '32') or digit by digit, because the answer is the next token after the century. "
        "Write your own pairs with `PromptPairs`, in numbers as this tokenizer reads them."
    )


@pytest.mark.parametrize("name", TASKS.names())
def test_no_pairs_are_not_a_measurement(name):
    assert sentence(name, 0, 0) == (
        "`n=0` prompt pairs were asked for. A measurement needs at least one, and 100 or more for "
        "a stable picture. Pass `n=64`."
    )


def test_more_pairs_than_there_are():
    task = TASKS.get("facts").of(SPORTS)
    assert len(task.pairs(2, 0)) == 2
    with pytest.raises(TooFewPairsError) as caught:
        task.pairs(3, 0)
    assert caught.value.available == 2
    assert str(caught.value) == (
        "`n=3` prompt pairs were asked for, and this task has 2 different ones on this tokenizer. "
        "No pair is given twice, because a repeated prompt would count as a new observation. Pass "
        "`n=2` or less, or ask for more templates."
    )


FINITE = ["agreement", "capitals", "gendered_pronoun", "greater_than", "ioi"]


@pytest.mark.parametrize("name", FINITE)
def test_a_task_knows_how_many_pairs_it_has(name):
    with pytest.raises(TooFewPairsError) as caught:
        TASKS.get(name).pairs(10_000_000, 0)
    assert 1_000 < caught.value.available < 10_000_000


def test_ioi_gives_every_pair_of_the_shortest_template_and_no_more():
    short, long = "While [S] and [IO] sat, [S] spoke to", "While [IO] and [S] sat, [S] gave it to"
    longer = "At the [PLACE], [S] and [IO] sat. [S] spoke to"
    task, names = TASKS.get("ioi"), 98 * 97
    for asked, there in [([short], names), ([short, long, short, longer], 3 * names)]:
        with pytest.raises(TooFewPairsError) as caught:
            task.pairs(10_000_000, 0, templates=asked)
        assert there <= caught.value.available < there + len(asked)
    five = task.pairs(20, 0, words=Five(), templates=[short])
    assert len({pair.clean for pair in five}) == 20
    with pytest.raises(TooFewPairsError) as caught:
        task.pairs(21, 0, words=Five(), templates=[short])
    assert str(caught.value) == (
        "`n=21` prompt pairs were asked for, and this task has 20 different ones on this "
        "tokenizer. No pair is given twice, because a repeated prompt would count as a new "
        "observation. Pass `n=20` or less, or ask for more templates."
    )


def test_a_subject_that_is_not_in_its_prompt():
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of([*SPORTS, ("The athlete Tom Brady plays", "Tim Brady", "football")])
    assert str(caught.value) == (
        "The subject 'Tim Brady' of fact 2 is not in its prompt, 'The athlete Tom Brady plays'. It "
        "must stand there once, because it is what is replaced in the corrupted prompt. Write "
        "prompt, subject and answer, such as ('The Eiffel Tower is in the city of', 'Eiffel "
        "Tower', 'Paris')."
    )


def test_a_subject_that_is_twice_in_its_prompt():
    with pytest.raises(PromptError, match=r"^The subject 'a' of fact 0 is 3 times in its prompt,"):
        TASKS.get("facts").of([("a b a c a", "a", "d")])


def test_no_facts():
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of([])
    assert str(caught.value) == (
        "There are no facts. A pair is made of two of the same relation. Give rows of prompt, "
        "subject and answer."
    )


def test_a_fact_whose_answer_is_several_tokens_is_left_out():
    own = [*SPORTS, ("The athlete Wayne Gretzky plays", "Wayne Gretzky", "ice hockey")]
    task = TASKS.get("facts").of(own)
    assert {str(share) for share in task.usable(PlainWords()).values()} == {"2 of 3 (67 %)"}
    assert {pair.answers[0] for pair in task.pairs(2, 0)} == {" baseball", " golf"}
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of(own[1:]).pairs(1, 0)
    assert str(caught.value) == FEW.format(
        "1 of the 2 facts of this task", "answered by a single token", 2
    )


def test_facts_without_a_partner():
    own = [SPORTS[0], ("The athlete Pele plays", "Pele", "soccer")]
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of(own).pairs(1, 0)
    assert str(caught.value) == FEW.format(
        "0 of the 2 facts of this task",
        "paired with one of their relation, of equally many tokens",
        2,
    )


def test_facts_without_a_stranger():
    own = [*SPORTS, ("The goals of Pele were for", "Pele", "Brazil")]
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of(own).pairs(1, 0)
    assert str(caught.value) == FEW.format(
        "0 of the 3 facts of this task",
        "paired with one of their relation and with a subject of another, of equally many tokens",
        2,
    )


@pytest.mark.parametrize("name", ["facts", "paired_facts"])
def test_a_relation_without_two_facts(name):
    own = [*SPORTS, ("The goals of Edson Pele were for", "Edson Pele", "Brazil")]
    with pytest.raises(PromptError) as caught:
        TASKS.get(name).of(own).pairs(1, 0, templates=["The goals of [SUBJECT] were for"])
    assert str(caught.value) == (
        "The relations ['The goals of [SUBJECT] were for'] have no two facts that fit this "
        "tokenizer. A pair needs two facts of one relation whose prompts have equally many tokens "
        "and whose answers are two different single tokens. Ask for other relations."
    )


def test_a_question_that_fits_every_subject():
    with pytest.raises(PromptError) as caught:
        TASKS.get("facts").of(SPORTS).pairs(1, 0, at="other_kind")
    assert str(caught.value) in {
        f"No subject of another relation has as many tokens as {subject!r} in {prompt!r}. Prompts "
        "line up only where a word is replaced by one of as many tokens. Use the corruption site "
        "`subject`, or give facts of more relations."
        for prompt, subject, _ in SPORTS
    }


def test_a_name_that_is_in_a_template_could_be_drawn_too():
    text = "Then, [S] and [IO] met Mary. [S] gave a [OBJECT] to"
    assert sentence("ioi", 1, 0, templates=[text]) == (
        f"{text!r} has the name 'Mary' in it, which could be drawn for a slot too. A prompt would "
        "then have a name twice by accident, and the repeated name decides the answer. Write a "
        "slot in place of 'Mary', or a word that is no name."
    )


@pytest.mark.parametrize("name", [name for name in TASKS.names() if name != "ioi"])
def test_a_template_that_does_not_exist(name):
    with pytest.raises(UnknownNameError, match=r"^There is no template called 'nonesuch'\."):
        TASKS.get(name).pairs(1, 0, templates=["nonesuch"])


@pytest.mark.parametrize("name", TASKS.names())
def test_a_corruption_site_that_does_not_exist(name):
    with pytest.raises(UnknownNameError, match=r"^There is no corruption site called 'S9'\."):
        TASKS.get(name).pairs(1, 0, at="S9")
