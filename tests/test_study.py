"""The front door: what it gives, and what it says when it cannot."""

import asyncio
import re
import signal
import sys
import threading
import time
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch

import patchwidgets as pw
from patchwidgets import study as study_module
from patchwidgets.errors import (
    MeasurementError,
    ModelError,
    PlanError,
    PromptError,
    UnknownNameError,
)
from patchwidgets.prompts.tasks import TASKS
from tests.engine.test_hygiene import traces
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny
from tests.models.tiny_ioi import tiny_ioi

WEAK = "ignore:.* prefers the answer on :UserWarning"


def exactly(sentence):
    return f"^{re.escape(sentence)}$"


def ioi(**options):
    """Return a study of the IOI task on random weights, which do not do it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
        return pw.Study(tiny_ioi(), "ioi", **{"n": 3, "seed": 3} | options)


def fresh(family="llama", seed=0):
    torch.manual_seed(seed)
    return bridge_of(FAMILIES[family](), f"fresh-{family}")


# What is refused


METRICS = "`kl_div`, `logit_diff`, `logprob`, `prob`"
UNKNOWN = {
    "task": (
        lambda: pw.Study(tiny_ioi(), "iio"),
        "There is no task called 'iio'. Did you mean `ioi`? Known: `ioi`.",
    ),
    "metric": (
        lambda: ioi(metric=["logit_diff", "problem"]),
        f"There is no metric called 'problem'. Did you mean `prob`? Known: {METRICS}.",
    ),
    "corruption": (
        lambda: ioi(corruption="token replacement"),
        "There is no corruption called 'token replacement'. Did you mean `token_replacement`? "
        "Known: `token_replacement`.",
    ),
    "corruption site": (
        lambda: ioi(at="S"),
        "There is no corruption site called 'S'. Did you mean `S2`? Known: `S2`, `S1+IO`, `ABC`.",
    ),
    "direction": (
        lambda: ioi(direction="noise"),
        "There is no direction called 'noise'. Did you mean `noising`? Known: `denoising`, "
        "`noising`.",
    ),
    "sweep": (
        lambda: ioi().sweep("head"),
        "There is no sweep called 'head'. Did you mean `heads`? Known: `attn`, `heads`, `mlp`, "
        "`residual`.",
    ),
    "site": (
        lambda: ioi().sweep("residual", site="resid_pst"),
        "There is no site called 'resid_pst'. Did you mean `resid_post`? Known: `attn_out`, `k`, "
        "`mlp_out`, `q`, `resid_mid`, `resid_post`, `resid_pre`, `v`, `z`.",
    ),
    "metric of a result": (
        lambda: ioi().sweep("mlp").effect("prob"),
        "There is no metric called 'prob'. Known: `logit_diff`.",
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_an_unknown_name_has_a_nearest_match(what):
    ask, sentence = UNKNOWN[what]
    with pytest.raises(UnknownNameError, match=exactly(sentence)):
        ask()


STORE = "When Mary and John went to the store, {} gave a bag to"


JOHN, MARY = STORE.format("John"), STORE.format("Mary")


def own(clean=JOHN, corrupted=MARY, answer=" Mary", wrong=" John"):
    pairs = pw.PromptPairs(
        clean=[clean], corrupted=[corrupted], answers=[answer], wrong_answers=[wrong]
    )
    return pw.Study(tiny("llama"), pairs, prepend_bos=True)


PROMPTS = {
    "different token counts": (
        lambda: own(corrupted=STORE.format("Mary and Tom")),
        "`pairs[0]` has 14 tokens clean and 16 corrupted: ' John' became ' Mary', ' and', ' Tom'. "
        "Patching by position needs equal lengths, because one position would mean two different "
        "words. Replace each word by one of as many tokens.",
    ),
    "no difference": (
        lambda: own(corrupted=JOHN),
        f"Pair 0 has the same text clean and corrupted: {STORE.format('John')!r}. The two prompts "
        "must differ, because patching moves only what differs between their runs. Replace the "
        "word that decides the answer in `corrupted`.",
    ),
    "empty lists": (
        lambda: pw.PromptPairs(clean=[], corrupted=[], answers=[], wrong_answers=[]),
        "There are no prompt pairs. A measurement needs at least one. Put a prompt in each of "
        "`clean` and `corrupted`, or select at least one pair.",
    ),
    "one side missing": (
        lambda: pw.PromptPairs(clean=["a"], answers=[" b"], wrong_answers=[" c"]),
        "`corrupted` is missing. A prompt pair is a clean prompt, a corrupted prompt, an answer "
        "and a wrong answer. Add `corrupted=[...]` with one entry per pair.",
    ),
    "an answer of several tokens": (
        lambda: own(answer=" Mary and John"),
        "Answer ' Mary and John' of `pairs[0]` is 3 tokens: ' Mary', ' and', ' John'. An answer "
        "must be exactly one token, because a metric reads the one token after the prompt. Choose "
        "another word, or put the first part of the answer at the end of both prompts.",
    ),
    "an answer without its space": (
        lambda: own(answer="Mary"),
        "Answer 'Mary' of `pairs[0]` has no leading space. After a prompt that ends in 'to' the "
        'next word begins with a space, and " Mary" is another token than "Mary". Write `" Mary"`.',
    ),
    "an answer that is the wrong answer": (
        lambda: own(wrong=" Mary"),
        "Pair 0 has ' Mary' both as answer and as wrong answer. The two must differ, because a "
        "metric compares them. Put the answer of the corrupted prompt in `wrong_answers`.",
    ),
    "a prompt longer than the context": (
        lambda: own(JOHN * 5, JOHN * 4 + MARY),
        "The clean prompt of `pairs[0]` has 67 tokens; the model reads at most 64. The answer is "
        "read after the last token, so none can be cut off. Shorten the prompt.",
    ),
    "no pair in the groups": (
        lambda: ioi(n=2, seed=0).keep(["BABA 99"]),
        "No prompt pair is in the groups ['BABA 99']. The groups here are `BABA 4`, `BABA 11`.",
    ),
    "no pairs at all": (
        lambda: ioi(n=0),
        "`n=0` prompt pairs were asked for. A measurement needs at least one, and 100 or more for "
        "a stable picture. Pass `n=64`.",
    ),
}


@pytest.mark.parametrize("what", PROMPTS)
def test_prompts_that_cannot_be_patched(what):
    ask, sentence = PROMPTS[what]
    with pytest.raises(PromptError, match=exactly(sentence)):
        ask()


PLANS = {
    "a layer that is not there": (
        lambda s: s.path(["L3H0.q"]),
        "`L3H0.q` is in layer 3, but `tiny-llama` has layers 0 to 2.",
    ),
    "a head that is not there": (
        lambda s: s.path(["L2H4.q"]),
        "`L2H4.q` is head 4, but `tiny-llama` has heads 0 to 3.",
    ),
    "a query head where key/value heads count": (
        lambda s: s.path(["L2H3.v"]),
        "`L2H3.v` counts query heads, but `tiny-llama` has 2 key/value heads, each read by 2 query "
        "heads. Head 3 reads key/value head 1: write `L2H1.v`.",
    ),
    "a receiver at a position beyond the prompt": (
        lambda s: s.path(["L2H1.v@15"]),
        "Position 15 is beyond the prompt: these prompts have 15 tokens, BOS included. Use 0 to "
        "14, or count from the end with -1.",
    ),
    "a receiver at a role the prompts lack": (
        lambda s: s.path(["L2H1.v@S3"]),
        "Some of the prompts have no role 'S3'. A map by role needs it in every prompt. Roles that "
        "all of them have: `S2`, `END`.",
    ),
    "a position beyond the prompt": (
        lambda s: s.sweep("heads", positions=[15]),
        "Position 15 is beyond the prompt: these prompts have 15 tokens, BOS included. Use 0 to "
        "14, or count from the end with -1.",
    ),
    "a role the prompts lack": (
        lambda s: s.sweep("heads", positions=["S3"]),
        "Some of the prompts have no role 'S3'. A map by role needs it in every prompt. Roles that "
        "all of them have: `S2`, `END`.",
    ),
    "no metric": (
        lambda s: study_of(s.model, PAIRS, metric=[]),
        "`metric` is an empty list, so nothing would be measured. Give at least one, such as "
        "`metric='logit_diff'`.",
    ),
}


@pytest.mark.parametrize("what", PLANS)
def test_places_that_do_not_exist(what):
    ask, sentence = PLANS[what]
    study = study_of(tiny("llama"), PAIRS)
    with pytest.raises(PlanError, match=exactly(sentence)):
        ask(study)


def test_a_role_that_only_some_templates_have():
    pairs = RAGGED | {"roles": {}}
    texts = pw.PromptPairs(**pairs)
    with_role = pw.PromptPairs(**PAIRS)
    mixed = pw.PromptPairs.of([*with_role, texts[3]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = pw.Study(tiny("llama"), mixed, prepend_bos=True)
    with pytest.raises(
        PlanError,
        match=exactly(
            "Some of the prompts have no role 'S2'. A map by role needs it in every prompt. Roles "
            "that all of them have: `END`."
        ),
    ):
        study.sweep("residual", positions=["S2"])


def test_a_receiver_in_the_first_block_hears_only_the_embedding():
    result = study_of(tiny("llama"), PAIRS).path(["L0H0.q"])
    assert [str(patch) for patch in result.plan.patches] == ["embed -> L0H0.q"]
    assert np.isnan(result.effect()).all()
    assert np.isfinite(result.effect(map="embed")).all()


def test_a_model_in_training_mode():
    model = fresh("gpt2")
    model.original_model.train()
    with pytest.raises(
        ModelError,
        match=exactly(
            "Model `fresh-gpt2` is in training mode, where dropout makes every run different. "
            "Patching compares runs, so it needs the same run each time. Call `model.eval()` first."
        ),
    ):
        study_of(model, PAIRS)
    model.eval()
    study_of(model, PAIRS)


def test_logits_that_are_nan():
    torch.manual_seed(0)
    broken = FAMILIES["gpt2"]()
    broken.transformer.ln_f.weight.data.fill_(float("nan"))
    with pytest.raises(
        MeasurementError,
        match=exactly(
            "The patched run has logits that are NaN or infinite at prompt 0, so `logit_diff` has "
            "no value. Nothing can be read from such logits; half precision overflows this way. "
            "Load the model in float32."
        ).replace("patched", "(patched|clean|corrupted)"),
    ):
        study_of(bridge_of(broken, "nan-gpt2"), PAIRS)


def test_a_metric_that_takes_the_mean_over_prompts():
    def average(logits, answers, reference):
        return logits.max(dim=-1).values.mean(dim=-1)

    with pytest.raises(
        MeasurementError,
        match=exactly(
            "Metric `average` returned shape (1,). It needs to return a tensor of shape (1, 3) "
            "(cells, batch), because every patched run gives one number per prompt, and means are "
            "taken later. Keep the first two axes of `logits`: write `logits.max(dim=-1).values`, "
            "not `logits.max()`."
        ),
    ):
        study_of(tiny("llama"), PAIRS, metric=average)


def weakness(share):
    return exactly(
        f"`tiny-llama` prefers the answer on {share} of the clean prompts. Where a model does not "
        "show a behaviour there is nothing to localise. See `study.by_group()`, and keep the "
        "groups it can do with `study.keep([...])`."
    )


def sides():
    """Return the fixed pairs with answers exchanged where the model prefers the wrong one."""
    right = study_of(tiny("llama"), PAIRS).baselines()["right"]
    answers = [
        (good, bad) if is_right else (bad, good)
        for good, bad, is_right in zip(PAIRS["answers"], PAIRS["wrong_answers"], right, strict=True)
    ]
    return answers


@pytest.mark.parametrize(("wrong", "share"), [(3, "0%"), (2, "33%")])
def test_a_model_that_fails_the_clean_prompts_warns_with_the_share(wrong, share):
    answers = [(bad, good) if i < wrong else (good, bad) for i, (good, bad) in enumerate(sides())]
    pairs = pw.PromptPairs(
        **PAIRS
        | {
            "answers": [answer for answer, _ in answers],
            "wrong_answers": [answer for _, answer in answers],
        }
    )
    with pytest.warns(UserWarning, match=weakness(share)):
        study = pw.Study(tiny("llama"), pairs, prepend_bos=True)
    assert study.baselines()["right"].sum() == 3 - wrong


def test_a_model_that_does_the_task_does_not_warn():
    pairs = PAIRS | {
        "answers": [answer for answer, _ in sides()],
        "wrong_answers": [answer for _, answer in sides()],
    }
    assert (
        pw.Study(tiny("llama"), pw.PromptPairs(**pairs), prepend_bos=True)
        .baselines()["right"]
        .all()
    )


def test_runs_that_nearly_coincide_are_shown_as_effects_only():
    def faint(logits, answers, reference):
        right = torch.tensor([ids[0] for ids in answers.right])
        return 1 + logits[:, torch.arange(len(right)), right] / 1e4

    result = study_of(tiny("llama"), PAIRS, metric=faint).sweep("heads").wait()
    source, base = result.baseline.clean.mean(), result.baseline.corrupted.mean()
    why = (
        f"The two unpatched runs have nearly the same mean `faint` ({source:.4g} and {base:.4g}), "
        "so a normalized effect would divide by less than the noise floor of 0.05 (logit)."
    )
    with pytest.raises(
        MeasurementError,
        match=exactly(
            f"{why} Read `effect()` instead, or use prompt pairs on which the two runs differ."
        ),
    ):
        result.normalized()
    assert result.normalizable() == why
    assert np.isfinite(result.effect()).all()
    assert result.effect().any()
    table = result.table()
    assert table["faint_normalized"].isna().all()
    assert table["faint_effect"].notna().all()


# What it gives


def test_baselines_are_the_models_own_logits():
    study = study_of(tiny("llama"), RAGGED, metric=["logit_diff", "prob"])
    table = study.baselines()
    columns = ["logit_diff clean", "logit_diff corrupted", "prob clean", "prob corrupted"]
    assert list(table.columns) == ["group", *columns, "right"]
    assert table.index.name == "pair"
    tokenizer = study.model.tokenizer
    for i in range(4):
        for side in ("clean", "corrupted"):
            ids = [
                tokenizer.bos_token_id,
                *tokenizer.encode(RAGGED[side][i], add_special_tokens=False),
            ]
            with torch.inference_mode():
                logits = study.model(torch.tensor([ids]))[0, -1]
            answer, wrong = (
                tokenizer.convert_tokens_to_ids(RAGGED[name][i])
                for name in ("answers", "wrong_answers")
            )
            gap = float(logits[answer] - logits[wrong])
            assert table[f"logit_diff {side}"][i] == pytest.approx(gap, abs=1e-5)
            prob = float(logits.softmax(-1)[answer])
            assert table[f"prob {side}"][i] == pytest.approx(prob, abs=1e-6)
            if side == "clean":
                assert table["right"][i] == (gap > 0)


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_baselines_do_not_depend_on_the_direction(direction):
    wanted = study_of(tiny("llama"), PAIRS).baselines()
    pd.testing.assert_frame_equal(
        study_of(tiny("llama"), PAIRS, direction=direction).baselines(), wanted
    )


def test_by_group_has_a_row_per_template():
    study = ioi(n=60)
    table, every = study.by_group(), study.baselines()
    assert list(table.columns) == [
        "logit_diff clean",
        "logit_diff corrupted",
        "share right",
        "pairs",
    ]
    assert len(table) == 30
    assert (table["pairs"] == 2).all()
    one = every[every["group"] == "ABBA 3"]
    assert table.loc["ABBA 3", "share right"] == one["right"].mean()
    assert table.loc["ABBA 3", "logit_diff clean"] == pytest.approx(one["logit_diff clean"].mean())


def test_keep_is_a_study_of_some_groups_with_the_same_numbers():
    study = ioi(n=30)
    groups = ["BABA 6", "ABBA 6"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = study.keep(groups)
    assert {pair.group for pair in kept.prompts.pairs} == set(groups)
    assert len(kept.prompts.groups) == 1
    whole = study.sweep("heads").effect()
    part = kept.sweep("heads").effect()
    mine = whole.isel(prompt=[group in groups for group in whole.group.values])
    np.testing.assert_allclose(part, mine, atol=1e-5)
    assert list(part.group.values) == list(mine.group.values)
    assert (kept.metrics, kept.direction) == (study.metrics, study.direction)
    assert len(study.prompts.pairs) == 30


def test_keep_takes_one_group_by_its_name():
    study = ioi(n=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(study.keep("BABA 6").prompts.pairs) == 1


def test_keep_warns_where_the_model_fails_the_groups():
    study = ioi(n=30)
    right = study.by_group()["share right"]
    failed = list(right[right == 0].index)
    with pytest.warns(UserWarning, match=r"^`tiny-ioi` prefers the answer on 0% of the"):
        study.keep(failed)


def test_the_repr_says_what_is_studied():
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"])
    first, *_ = text = repr(study).split("\n")
    right = study.baselines()["right"].mean()
    assert first == (
        f"Study of your own prompt pairs on tiny-llama: 3 pairs, right on {right:.0%} of the clean "
        "prompts"
    )
    assert text[1].startswith("Logit difference: ")
    assert text[1].endswith(" corrupted (logit)")
    assert text[2].endswith(" corrupted (probability)")
    assert "  clean      <bos>When Mary and John went to the store, [John] gave a bag to" in text


def test_own_prompt_pairs_and_several_answers():
    pairs = PAIRS | {"answers": [[" Mary", " Sara"], " Tom", " Sara"]}
    study = study_of(tiny("llama"), pairs)
    single = study_of(tiny("llama"), PAIRS).baselines()
    table = study.baselines()
    assert table["logit_diff clean"][0] != single["logit_diff clean"][0]
    np.testing.assert_allclose(table["logit_diff clean"][1:], single["logit_diff clean"][1:])
    assert study.sweep("mlp").normalized().shape == (3,)


def test_several_metrics_off_one_run_are_those_of_one_at_a_time():
    names = ["logit_diff", "prob", "kl_div"]
    together = study_of(tiny("llama"), RAGGED, metric=names)
    result = together.sweep("heads")
    assert [metric.name for metric in together.metrics] == names
    for name in names:
        alone = study_of(tiny("llama"), RAGGED, metric=name).sweep("heads")
        np.testing.assert_allclose(alone.effect(), result.effect(name), atol=1e-6)
        table = alone.table().set_index("node")
        both = result.table().set_index("node").loc[table.index]
        np.testing.assert_allclose(table[f"{name}_effect"], both[f"{name}_effect"], atol=1e-6)


def test_your_own_metric_beside_ours():
    def answer_logit(logits, answers, reference):
        columns = [ids[0] for ids in answers.right]
        return logits[..., columns].diagonal(dim1=-2, dim2=-1)

    result = study_of(tiny("llama"), PAIRS, metric=["logit_diff", answer_logit]).sweep("heads")
    assert [metric.label for metric in result.metrics] == ["Logit difference", "answer logit"]
    assert np.isfinite(result.effect("answer_logit")).all()


@pytest.mark.parametrize("bos", [True, False])
def test_bos_is_recorded_and_can_be_set(bos):
    study = study_of(tiny("llama"), PAIRS, prepend_bos=bos)
    assert study.prompts.prepend_bos is bos
    assert study.prompts.groups[0].clean.shape[1] == 14 + bos
    result = study.sweep("mlp")
    assert result.provenance["prepend_bos"] is bos
    assert f"prepend_bos={bos}" in result.provenance["code"]
    assert (result.provenance["prompts"][0]["clean"][0] == "<bos>") is bos


def test_bos_is_as_transformer_lens_has_it_by_default():
    study = ioi(n=2)
    assert study.prompts.prepend_bos == bool(study.model.cfg.default_prepend_bos)
    text = study.prompts.pairs[0].clean
    ours = study.prompts.groups
    ids = next(group.clean[group.members.index(0)] for group in ours if 0 in group.members)
    assert torch.equal(study.model.to_tokens(text)[0], ids)


def test_the_seed_decides_the_prompts():
    assert ioi(seed=3).prompts.pairs == ioi(seed=3).prompts.pairs
    assert ioi(seed=3).prompts.pairs != ioi(seed=4).prompts.pairs
    np.testing.assert_array_equal(ioi().sweep("mlp").effect(), ioi().sweep("mlp").effect())


def test_a_task_can_be_given_as_an_object():
    task = TASKS.get("ioi")
    assert ioi().prompts.pairs == study_with(task).prompts.pairs


def study_with(behaviour, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
        return pw.Study(tiny_ioi(), behaviour, **{"n": 3, "seed": 3} | options)


def test_provenance_holds_everything_needed_to_redo_it():
    study = ioi(metric=["logit_diff", "prob"], direction="noising", at="ABC")
    about = study.sweep("heads").wait().provenance
    assert set(about) == {
        *("behaviour", "task", "citation", "corruption", "at", "seed", "n"),
        *("model", "fingerprint", "dtype", "device", "prepend_bos", "executor", "prompts"),
        *("versions", "code"),
    }
    assert about["behaviour"] == "Indirect object identification"
    assert about["citation"] == "Wang et al. 2022, arXiv 2211.00593"
    assert (about["task"], about["corruption"], about["at"]) == ("ioi", "token_replacement", "ABC")
    assert (about["n"], about["seed"]) == (3, 3)
    assert (about["dtype"], about["device"]) == ("float32", "cpu")
    assert about["executor"] == "wavefront"
    assert about["model"]["name"] == "tiny-ioi"
    assert set(about["versions"]) == {"patchwidgets", "torch", "transformer_lens", "transformers"}
    assert len(about["prompts"]) == 3
    for prompt, pair in zip(about["prompts"], study.prompts.pairs, strict=True):
        bos = study.prompts.prepend_bos
        assert "".join(prompt["clean"][bos:]) == pair.clean
        assert "".join(prompt["corrupted"][bos:]) == pair.corrupted
        assert prompt["group"] == pair.group
        assert len(prompt["clean"]) == len(prompt["clean_ids"])
        assert prompt["clean"][prompt["roles"]["S2"]] == pair.wrong_answers[0]


def test_own_pairs_are_in_the_provenance():
    about = study_of(tiny("llama"), PAIRS).sweep("mlp").wait().provenance
    assert about["behaviour"] == "your own prompt pairs"
    assert about["corruption"] == "as given"
    assert [prompt["answers"] for prompt in about["prompts"]] == [[one] for one in PAIRS["answers"]]


CALLS = {
    "a sweep": lambda s: s.sweep("heads"),
    "a sweep with options": lambda s: s.sweep(
        "residual", site="resid_mid", positions=["S2", "END"]
    ),
    "a sweep of keys": lambda s: s.sweep("heads", site="k", positions="roles"),
    "a path map": lambda s: s.path(["L2H1.v", "L1H0.q"]),
    "a path map into the logits": lambda s: s.path("logits"),
}
STUDIES = {
    "a task": lambda: ioi(),
    "every option": lambda: ioi(
        n=5,
        seed=8,
        at="ABC",
        metric=["kl_div", "logit_diff"],
        direction="noising",
        prepend_bos=False,
    ),
    "some groups": lambda: ioi(n=30).keep(["BABA 6", "ABBA 6"]),
}


@pytest.mark.filterwarnings(WEAK)
@pytest.mark.parametrize(
    ("made", "call"),
    [("a task", call) for call in CALLS] + [(made, "a path map") for made in [*STUDIES][1:]],
)
def test_the_code_in_the_provenance_gives_the_same_numbers(monkeypatch, made, call):
    result = CALLS[call](STUDIES[made]()).wait()
    code = result.provenance["code"]
    monkeypatch.setattr(
        pw, "load_model", lambda name: {"tiny-ioi": tiny_ioi()}[name], raising=False
    )
    names: dict = {}
    exec(code, names)
    again = names["result"].wait()
    np.testing.assert_allclose(again.snapshot().values, result.snapshot().values, atol=1e-6)
    assert again.plan == result.plan
    assert again.provenance["code"] == code


def test_the_code_of_own_pairs_and_an_own_metric_names_them(monkeypatch):
    def answer_logit(logits, answers, reference):
        columns = [ids[0] for ids in answers.right]
        return logits[..., columns].diagonal(dim1=-2, dim2=-1)

    monkeypatch.setattr(pw, "load_model", lambda name: tiny("llama"), raising=False)
    study = study_of(tiny("llama"), PAIRS, metric=["prob", answer_logit])
    result = study.sweep("heads").wait()
    names: dict = {"pairs": pw.PromptPairs(**PAIRS), "answer_logit": answer_logit}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(result.provenance["code"], names)
    again = names["result"].wait()
    np.testing.assert_allclose(again.snapshot().values, result.snapshot().values, atol=1e-6)


def test_save_and_load_give_the_same_table(tmp_path):
    study = ioi(metric=["logit_diff", "prob"])
    for name, result in {"heads": study.sweep("heads"), "path": study.path(["L2H1.v"])}.items():
        path = result.save(tmp_path / f"{name}.json")
        loaded = pw.Result.load(path)
        pd.testing.assert_frame_equal(loaded.table(), result.table())
        assert loaded.provenance == result.provenance
        assert loaded.baseline.clean.tobytes() == result.baseline.clean.tobytes()


def test_a_study_takes_the_name_of_a_model(monkeypatch):
    monkeypatch.setattr(study_module, "load_model", lambda name: {"mine": tiny_ioi()}[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pw.Study("mine", "ioi", n=2).model is tiny_ioi()


@pytest.mark.parametrize("change", ["weight", "hook"])
def test_a_model_that_was_changed_is_run_anew(change):
    model = fresh()
    study = study_of(model, PAIRS)
    before = study.sweep("heads").wait()
    if change == "weight":
        with torch.no_grad():
            dict(model.original_model.named_parameters())[_last_mlp(model)].mul_(2)
    else:
        model.add_hook("blocks.2.hook_mlp_out", lambda activation, hook: activation * 2)
    after, wanted = study.sweep("heads").wait(), study_of(model, PAIRS).sweep("heads").wait()
    got, right = after.snapshot(), wanted.snapshot()
    np.testing.assert_allclose(got.base, right.base, atol=1e-5)
    np.testing.assert_allclose(got.values, right.values, atol=1e-5)
    assert not np.allclose(got.base, before.snapshot().base, atol=1e-3)
    changed = after.provenance["fingerprint"] != before.provenance["fingerprint"]
    assert changed == (change == "weight")
    assert after.provenance["executor"] == wanted.provenance["executor"]


def _last_mlp(model):
    names = [name for name, _ in model.original_model.named_parameters()]
    (name,) = (name for name in names if ".2.mlp.down_proj" in name and name.endswith("weight"))
    return name


# Threads


def test_two_sweeps_queued_on_one_model_do_not_mix():
    study, other = study_of(tiny("llama"), PAIRS), study_of(tiny("llama"), RAGGED)
    makers = [
        lambda: study.sweep("heads"),
        lambda: other.path(["L2H0.k"]),
        lambda: study.sweep("residual", positions="each"),
        lambda: other.sweep("heads", site="v"),
        lambda: study.path(["logits"]),
    ]
    wanted = [make().wait() for make in makers]
    queued = [make() for make in makers]
    for result, alone in zip(reversed(queued), reversed(wanted), strict=True):
        np.testing.assert_array_equal(result.snapshot().values, np.nan) if not result.done else None
        np.testing.assert_allclose(
            result.wait().snapshot().values, alone.snapshot().values, atol=1e-6
        )


def test_studies_made_and_measured_in_parallel_threads_are_right():
    model = fresh()
    options = [
        (PAIRS, {"direction": "denoising"}),
        (RAGGED, {"direction": "noising"}),
        (PAIRS, {"direction": "noising", "prepend_bos": False, "metric": "prob"}),
    ]

    def measure(pairs, choice):
        study = study_of(model, pairs, **choice)
        return [
            one.wait().snapshot().values for one in (study.sweep("heads"), study.path(["L2H1.v"]))
        ]

    wanted = [measure(*one) for one in options]
    clean = traces(model)
    got: dict[tuple[int, int], object] = {}

    def work(which, turn):
        try:
            got[which, turn] = measure(*options[which])
        except BaseException as problem:
            got[which, turn] = problem

    for turn in range(2):
        threads = [threading.Thread(target=work, args=(which, turn)) for which in range(3)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    problems = Counter(str(one) for one in got.values() if isinstance(one, BaseException))
    assert not problems
    for (which, _), values in got.items():
        for one, right in zip(values, wanted[which], strict=True):
            np.testing.assert_allclose(one, right, atol=1e-5)
    assert traces(model) == clean


class HeldUp:
    """Stops the measuring thread inside a block, with its hooks attached, until it is let go.

    It goes on by itself after half a second, in case somebody waits for the measurement.
    """

    def __init__(self, model):
        self.inside, self.go = threading.Event(), threading.Event()
        self.went_on = False
        self.model = model

    def __enter__(self):
        self.handle = self.model.blocks[1].mlp.register_forward_hook(self.hook)
        return self

    def __exit__(self, *_):
        self.go.set()
        self.handle.remove()

    def hook(self, *_):
        if threading.current_thread() is not threading.main_thread() and not self.inside.is_set():
            self.inside.set()
            self.went_on = not self.go.wait(0.5)


@pytest.mark.parametrize("receivers", [None, ["L2H1.v"]], ids=["sweep", "path"])
def test_runs_in_the_middle_of_a_measurement_disturb_nothing(receivers):
    model = fresh()

    def measure(study):
        return study.path(receivers) if receivers else study.sweep("heads")

    first = study_of(model, PAIRS)
    wanted = measure(first).wait().snapshot().values
    tokens = torch.arange(2, 12)[None]
    with torch.inference_mode():
        plain = model(tokens)
    with HeldUp(model) as held:
        result = measure(study_of(model, PAIRS))
        assert held.inside.wait(30)
        with torch.inference_mode():
            between = model(tokens)
        second = study_of(model, PAIRS)
    assert torch.equal(between, plain)
    pd.testing.assert_frame_equal(second.baselines(), first.baselines())
    for one in (result, measure(second)):
        np.testing.assert_allclose(one.wait().snapshot().values, wanted, atol=1e-5)
        assert one.provenance["executor"] == "wavefront"


def test_a_sweep_returns_at_once_while_another_is_measured():
    model = fresh()
    study = study_of(model, PAIRS)
    with HeldUp(model) as held:
        first = study.sweep("heads")
        assert held.inside.wait(30)
        second, third = study.sweep("mlp"), study.path(["L2H1.v"])
        assert second.progress.state == third.progress.state == "waiting"
        third.cancel()
    assert not held.went_on
    assert [one.wait().progress.state for one in (first, second, third)] == [
        "done",
        "done",
        "cancelled",
    ]


def test_a_result_can_be_awaited():
    study = study_of(tiny("llama"), PAIRS)

    async def both():
        return await asyncio.gather(study.sweep("heads"), study.path(["L2H1.v"]))

    heads, path = asyncio.run(both())
    assert heads.progress.state == path.progress.state == "done"
    np.testing.assert_array_equal(heads.effect(), study.sweep("heads").effect())


def test_awaiting_raises_what_the_measurement_raised():
    calls = []

    def broken(logits, answers, reference):
        calls.append(1)
        if len(calls) > 6:
            raise RuntimeError("broken metric")
        return logits[..., 5]

    study = study_of(tiny("llama"), PAIRS, metric=broken)

    async def one():
        await study.sweep("heads")

    with pytest.raises(RuntimeError, match=r"^broken metric$"):
        asyncio.run(one())


def test_an_interrupt_while_waiting_cancels_and_leaves_no_hook(monkeypatch):
    from patchwidgets.engine import execute

    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)
    model = fresh()
    study = study_of(model, PAIRS)
    study.sweep("heads").wait()
    clean = traces(model)
    main, sent = threading.main_thread().ident, []

    def interrupt(job):
        while not sent:
            frame = sys._current_frames()[main]
            if frame.f_code.co_name == "wait" and "threading" in frame.f_code.co_filename:
                sent.append(signal.raise_signal)
                signal.pthread_kill(main, signal.SIGINT)
            else:
                time.sleep(0.01)

    result = study.sweep("heads", positions="each")
    result.listen(interrupt)
    with pytest.raises(KeyboardInterrupt):
        result.wait()
    assert result.done
    assert result.progress.state == "cancelled"
    measured = np.isfinite(result.snapshot().values).all(axis=(0, 2))
    assert 0 < measured.sum() < len(measured)
    assert traces(model) == clean
    np.testing.assert_array_equal(study.sweep("heads").patched(), study.sweep("heads").patched())
