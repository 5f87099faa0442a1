"""What a study says when it cannot: one clear sentence each, checked whole."""

import re
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.errors import (
    MeasurementError,
    ModelError,
    PlanError,
    PromptError,
    UnknownNameError,
)
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny
from tests.models.tiny_ioi import ioi_study, tiny_ioi


def exactly(sentence):
    return f"^{re.escape(sentence)}$"


METRICS = (
    "`continuation_diff`, `continuation_logprob`, `kl_div`, `logit_diff`, `logprob`, `prob`, "
    "`prob_diff`, `rank`, `stolfo`, `top_k`"
)
UNKNOWN = {
    "task": (
        lambda: pw.Study(tiny_ioi(), "iio"),
        "There is no task called 'iio'. Did you mean `ioi`? Known: `agreement`, `arithmetic`, "
        "`capitals`, `docstring`, `facts`, `gendered_pronoun`, `greater_than`, `induction`, `ioi`, "
        "`paired_facts`.",
    ),
    "metric": (
        lambda: ioi_study(metric=["logit_diff", "problem"]),
        f"There is no metric called 'problem'. Did you mean `prob`? Known: {METRICS}.",
    ),
    "corruption": (
        lambda: ioi_study(corruption="token replacement"),
        "There is no corruption called 'token replacement'. Did you mean `token_replacement`? "
        "Known: `gaussian_noise`, `matched_noise`, `token_replacement`, `uniform_noise`.",
    ),
    "corruption site": (
        lambda: ioi_study(at="S"),
        "There is no corruption site called 'S'. Did you mean `S2`? Known: `S2`, `S1+IO`, `ABC`.",
    ),
    "direction": (
        lambda: ioi_study(direction="noise"),
        "There is no direction called 'noise'. Did you mean `noising`? Known: `denoising`, "
        "`noising`.",
    ),
    "sweep": (
        lambda: ioi_study().sweep("head"),
        "There is no sweep called 'head'. Did you mean `heads`? Known: `attn`, `heads`, `joint`, "
        "`mlp`, `neurons`, `pattern`, `residual`.",
    ),
    "site": (
        lambda: ioi_study().sweep("residual", site="resid_pst"),
        "There is no site called 'resid_pst'. Did you mean `resid_post`? Known: `attn_out`, `k`, "
        "`mlp_out`, `mlp_post`, `pattern`, `q`, `resid_mid`, `resid_post`, `resid_pre`, `v`, `z`.",
    ),
    "metric of a result": (
        lambda: ioi_study().sweep("mlp").effect("prob"),
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
        lambda: pw.PromptPairs(clean=["a"], corrupted=["b"], wrong_answers=[" c"]),
        "`answers` is missing. A prompt pair is a clean prompt, a corrupted prompt, an answer "
        "and a wrong answer. Add `answers=[...]` with one entry per pair.",
    ),
    "an answer of several tokens": (
        lambda: own(answer=" Mary and John"),
        "Answer ' Mary and John' of `pairs[0]` is 3 tokens: ' Mary', ' and', ' John'. An answer "
        "must be exactly one token, because a metric reads the one token after the prompt. Choose "
        "another word, put the first part of the answer at the end of both prompts, or measure "
        "whole answers with `metric='continuation_diff'` alone.",
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
        lambda: ioi_study(n=2, seed=0).keep(["BABA 99"]),
        "No prompt pair is in the groups ['BABA 99']. The groups here are `BABA 4`, `BABA 11`.",
    ),
    "no pairs at all": (
        lambda: ioi_study(n=0),
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


def test_a_plan_of_your_own_with_a_role_that_the_prompts_lack():
    map_ = PlanMap("own", (Axis("patch", (0,)),), (0,))
    plan = Plan("own", (Patch((Node("z", 1, 0, "S3"),)),), (map_,))
    result = study_of(tiny("llama"), PAIRS).sweep(lambda spec, shape: plan)
    with pytest.raises(
        PlanError,
        match=exactly(
            "`L1H0@S3` names the role `S3`, which some of the prompts lack. A map by role needs "
            "every role in every prompt. Use one of `S2`, `END`, or leave out the prompts without "
            "it."
        ),
    ):
        result.wait()


def test_a_receiver_in_the_first_block_hears_only_the_embedding():
    result = study_of(tiny("llama"), PAIRS).path(["L0H0.q"])
    assert [str(patch) for patch in result.plan.patches] == ["embed -> L0H0.q"]
    assert np.isnan(result.effect()).all()
    assert np.isfinite(result.effect(map="embed")).all()


def test_a_model_in_training_mode():
    model = bridge_of(FAMILIES["gpt2"](), "fresh-gpt2")
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


def sides():
    """Return answer and wrong answer of the fixed pairs, the one that the model prefers first."""
    right = study_of(tiny("llama"), PAIRS).baselines()["right"]
    both = zip(PAIRS["answers"], PAIRS["wrong_answers"], right, strict=True)
    return [(good, bad) if is_right else (bad, good) for good, bad, is_right in both]


def answering(answers):
    """Return the fixed pairs with other answers and wrong answers."""
    right, wrong = map(list, zip(*answers, strict=True))
    changed: dict[str, Any] = PAIRS | {"answers": right, "wrong_answers": wrong}
    return pw.PromptPairs(**changed)


def test_a_model_that_fails_most_clean_prompts_warns_with_the_share():
    answers = [(bad, good) if i < 2 else (good, bad) for i, (good, bad) in enumerate(sides())]
    weakness = exactly(
        "`tiny-llama` prefers the answer on 33% of the clean prompts. Where a model does not "
        "show a behaviour there is nothing to localise. See `study.by_group()`, and keep the "
        "groups it can do with `study.keep([...])`."
    )
    with pytest.warns(UserWarning, match=weakness):
        study = pw.Study(tiny("llama"), answering(answers), prepend_bos=True)
    assert study.baselines()["right"].to_list().count(True) == 1
    assert study.sweep("mlp").wait().progress.state == "done"


def test_a_model_that_does_the_task_does_not_warn():
    study = pw.Study(tiny("llama"), answering(sides()), prepend_bos=True)
    assert study.baselines()["right"].tolist() == [True] * 3


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
