"""The contract of every task, and what is particular to IOI."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from transformers import PreTrainedTokenizerFast

from patchwidgets.errors import PromptError, UnknownNameError
from patchwidgets.metrics import METRICS
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions._corruption import Corruption
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.tokens import tokenize
from patchwidgets.prompts.words import TokenizerWords, Words

BY_SITE = [(name, site) for name in TASKS.names() for site in TASKS.get(name).sites]
WordsOf = Callable[[PreTrainedTokenizerFast], Words]
LABELS = [f"{order} {k}" for order in ("BABA", "ABBA") for k in range(1, 16)]


@pytest.mark.parametrize("name", TASKS.names())
def test_a_task_describes_itself(name: str) -> None:
    task = TASKS.get(name)
    assert isinstance(task, Task)
    assert task.name == name
    assert task.title
    assert re.search(r"\d{4}\.\d{4,5}|\d{4}", task.citation)
    assert task.default_metric in METRICS.names()
    assert task.default_site in task.sites
    assert all(sentence.endswith(".") for sentence in task.sites.values())
    assert set(task.symmetric) <= set(task.sites)
    assert len(task.sites) > 1
    assert task.roles[-1] == "END"


@pytest.mark.parametrize(("name", "site"), BY_SITE)
def test_the_seed_decides_and_fewer_pairs_come_first(name: str, site: str) -> None:
    task = TASKS.get(name)
    pairs = task.pairs(40, seed=3, at=site)
    assert pairs == task.pairs(40, seed=3, at=site)
    assert pairs[:7] == task.pairs(7, seed=3, at=site)
    assert pairs != task.pairs(40, seed=4, at=site)


@pytest.mark.parametrize(("name", "site"), BY_SITE)
def test_the_clean_side_does_not_depend_on_the_corruption_site(name: str, site: str) -> None:
    task = TASKS.get(name)
    for ours, default in zip(task.pairs(40, 0, at=site), task.pairs(40, 0), strict=True):
        assert (ours.clean, ours.answers, ours.roles) == (
            default.clean,
            default.answers,
            default.roles,
        )


@pytest.mark.parametrize("name", TASKS.names())
def test_the_clean_side_does_not_depend_on_the_corruption_site_of_a_tokenizer(
    name: str, task_tokenizer: PreTrainedTokenizerFast, words_of: WordsOf
) -> None:
    task, words = TASKS.get(name), words_of(task_tokenizer)
    sides = [
        [(pair.clean, pair.answers) for pair in task.pairs(40, 2, at=site, words=words)]
        for site in task.sites
    ]
    assert all(side == sides[0] for side in sides)
    assert len(set(sides[0])) > 30
    fewer = task.pairs(7, 2, words=words)
    assert [(pair.clean, pair.answers) for pair in fewer] == sides[0][:7]


@pytest.mark.parametrize(("name", "site"), BY_SITE)
def test_pairs_line_up_and_answers_are_single_tokens(
    name: str, site: str, task_tokenizer: PreTrainedTokenizerFast, words_of: WordsOf
) -> None:
    """Tokenizing refuses unequal counts and answers of several tokens."""
    task = TASKS.get(name)
    pairs = task.pairs(60, 0, at=site, words=words_of(task_tokenizer))
    tokens = tokenize(pairs, task_tokenizer, prepend_bos=task_tokenizer.bos_token is not None)
    assert set(tokens.roles) == set(task.roles)
    for right, wrong in zip(tokens.answers.right, tokens.answers.wrong, strict=True):
        assert not set(right) & set(wrong)
    for group in tokens.groups:
        for row, member in enumerate(group.members):
            ids = group.clean[row].tolist()
            for role, at in group.roles.items():
                place = pairs[member].roles[role]
                if not isinstance(place, int):
                    text = str(task_tokenizer.decode([ids[int(at[row])]])).strip()
                    said = pairs[member].clean[slice(*place)]
                    assert text, role
                    assert text in said or said in text, (role, text, said)


@pytest.mark.parametrize("name", TASKS.names())
def test_no_clean_and_corrupted_prompt_come_twice_together(name: str) -> None:
    pairs = TASKS.get(name).pairs(200, 0)
    assert len({(pair.clean, pair.corrupted) for pair in pairs}) == 200


@pytest.mark.parametrize("name", TASKS.names())
def test_a_task_counts_the_words_that_fit(
    name: str, task_tokenizer: PreTrainedTokenizerFast, words_of: WordsOf
) -> None:
    shares = TASKS.get(name).usable(words_of(task_tokenizer))
    assert all(0 < share.kept <= share.of for share in shares.values())
    assert bool(shares) == (name != "induction")


@pytest.mark.parametrize("name", TASKS.names())
@pytest.mark.parametrize("corruption", CORRUPTIONS.names())
def test_a_corruption_keeps_the_clean_prompts(corruption: str, name: str) -> None:
    task, member = TASKS.get(name), CORRUPTIONS.get(corruption)
    assert isinstance(member, Corruption)
    assert member.name == corruption
    pairs = member.pairs(task, 20, 5)
    assert pairs == member.pairs(task, 20, 5)
    assert [pair.clean for pair in pairs] == [pair.clean for pair in task.pairs(20, 5)]
    if member.acts_on == "text":
        assert all(pair.clean != pair.corrupted for pair in pairs)


@pytest.mark.parametrize("label", LABELS)
def test_every_ioi_template_lines_up_in_both_orders(
    label: str, any_tokenizer: PreTrainedTokenizerFast, words_of: WordsOf
) -> None:
    ioi, words = TASKS.get("ioi"), words_of(any_tokenizer)
    lengths = set()
    for site in ioi.sites:
        pairs = ioi.pairs(20, 1, at=site, words=words, templates=[label])
        tokens = tokenize(pairs, any_tokenizer, prepend_bos=False)
        lengths |= {group.clean.shape[1] for group in tokens.groups}
        first, second = ("S1", "IO") if label.startswith("BABA") else ("IO", "S1")
        assert tokens.roles.index(first) < tokens.roles.index(second)
    assert len(lengths) == 1


def test_ioi_prompts_have_the_lengths_of_the_papers_code(
    smollm2_tokenizer: PreTrainedTokenizerFast,
) -> None:
    """Lengths with the answer token, template by template, as listed for GPT-2."""
    pairs = TASKS.get("ioi").pairs(300, 0, words=TokenizerWords(smollm2_tokenizer))
    strings = tokenize(pairs, smollm2_tokenizer, prepend_bos=False).strings
    lengths = {pair.group: len(clean) + 1 for pair, (clean, _) in zip(pairs, strings, strict=True)}
    wanted = [16, 20, 19, 21, 16, 15, 18, 19, 16, 16, 18, 17, 15, 16, 16]
    assert [lengths[label] for label in LABELS] == wanted * 2


def test_ioi_goes_round_all_thirty_templates() -> None:
    groups = [pair.group for pair in TASKS.get("ioi").pairs(90, 0)]
    assert Counter(groups) == dict.fromkeys(LABELS, 3)
    assert set(groups[:30]) == set(groups[30:60]) == set(LABELS)


@pytest.mark.parametrize(
    ("site", "same"),
    [
        ("S2", {"S1": "S", "IO": "IO", "S2": "IO"}),
        ("S1+IO", {"S1": None, "IO": None, "S2": "S"}),
        ("ABC", {"S1": None, "IO": None, "S2": None}),
    ],
)
def test_an_ioi_site_replaces_just_its_names(site: str, same: dict[str, str | None]) -> None:
    for pair in TASKS.get("ioi").pairs(120, 0, at=site):
        clean = {role: pair.clean[slice(*pair.roles[role])] for role in ("S1", "IO", "S2", "S1+1")}
        assert clean["S1"] == clean["S2"] == pair.wrong_answers[0].strip()
        assert clean["IO"] == pair.answers[0].strip()
        assert clean["S1+1"] in {"and", "went", "had", "were", "got", "found"}
        spans = sorted((pair.roles[role], role) for role in same)
        pattern, done = "", 0
        for (start, end), role in spans:
            pattern += re.escape(pair.clean[done:start]) + f"(?P<{role}>[A-Z][a-z]+)"
            done = end
        found = re.fullmatch(pattern + re.escape(pair.clean[done:]), pair.corrupted)
        assert found is not None
        names = found.groupdict()
        for role, kept in same.items():
            if kept is None:
                assert names[role] not in clean.values()
            else:
                assert names[role] == clean[{"S": "S1", "IO": "IO"}[kept]]
        if None in same.values():
            assert len(set(names.values())) == 3


def test_your_own_ioi_template_and_a_label() -> None:
    own = "Look, [IO] and [S] sat down. [S] waved at"
    first, second = TASKS.get("ioi").pairs(2, 0, templates=[own, "BABA 14"])
    own_pair = first if first.group == "ABBA 1" else second
    assert re.fullmatch(r"Look, (\w+) and (\w+) sat down. \2 waved at", own_pair.clean)
    assert own_pair.clean[slice(*own_pair.roles["S1+1"])] == "sat"
    assert {first.group, second.group} == {"ABBA 1", "BABA 14"}


@pytest.mark.parametrize(
    "text",
    ["[S] and [IO] left. [S] saw", "Then [S] saw [S] and [IO]", "Then [S] [IO] [DAY] [S] to"],
)
def test_other_texts_are_no_ioi_template(text: str) -> None:
    with pytest.raises(PromptError) as caught:
        TASKS.get("ioi").pairs(1, 0, templates=[text])
    assert str(caught.value) == (
        f"{text!r} is not an IOI template. It needs `[S]` twice, with `[IO]` before the second, "
        "and no slots but these, `[PLACE]` and `[OBJECT]`, each after a space, because the answer "
        "is the name that is not repeated. Write 'Then, [S] and [IO] went to the [PLACE]. [S] gave "
        "a [OBJECT] to', or a label from 'BABA 1' to 'ABBA 15'."
    )


def test_no_pairs_are_not_a_measurement() -> None:
    with pytest.raises(PromptError) as caught:
        TASKS.get("ioi").pairs(0, 0)
    assert str(caught.value) == (
        "`n=0` prompt pairs were asked for. A measurement needs at least one, and 100 or more for "
        "a stable picture. Pass `n=64`."
    )


def test_an_unknown_corruption_site_has_a_nearest_match() -> None:
    with pytest.raises(UnknownNameError) as caught:
        TASKS.get("ioi").pairs(1, 0, at="S1")
    assert str(caught.value) == (
        "There is no corruption site called 'S1'. Did you mean `S1+IO`? Known: `S2`, "
        "`S1+IO`, `ABC`."
    )
