"""Several corrupted prompts to every clean one: drawn, measured in one go, and read by draw."""

import random
import re

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.errors import PromptError
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions.token_replacement import TokenReplacement
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._redrawing import Redrawing
from patchwidgets.prompts.words import PLAIN_WORDS, PlainWords
from patchwidgets.results.result import Result
from tests.families import PAIRS, study_of, tiny
from tests.models.tiny_ioi import ioi_study, tiny_ioi

TASKS_THAT_DRAW = [name for name in TASKS.names() if isinstance(TASKS.get(name), Redrawing)]
SITES = [(name, site) for name in TASKS_THAT_DRAW for site in sorted(TASKS.get(name).redrawable)]


@pytest.fixture(scope="module")
def study():
    return ioi_study(at="ABC", corruption=TokenReplacement(draws=3), store=False)


@pytest.fixture(scope="module")
def result(study):
    return study.sweep("mlp").wait()


def refused(make):
    with pytest.raises(PromptError) as caught:
        make()
    return str(caught.value)


def test_there_are_tasks_that_draw():
    assert {"ioi", "facts", "docstring", "arithmetic", "induction"} <= set(TASKS_THAT_DRAW)


@pytest.mark.parametrize(("name", "site"), SITES)
def test_a_clean_prompt_stays_and_its_corrupted_prompts_are_drawn(name, site):
    task = TASKS.get(name)
    pairs = task.pairs(20, 1, at=site)
    draws = [pairs, *TokenReplacement(draws=4).redrawn(task, pairs, 1, at=site)]
    assert len(draws) == 4
    for drawn in draws:
        for pair, first in zip(drawn, pairs, strict=True):
            kept = ("clean", "answers", "roles", "group")
            assert [getattr(pair, one) for one in kept] == [getattr(first, one) for one in kept]
            lengths = [PLAIN_WORDS.length(text) for text in (pair.clean, pair.corrupted)]
            assert lengths[0] == lengths[1]
    several = [len({drawn[i].corrupted for drawn in draws}) > 1 for i in range(20)]
    assert sum(several) > 15


@pytest.mark.parametrize(("name", "site"), SITES)
def test_a_draw_depends_on_its_seed_prompt_and_number_alone(name, site):
    task = TASKS.get(name)
    pairs = task.pairs(6, 1, at=site)
    two, three = (TokenReplacement(draws=n).redrawn(task, pairs, 1, at=site) for n in (2, 3))
    assert list(two[0]) == list(three[0])
    alone = TokenReplacement(draws=2).redrawn(task, pairs[2:4], 1, at=site)
    assert list(alone[0]) == list(two[0][2:4])
    other = TokenReplacement(draws=2).redrawn(task, pairs, 2, at=site)
    assert list(other[0]) != list(two[0])


def test_wrong_answers_come_with_the_words_that_were_drawn():
    task = TASKS.get("capitals")
    pairs = task.pairs(10, 0)
    (again,) = TokenReplacement(draws=2).redrawn(task, pairs, 0)
    known = {pair.clean: pair for pair in task.pairs(300, 3)}
    for pair in again:
        assert pair.wrong_answers != pair.answers
        truth = known.get(pair.corrupted)
        assert truth is None or truth.answers == pair.wrong_answers
    strangers = [pair.wrong_answers for pair in TASKS.get("ioi").pairs(5, 0, at="ABC")]
    redrawn = TASKS.get("ioi").redrawn(
        TASKS.get("ioi").pairs(5, 0, at="ABC"),
        [random.Random(i) for i in range(5)],
        at="ABC",
        words=PLAIN_WORDS,
    )
    assert [pair.wrong_answers for pair in redrawn] == strangers


def redrawn_of(name, at, n=30):
    task = TASKS.get(name)
    pairs = task.pairs(n, 0, at=at)
    chances = [random.Random(i) for i in range(n)]
    return zip(pairs, task.redrawn(pairs, chances, at=at, words=PLAIN_WORDS), strict=True)


@pytest.mark.parametrize("at", ["X+Y", "X", "Y"])
def test_other_sums_have_other_results_and_no_example_is_asked(at):
    for pair, again in redrawn_of("arithmetic", at):
        *examples, asked = again.corrupted.split("\n")
        x, sign, y, _ = asked.split()
        (wrong,) = again.wrong_answers
        assert int(wrong) == eval(f"{x} {sign} {y}")
        assert wrong[0].isspace() == pair.answers[0][0].isspace()
        assert again.wrong_answers != pair.answers
        assert not any(example.startswith(f"{asked} ") for example in examples)
        own = pair.clean.split("\n")[-1].split()
        assert (x == own[0], y == own[2]) in {
            "X+Y": [(False, False), (True, False), (False, True)],
            "X": [(False, True)],
            "Y": [(True, False)],
        }[at]


@pytest.mark.parametrize("at", ["A", "B"])
def test_another_word_of_induction_is_new(at):
    for pair, again in redrawn_of("induction", at):
        said, heard = pair.clean.split(), again.corrupted.split()
        (new,) = [word for word, old in zip(heard, said, strict=True) if word != old]
        assert new not in said
        assert again.wrong_answers == ((f" {new}",) if at == "B" else pair.wrong_answers)


def test_other_names_of_arguments_are_new():
    for at in ("C_def", "A_def+B_def", "A_doc+B_doc"):
        for pair, again in redrawn_of("docstring", at):
            before, after = (re.findall(r"\w+", text) for text in (pair.clean, again.corrupted))
            new = [word for word, old in zip(after, before, strict=True) if word != old]
            assert len(set(new)) == len(at.split("+"))
            assert not set(new) & set(before)
            assert again.wrong_answers == pair.wrong_answers


def test_a_draw_is_what_a_study_of_its_own_measures(study, result):
    by_draw = result.by_draw()
    assert by_draw.sizes == {"layer": 3, "draw": 3}
    task, pairs = TASKS.get("ioi"), study.prompts.pairs
    words = pw.prompts.words.TokenizerWords(tiny_ioi().tokenizer)
    others = TokenReplacement(draws=3).redrawn(task, pairs, 3, at="ABC", words=words)
    for draw, drawn in enumerate([pairs, *others]):
        own = pw.Study(tiny_ioi(), drawn, prepend_bos=True, store=False).sweep("mlp")
        wanted = own.effect().mean("prompt").to_numpy()
        np.testing.assert_allclose(by_draw.isel(draw=draw), wanted, atol=1e-4)
    assert np.abs(by_draw.isel(draw=0) - by_draw.isel(draw=1)).max() > 1e-2
    np.testing.assert_allclose(by_draw.mean("draw"), result.effect().mean("prompt"), atol=1e-9)


def test_the_spread_over_draws_is_part_of_the_result(result):
    spread = result.draw_spread()
    assert (spread["sd_draws"] > 0).all()
    assert spread.attrs["draws"] == 3
    assert "3 pairs, each with 3 corrupted prompts" in str(result) or result.draws == 3


def test_every_corrupted_prompt_and_the_code_are_kept(result, monkeypatch):
    loaded = Result.from_json(result.to_json())
    assert loaded.draws == 3
    np.testing.assert_array_equal(loaded.by_draw(), result.by_draw())
    about = loaded.provenance
    assert (about["draws"], about["seed"]) == (3, 3)
    prompt = about["prompts"][0]
    assert len(prompt["redrawn"]) == 2
    assert prompt["corrupted_ids"] not in prompt["redrawn"]
    monkeypatch.setattr(pw, "load_model", lambda name: tiny_ioi(), raising=False)
    names = {}
    exec(about["code"].rpartition("\nresult = ")[0], names)
    assert names["study"].provenance["prompts"] == result.provenance["prompts"]


def test_groups_that_are_kept_keep_their_draws(study):
    group = study.prompts.pairs[0].group
    with pytest.warns(UserWarning, match=" prefers the answer on "):
        kept = study.keep(group)
    assert kept.prompts.draws == 3
    ours = kept.provenance["prompts"][0]["redrawn"]
    assert ours == study.provenance["prompts"][0]["redrawn"]


def test_one_draw_changes_nothing():
    assert CORRUPTIONS.get("token_replacement") == TokenReplacement()
    plain, drawn = ioi_study(), ioi_study(corruption=TokenReplacement(draws=1))
    assert plain.provenance == drawn.provenance
    assert "draws" not in plain.provenance


def test_a_site_with_one_corrupted_prompt_has_no_draws():
    assert refused(lambda: ioi_study(corruption=TokenReplacement(draws=3))) == (
        "`draws=3` asks for several corrupted prompts to every clean prompt, and the task `ioi` "
        "has one at `S2`: what comes in there is not drawn. Use a site at which words are drawn "
        "(`at='S1+IO'`, `at='ABC'`), or noise, which can always be drawn, such as "
        "`corruption='gaussian_noise'`; or leave `draws` out."
    )


def test_a_task_that_does_not_draw():
    task = TASKS.get("greater_than")
    assert refused(lambda: TokenReplacement(draws=2).redrawn(task, task.pairs(2, 0), 0)) == (
        "`draws=2` asks for several corrupted prompts to every clean prompt, and the task "
        "`greater_than` has one at `YY`: what comes in there is not drawn. Use noise, which can "
        "always be drawn, such as `corruption='gaussian_noise'`; or leave `draws` out."
    )


def test_a_tokenizer_with_no_word_but_those_of_the_prompt():
    task = TASKS.get("induction")
    pairs = task.pairs(1, 0)
    clean = pairs[0].clean

    class Said(PlainWords):
        def random_word(self, draw: random.Random) -> str:
            return f" {draw.choice(clean.split())}"

    again = TokenReplacement(draws=2)
    assert refused(lambda: again.redrawn(task, pairs, 0, at="A", words=Said())) == (
        "This tokenizer has no word that is a single token besides the 8 of the prompt "
        f"{clean!r}, so that nothing new can take the place of one. Leave `draws` out, or use "
        "noise, such as `corruption='gaussian_noise'`."
    )


def test_own_pairs_have_the_corrupted_prompt_that_was_given():
    own = TokenReplacement(draws=4)
    assert refused(lambda: study_of(tiny("llama"), PAIRS, corruption=own)) == (
        "`draws=4` asks for several corrupted prompts to every clean prompt, and prompt pairs of "
        "your own have the one that you gave: nothing says which words could stand there instead. "
        "Give a pair for each corrupted prompt and leave `draws` out, or use noise, which can "
        "always be drawn, such as `corruption='gaussian_noise'`."
    )


def test_no_draw_at_all():
    assert refused(lambda: TokenReplacement(draws=0)) == (
        "`draws=0` corrupted prompts were asked for. Every clean prompt is compared with each of "
        "them, so there must be at least one, and ten show how much depends on the draw. Pass "
        "`draws=10`."
    )
