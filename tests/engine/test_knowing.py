"""Keeping what a model knows: which pairs, what is reported, and what is refused."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.errors import PromptError, UnknownNameError
from tests.families import PAIRS, study_of, tiny
from tests.models.tiny_ioi import ioi_study, tiny_ioi


def last_logits(study, text):
    tokens = study.model.to_tokens(text, prepend_bos=study.prompts.prepend_bos)
    with torch.inference_mode():
        return study.model(tokens)[0, -1]


def prefers(study, text, answers, wrong):
    logits, vocabulary = last_logits(study, text), study.model.tokenizer.get_vocab()
    best, rival = (max(float(logits[vocabulary[one]]) for one in some) for some in (answers, wrong))
    return best > rival


def knows(study, pair, both):
    clean = prefers(study, pair.clean, pair.answers, pair.wrong_answers)
    if not both:
        return clean
    return clean and prefers(study, pair.corrupted, pair.wrong_answers, pair.answers)


@pytest.mark.parametrize(("at", "both"), [("S2", True), ("ABC", False)])
def test_the_first_pairs_that_the_model_knows_are_kept(at, both):
    study = ioi_study(n=6, at=at, known=True)
    plain = ioi_study(n=32, at=at)
    wanted = [pair for pair in plain.prompts.pairs if knows(plain, pair, both)]
    about = study.sweep("mlp").wait().provenance["known"]
    assert list(study.prompts.pairs) == wanted[: len(study.prompts.pairs)]
    assert about["criterion"] == "preferred"
    assert about["both"] is both
    kept, asked = about["share"]
    assert asked % 32 == 0
    assert kept >= len(study.prompts.pairs)
    if asked == 32:
        assert kept == len(wanted)
    share = f"{kept} of {asked} ({kept / asked:.0%})".replace("%", " %")
    side = ", clean and corrupted" if both else ""
    line = f"kept what the model knows (preferred{side}): {share} of the pairs drawn"
    assert line in repr(study).split("\n")
    assert study.baselines()["right"].all()


def test_the_code_keeps_the_same_pairs(monkeypatch):
    study = ioi_study(n=6, known=True)
    code = study.sweep("mlp").wait().provenance["code"]
    assert ", known='preferred'" in code
    monkeypatch.setattr(pw, "load_model", lambda name: tiny_ioi(), raising=False)
    names = {}
    exec(code, names)
    assert names["study"].prompts.pairs == study.prompts.pairs


def exchanged(members) -> dict[str, Any]:
    """Return the usual pairs, with right and wrong answers exchanged in some of them."""
    sides = (PAIRS["answers"], PAIRS["wrong_answers"])
    rows = [(w, r) if i in members else (r, w) for i, (r, w) in enumerate(zip(*sides, strict=True))]
    return PAIRS | {"answers": [row[0] for row in rows], "wrong_answers": [row[1] for row in rows]}


def test_own_pairs_are_asked_on_the_clean_side():
    known = study_of(tiny("llama"), PAIRS).baselines()["right"].to_numpy()
    pairs = pw.PromptPairs(**exchanged([1] if known[1] else [0, 2]))
    right = known ^ np.isin(range(3), [1] if known[1] else [0, 2])
    assert 0 < right.sum() < 3
    with pytest.warns(UserWarning, match="knows") as caught:
        kept = pw.Study(tiny("llama"), pairs, known=True, prepend_bos=True)
    assert kept.prompts.pairs == pairs[right.tolist()]
    share = f"{right.sum()} of 3 ({right.mean():.0%}".replace("%", " %")
    assert [str(one.message) for one in caught] == [
        f"`tiny-llama` knows {share}) of the prompt pairs it was asked, fewer than the 3 that were "
        f"wanted: the study has {right.sum()}. What is measured holds for those alone. Add "
        "pairs of which the model prefers the answer, or leave `known` out."
    ]
    inside = Path(pw.__file__).parent
    assert not any(Path(one.filename).is_relative_to(inside) for one in caught)


def test_top_is_the_first_choice_among_all_tokens():
    plain = study_of(tiny("llama"), PAIRS)
    vocabulary = plain.model.tokenizer.get_vocab()
    words = {number: word for word, number in vocabulary.items()}
    first = [words[int(last_logits(plain, text).argmax())] for text in PAIRS["clean"]]
    answers = [first[0], *PAIRS["answers"][1:]]
    assert all(one != answer for one, answer in zip(first[1:], answers[1:], strict=True))
    pairs: dict[str, Any] = PAIRS | {"answers": answers}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = pw.Study(tiny("llama"), pw.PromptPairs(**pairs), known="top", prepend_bos=True)
    assert [pair.clean for pair in kept.prompts.pairs] == PAIRS["clean"][:1]


def test_a_model_that_knows_nothing_gives_a_report_and_no_map():
    right = study_of(tiny("llama"), PAIRS).baselines()["right"]
    failed = pw.PromptPairs(**exchanged([i for i in range(3) if right[i]]))
    with pytest.raises(PromptError) as caught:
        pw.Study(tiny("llama"), failed, known=True, prepend_bos=True)
    assert str(caught.value) == (
        "`tiny-llama` knows none of the 3 prompt pairs it was asked: on the clean prompt, "
        "the right answer has a larger logit than every wrong one for 0 of 3 (0 %). Where a "
        "model does not show a behaviour there is nothing to localise, so nothing is measured. Use "
        "a larger model or another task, or pass `known=False` to measure all the same."
    )


def test_known_in_needs_known():
    with pytest.raises(PromptError) as caught:
        ioi_study(known_in=["gaussian_noise"])
    assert str(caught.value) == (
        "`known_in` names corruptions under which prompt pairs must be known, and without `known` "
        "all pairs are kept. Pass `known=True` too."
    )


def test_known_under_several_corruptions_is_in_the_text():
    study = ioi_study(n=6, known=True, known_in=["gaussian_noise", ("token_replacement", "ABC")])
    line = next(line for line in repr(study).split("\n") if line.startswith("kept what"))
    assert line.startswith(
        "kept what the model knows (preferred, under gaussian_noise at S2 and token_replacement at "
        "ABC): "
    )


def test_a_criterion_that_does_not_exist():
    with pytest.raises(UnknownNameError) as caught:
        ioi_study(known="best")
    assert str(caught.value) == (
        "There is no criterion of `known` called 'best'. Known: `preferred`, `top`."
    )


def test_words_that_the_tokenizer_splits_are_in_text_and_provenance():
    study = ioi_study()
    usable = study.sweep("mlp").wait().provenance["usable"]
    assert usable["names"] == [98, 98]
    assert "usable with this tokenizer" not in repr(study)


def test_under_noise_the_clean_prompt_alone_must_be_known():
    asked = {"corruption": "gaussian_noise", "at": "S2"}
    study, plain = ioi_study(n=6, known=True, **asked), ioi_study(n=32, **asked)
    wanted = [pair for pair in plain.prompts.pairs if knows(plain, pair, both=False)]
    assert 0 < len(wanted) < 32
    assert list(study.prompts.pairs) == wanted[:6]
    result = study.sweep("mlp").wait()
    assert result.provenance["known"] == {
        "criterion": "preferred",
        "both": False,
        "share": [len(wanted), 32],
    }
    chosen = [plain.prompts.pairs.index(pair) for pair in study.prompts.pairs]
    np.testing.assert_allclose(
        study.baselines()["logit_diff clean"], plain.baselines()["logit_diff clean"][chosen]
    )
