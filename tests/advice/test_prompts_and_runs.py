"""Rules about a study: its prompts and its two unpatched runs."""

from dataclasses import replace

import numpy as np
import pytest

from patchwidgets.advice import RULES
from patchwidgets.advice._asking import about_study
from tests.advice.made import GROUPS, NOISE, PAIRS, facts, some


def test_a_good_study_has_no_advice():
    assert about_study(facts()).names == []


def test_of_what_is_not_known_nothing_is_said():
    unmeasured = facts({"logit_diff": (np.nan, np.nan), "prob": (np.nan, np.nan)}, prompts=())
    assert about_study(unmeasured).names == []


FEW = {"groups": ("ABBA", "BABA") * 3}
ratio = {"stolfo": (20.0, 0.0)}
small = np.full(PAIRS, 4.0)
small[:3] = -2.8

TRIGGERED = {
    "differs_in_many_places": (
        facts(prompts=some(7, corrupted=(1, 8, 6, 9, 9))),
        2,
        "7 of 100 prompt pairs differ in more than one place, in up to 2.",
    ),
    "bos_not_default": (
        facts(prepend_bos=False),
        0,
        "Prompts start without a BOS token, and TransformerLens starts those of this model with "
        "one.",
    ),
    "corrupted_not_flipped": (
        facts({"logit_diff": (4.0, np.repeat([1.0, -1.0], [60, 40]))}),
        0.6,
        "On 60 % of the corrupted prompts the model does not prefer their own answer.",
    ),
    "accidental_repeat": (
        facts(prompts=(*some(0)[:2], *some(1, clean=(1, 2, 3), corrupted=(1, 2, 2))[:1])),
        1,
        "In 1 of 3 prompt pairs a replacement repeats a word, which the replaced word did not, "
        "first in pair 2.",
    ),
    "one_template": (
        facts(groups=("ABBA 1",) * PAIRS),
        1,
        "All 100 prompt pairs are of one template, `ABBA 1`.",
    ),
    "unequal_groups": (
        facts(groups=("ABBA",) * 75 + ("BABA",) * 25),
        3.0,
        "`ABBA` has 75 prompt pairs and `BABA` has 25: 3.0 times as many.",
    ),
    "task_not_done": (
        facts(prompts=some(60, right=False)),
        0.4,
        "The model prefers the right answer on 40 % of the clean prompts.",
    ),
    "some_prompts_wrong": (
        facts(prompts=some(20, right=False)),
        0.2,
        "The model prefers a wrong answer on 20 % of the clean prompts.",
    ),
    "corruption_too_weak": (
        facts({"logit_diff": (4.0, 3.7)}),
        0.3,
        "The corruption moves the mean `logit_diff` by 0.3, from 4 to 3.7, and less than 0.5 is "
        "too little.",
    ),
    "corruption_keeps_most": (
        facts({"logit_diff": (4.0, 3.32)}),
        0.83,
        "The corrupted run keeps 83 % of the clean logit difference.",
    ),
    "small_gaps": (
        facts({"logit_diff": (small, -3.0)}),
        3,
        "On 3 of 100 prompt pairs the `logit_diff` of the two runs differs by less than a tenth of "
        "the mean gap.",
    ),
    "probability_near_floor": (
        facts({"prob": (0.6, 0.02)}),
        0.02,
        "The corrupted run gives the answer a probability of 0.02, so that no effect can be below "
        "-0.02.",
    ),
    "unequal_answer_sets": (
        facts(prompts=some(5, answers=(" 3", " 4"))),
        5,
        "5 of 100 prompt pairs have unequal answer sets, such as 2 right and 1 wrong.",
    ),
    "tiny_ratio_base": (
        facts({"stolfo": (20.0, 0.0)}),
        20.0,
        "Between the two runs `stolfo` moves by 20, so that it divides by tiny probabilities.",
    ),
    "not_normalized": (
        facts({"logit_diff": (4.0, -3.0), "kl_div": (0.0, 0.04)}),
        0.04,
        "The two unpatched runs have nearly the same mean `kl_div` (0 and 0.04), so a normalized "
        "effect would divide by less than the noise floor of 0.05 (nat).",
    ),
    "saturated_clean": (
        facts({"prob": (0.99, 0.1)}),
        0.99,
        "The mean `prob` of the clean runs is 0.99, near its upper end.",
    ),
    "divergence_has_no_sign": (
        facts(direction="noising"),
        0,
        "When noising, KL divergence starts at 0 and every effect on it is 0 or above.",
    ),
    "noise_not_needed": (
        facts(noise=NOISE, corruption="gaussian_noise"),
        3.0,
        "`gaussian_noise` of 3 standard deviations was used, and these prompts have replacements "
        "of the same length.",
    ),
    "few_noise_draws": (
        facts(noise=NOISE | {"draws": 1}),
        1,
        "Every prompt pair was noised once.",
    ),
    "noise_size": (
        facts(noise=NOISE | {"k": 1.0}),
        1.0,
        "The noise is 1 times the standard deviation of the noised embeddings (0.02); 3 is usual.",
    ),
    "one_corruption_site": (
        facts(sites=("S2", "S1+IO", "ABC")),
        2,
        "The prompts are corrupted at `S2` alone; the task also has `S1+IO`, `ABC`.",
    ),
    "post_norm_model": (
        facts(spec={"family": "Gemma2ForCausalLM"}),
        1,
        "`Gemma2ForCausalLM` has a norm or a factor between its components and the residual "
        "stream.",
    ),
    "mixture_of_experts": (
        facts(spec={"family": "MixtralForCausalLM"}),
        1,
        "`MixtralForCausalLM` routes every token to some of its experts.",
    ),
    "hooks_left_on": (
        facts(hooks=("blocks.0.hook_mlp_out",)),
        1,
        "The model has hooks of yours at 1 place: blocks.0.hook_mlp_out.",
    ),
    "compatibility_mode": (
        facts(compatibility_mode=True),
        1,
        "`enable_compatibility_mode` was called on the model, which changes weights in place.",
    ),
    "half_precision": (
        facts(dtype="bfloat16"),
        8,
        "The model computes in bfloat16, which keeps 8 significant bits.",
    ),
    "few_prompts": (facts(**FEW), 6, "There are 6 prompt pairs, fewer than 100."),
    "too_few_to_test": (
        facts(groups=GROUPS[:5]),
        5,
        "With 5 prompt pairs the smallest p that can come out is 0.0625.",
    ),
}

NEARLY = {
    "differs_in_many_places": facts(prompts=some(7, corrupted=(1, 5, 6, 9, 9))),
    "bos_not_default": facts(prepend_bos=False, bos_by_default=False),
    "corrupted_not_flipped": facts({"logit_diff": (4.0, np.repeat([1.0, -1.0], 50))}),
    "accidental_repeat": facts(prompts=some(1, clean=(1, 2, 2), corrupted=(1, 2, 1))),
    "one_template": facts(groups=("",) * PAIRS),
    "unequal_groups": facts(groups=("ABBA",) * 60 + ("BABA",) * 30),
    "task_not_done": facts(prompts=some(49, right=False)),
    "some_prompts_wrong": facts(prompts=some(9, right=False)),
    "corruption_too_weak": facts({"logit_diff": (4.0, 3.4)}),
    "corruption_keeps_most": facts({"logit_diff": (4.0, 2.0)}),
    "small_gaps": facts({"logit_diff": (np.where(small < 0, -2.0, 4.0), -3.0)}),
    "probability_near_floor": facts({"prob": (0.6, 0.02)}, direction="noising"),
    "unequal_answer_sets": facts(prompts=some(5, answers=(" 3", " 4"), wrong_answers=("1", "2"))),
    "tiny_ratio_base": facts({"stolfo": (9.0, 0.0)}),
    "not_normalized": facts({"logit_diff": (4.0, 3.99), "kl_div": (0.0, 0.06)}),
    "saturated_clean": facts({"logprob": (-0.06, -3.0)}),
    "divergence_has_no_sign": facts({"logit_diff": (4.0, -3.0)}, direction="noising"),
    "noise_not_needed": facts(noise=NOISE, replaceable=False),
    "few_noise_draws": facts(noise=NOISE),
    "noise_size": facts(noise=NOISE | {"k": 6.0}),
    "one_corruption_site": facts(sites=("S2", "ABC"), at=None),
    "post_norm_model": facts(spec={"family": "GemmaForCausalLM"}),
    "mixture_of_experts": facts(spec={"family": "MistralForCausalLM"}),
    "hooks_left_on": facts(hooks=()),
    "compatibility_mode": facts(compatibility_mode=False),
    "half_precision": facts(dtype="float64"),
    "few_prompts": facts(groups=GROUPS[:5]),
    "too_few_to_test": facts(**FEW),
}


def test_every_rule_about_a_study_is_tested():
    wanted = {name for name in RULES.names() if RULES.get(name).about == "study"}
    assert set(TRIGGERED) == set(NEARLY) == wanted


@pytest.mark.parametrize("name", TRIGGERED)
def test_it_is_said_with_its_number(name):
    study, number, sentence = TRIGGERED[name]
    (said,) = [one for one in about_study(study) if one.name == name]
    assert said.sentence == sentence
    assert said.number == pytest.approx(number)


@pytest.mark.parametrize("name", NEARLY)
def test_it_is_not_said_where_it_is_nearly_so(name):
    assert name not in about_study(NEARLY[name]).names


def test_matched_noise_is_of_its_own_size():
    noise = NOISE | {"k": 1.0}
    assert "noise_size" not in about_study(facts(noise=noise, corruption="matched_noise")).names
    assert "noise_size" in about_study(facts(noise=noise, corruption="uniform_noise")).names


def test_the_group_with_the_most_wrong_answers_is_named():
    wrong = [*some(15, right=False, group="BABA")[:20], *some(5, right=False)[:80]]
    pairs = [replace(pair, group=pair.group or "ABBA") for pair in wrong]
    (said,) = about_study(facts(prompts=tuple(pairs)))
    assert said.sentence == (
        "The model prefers a wrong answer on 20 % of the clean prompts, most often in the group "
        "`BABA` (100 %)."
    )


def test_a_mean_at_which_the_wrong_answer_wins_is_no_task_either():
    clean = np.repeat([0.5, -4.0], [80, 20])
    (said,) = [
        one
        for one in about_study(facts({"logit_diff": (clean, -6.0)}))
        if one.name == "task_not_done"
    ]
    assert said.sentence == (
        "The mean logit difference of the clean runs is -0.4: the wrong answer wins."
    )


@pytest.mark.parametrize("metric", ["continuation_logprob", "continuation_logprob_mean"])
def test_whole_answers_that_are_almost_certain_level_off_too(metric):
    assert "saturated_clean" in about_study(facts({metric: (-0.04, -9.0)})).names
    assert "saturated_clean" not in about_study(facts({metric: (-0.06, -9.0)})).names
    assert "saturated_clean" not in about_study(facts({"continuation_diff": (9.0, 0.0)})).names
