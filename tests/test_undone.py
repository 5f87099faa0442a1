"""A task that a model does on no clean prompt: a report, no map, and the way round it."""

import warnings
from collections import Counter
from typing import Any

import pytest
import torch

import patchwidgets as pw
from patchwidgets import cli
from patchwidgets.errors import PromptError
from tests.families import PAIRS, study_of, tiny
from tests.models.tiny_ioi import tiny_ioi

pytestmark = pytest.mark.filterwarnings("ignore:.* prefers the answer on :UserWarning")


def said(texts) -> str:
    """Return what the tiny Llama says after these prompts, by a plain forward pass of each."""
    model, first = tiny("llama"), []
    for text in texts:
        tokens = model.to_tokens(text, prepend_bos=True)
        with torch.inference_mode():
            first.append(model.tokenizer.decode([int(model(tokens)[0, -1].argmax())]))
    (word, most), *others = Counter(first).most_common()
    return ", ".join([f"{word!r} ({most} of 3)", *(f"{one!r} ({n})" for one, n in others)])


def failing(**changes: Any) -> dict[str, Any]:
    """Return the fixed pairs with the answers on which the tiny Llama is wrong, every time."""
    right = study_of(tiny("llama"), PAIRS).baselines()["right"]
    sides = zip(PAIRS["answers"], PAIRS["wrong_answers"], right, strict=True)
    turned = [(bad, good) if is_right else (good, bad) for good, bad, is_right in sides]
    answers, wrong = map(list, zip(*turned, strict=True))
    return PAIRS | {"answers": answers, "wrong_answers": wrong} | changes


def study(**options: Any) -> Any:
    """Return a study of which the tiny Llama does nothing."""
    pairs = pw.PromptPairs(**failing())
    return pw.Study(tiny("llama"), pairs, prepend_bos=True, store=False, **options)


def report(instead: str) -> str:
    return (
        "`tiny-llama` prefers the answer on 0 of 3 clean prompts. At the position of the answer "
        f"it says {said(PAIRS['clean'])}. Where a model does not show a behaviour there is nothing "
        f"to localise{instead}"
    )


REFUSED = (
    ", so no map is measured. Use another model, other prompts or another task, or open the study "
    "with `known=False` (`--no-known` on the command line) to measure all the same."
)


MAPS = {
    "sweep": lambda study: study.sweep("heads"),
    "screened sweep": lambda study: study.sweep("heads", estimate="attribution", top=2),
    "estimate": lambda study: study.estimate("heads"),
    "path": lambda study: study.path(["logits"]),
    "paths from": lambda study: study.paths_from("L0H0"),
    "comparison": lambda study: study.compare("mlp", metrics=["logit_diff", "prob"]),
    "circuit": lambda study: study.circuit(["L0H0"], random=0),
    "explorer": lambda study: study.explore(),
    "baking": lambda study: study.bake(),
}


@pytest.mark.parametrize("asked", MAPS)
def test_nothing_is_measured_where_no_prompt_is_answered(asked):
    undone = study()
    with pytest.raises(PromptError) as caught:
        MAPS[asked](undone)
    assert str(caught.value) == report(REFUSED)
    assert not undone.results
    assert not undone.circuits
    assert not undone.comparisons


def test_the_study_opens_all_the_same_warns_and_shows_the_report():
    with pytest.warns(UserWarning, match="prefers the answer") as caught:
        undone = study()
    assert [str(one.message) for one in caught] == [report(REFUSED)]
    first, second, third, *_ = repr(undone).split("\n")
    assert first.endswith(" 3 pairs, right on 0% of the clean prompts")
    assert second == f"at the position of the answer it says {said(PAIRS['clean'])}"
    assert third == "no map is measured; `known=False` measures all the same"
    assert undone.baselines()["right"].tolist() == [False] * 3
    assert undone.cost("heads").seconds > 0
    assert undone.plan("heads").names


@pytest.mark.parametrize("asked", sorted(set(MAPS) - {"explorer", "baking"}))
def test_known_false_measures_all_the_same(asked):
    measured = MAPS[asked](study(known=False))
    assert getattr(measured, "wait", lambda: measured)() is not None


def test_known_false_still_says_so():
    with pytest.warns(UserWarning, match="prefers the answer") as caught:
        undone = study(known=False)
    instead = ": a map then shows what else the two prompts differ in."
    assert [str(one.message) for one in caught] == [report(instead)]
    assert "known=False" not in repr(undone)
    assert f"it says {said(PAIRS['clean'])}\n" in repr(undone)


def test_code_says_that_it_was_measured_all_the_same():
    assert ", known=False, " in study(known=False).sweep("mlp").wait().provenance["code"]
    assert "known" not in study_of(tiny("llama"), PAIRS, known=None).provenance["code"]


def test_one_prompt_that_is_answered_is_enough():
    pairs = failing()
    sides = ("answers", "wrong_answers")
    for one, other in (sides, sides[::-1]):
        pairs[one] = [failing()[other][0], *failing()[one][1:]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        partly = pw.Study(tiny("llama"), pw.PromptPairs(**pairs), prepend_bos=True)
    assert partly.baselines()["right"].to_list().count(True) == 1
    assert partly.sweep("mlp").wait().table().shape[0] == 3


def test_groups_that_a_model_fails_are_refused_when_they_are_kept_alone():
    pairs = failing(groups=["one", "two", "two"])
    pairs["answers"][0], pairs["wrong_answers"][0] = (
        pairs["wrong_answers"][0],
        pairs["answers"][0],
    )
    whole = pw.Study(tiny("llama"), pw.PromptPairs(**pairs), prepend_bos=True)
    whole.sweep("mlp").wait()
    with pytest.raises(PromptError, match="on 0 of 2 clean prompts"):
        whole.keep("two").sweep("mlp")


def largest(logits, answers, reference):
    return logits.max(-1).values


def test_functions_of_your_own_may_ask_for_something_else():
    assert study(metric=largest).sweep("mlp").wait().progress.state == "done"
    with pytest.raises(PromptError, match="so no map is measured"):
        study(metric=["logit_diff", largest]).sweep("mlp")


def test_draws_are_asked_once():
    noised = study(corruption="gaussian_noise")
    assert noised.prompts.draws == 10
    with pytest.raises(PromptError) as caught:
        noised.sweep("mlp")
    assert str(caught.value) == report(REFUSED)


def test_the_command_line_prints_the_report_and_says_how_to_go_on(monkeypatch, capsys):
    import patchwidgets.study as study_module

    monkeypatch.setattr(study_module, "load_model", lambda name: tiny_ioi())
    drawn = (pw.Study(tiny_ioi(), "ioi", n=1, seed=seed, known=False) for seed in range(40))
    seed = next(
        n for n, made in enumerate(drawn) if True not in made.baselines()["right"].to_list()
    )
    command = ["run", "ioi", "--n", "1", "--seed", str(seed), "--sweep", "mlp"]
    assert cli.main(command) == 1
    printed = capsys.readouterr()
    assert "right on 0% of the clean prompts" in printed.out
    assert "so no map is measured" in printed.err.replace("\n", " ")
    assert cli.main([*command, "--no-known"]) == 0
    assert "strongest of" in capsys.readouterr().out
