"""Answers of several tokens, against whole forward passes by TransformerLens' own hooks."""

import numpy as np
import pytest
import torch

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.metrics import METRICS
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from tests.engine.test_slopes import estimated, require_slopes
from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4

LONG = PAIRS | {
    "answers": [" Mary and John", " Tom said", [" Sara", " Anna said"]],
    "wrong_answers": [" John and Mary", " Anna went to the", " Paul said"],
    "roles": {"S2": 9},
}
"""One to four tokens; the third prompt has a set of right answers, one of a single token."""

BOTH = ["continuation_diff", "continuation_logprob"]
ASKED = [
    *(("llama", "denoising"), ("llama", "noising"), ("gpt2", "noising"), ("olmo2", "denoising")),
    *(("bloom", "noising"), ("mistral", "denoising")),
]
"""Grouped-query attention, absolute positions, norms after, a bias on positions, and a window."""


def answers_of(study):
    """Return prompt, side and tokens of every answer, by the tokenizer."""
    listed = []
    for row, pair in enumerate(study.prompts.pairs):
        for side, texts in (("right", pair.answers), ("wrong", pair.wrong_answers)):
            for text in texts:
                ids = study.model.tokenizer(text, add_special_tokens=False)["input_ids"]
                listed.append((row, side, ids))
    return listed


def slowly(study, patched=None):
    """Return log P(right) - log P(wrong) of every prompt, and log P(right), an answer at a time.

    Args:
        study: The prompts.
        patched: Makes hooks from the cache of the source run, which has the same answer after it.
    """
    (group,) = study.prompts.groups
    base, source = group.corrupted, group.clean
    if study.direction == "noising":
        base, source = source, base
    sums = {(row, side): [] for row in range(len(base)) for side in ("right", "wrong")}
    with torch.inference_mode():
        for row, side, ids in answers_of(study):
            after = torch.tensor([ids])
            tokens = torch.cat([base[row : row + 1], after], dim=1)
            _, cache = study.model.run_with_cache(torch.cat([source[row : row + 1], after], dim=1))
            hooks = [] if patched is None else patched(cache)
            logits = study.model.run_with_hooks(tokens, fwd_hooks=hooks)[0].float()
            before = logits[-len(ids) - 1 : -1].log_softmax(-1)
            sums[row, side].append(sum(before[at, token] for at, token in enumerate(ids)))
    right, wrong = (
        torch.stack([torch.stack(sums[row, side]).logsumexp(0) for row in range(len(base))])
        for side in ("right", "wrong")
    )
    return torch.stack([right - wrong, right]).numpy()


def writing(name, head=None, position=None):
    """Return what makes the hook that writes one activation of the source run."""

    def of(cache):
        def hook(activation, hook):
            at = slice(None) if position is None else slice(position, position + 1)
            where = (slice(None), at) if head is None else (slice(None), at, head)
            changed = activation.clone()
            changed[where] = cache[name][where]
            return changed

        return [(name, hook)]

    return of


@pytest.mark.parametrize(("family", "direction"), ASKED)
def test_maps_equal_whole_forward_passes_of_each_answer_alone(family, direction):
    study = study_of(tiny(family), LONG, metric=BOTH, direction=direction)
    heads = study.sweep("heads").wait()
    assert heads.provenance["executor"] == "wavefront"
    values = heads.snapshot().values.reshape(2, 3, 4, 3)
    for layer, head in ((0, 1), (1, 3), (2, 0)):
        name = f"blocks.{layer}.attn.hook_z"
        wanted = slowly(study, writing(name, head))
        np.testing.assert_allclose(values[:, layer, head], wanted, atol=TOLERANCE)
    by_role = study.sweep("residual", positions="roles").wait()
    nodes = [patch.nodes[0] for patch in by_role.plan.patches]
    for place, position in (("S2", 9 + 1), ("END", study.prompts.groups[0].clean.shape[1] - 1)):
        at = nodes.index(Node("resid_pre", 2, None, place))
        wanted = slowly(study, writing("blocks.2.hook_resid_pre", position=position))
        np.testing.assert_allclose(by_role.snapshot().values[:, at], wanted, atol=TOLERANCE)
    unpatched = slowly(study)
    np.testing.assert_allclose(study._baseline.base(direction), unpatched, atol=TOLERANCE)
    right = slowly(study)[0] if direction == "noising" else study._baseline.clean[0]
    np.testing.assert_array_equal(study._session.right(), right > 0)


def test_the_whole_stream_at_the_end_is_the_source_run():
    """All positions are those of the answer too, where its other tokens are decided."""
    study = study_of(tiny("gpt2"), LONG, metric=BOTH)
    last = study.sweep("residual", site="resid_post", positions=None).wait().snapshot().values[:, 2]
    np.testing.assert_allclose(last, study._baseline.clean, atol=TOLERANCE)


@pytest.mark.parametrize(("receivers", "form"), [(["logits"], "direct"), (["L2H1.v"], "pinned")])
def test_paths_equal_those_of_the_reference_executor(receivers, form):
    fast, slow = (
        study_of(tiny("llama"), LONG, metric=BOTH, executor=how).path(receivers, form=form).wait()
        for how in ("auto", "reference")
    )
    assert fast.provenance["executor"] == "wavefront"
    assert slow.provenance["executor"] == "reference: it was asked for"
    effect = slow.snapshot().effect(0)
    assert np.nanmax(np.abs(effect)) > 0.1
    np.testing.assert_allclose(fast.snapshot().values, slow.snapshot().values, atol=TOLERANCE)


def test_noise_reaches_the_prompt_and_not_the_answer():
    """Each draw by hand: the answer follows the noised prompt."""
    noise = GaussianNoise(k=1.0, draws=2)
    pairs = {**LONG, "answers": [" Mary and John", " Tom said", " Sara"]}
    study = study_of(tiny("gpt2"), pairs, metric=BOTH[1], corruption=noise, at="S2")
    (group,) = study.prompts.groups
    assert group.noise is not None
    corrupted = study._session.baseline().corrupted[0]
    with torch.inference_mode():
        for row, member in enumerate(group.members):
            (ids,) = study.prompts.answers.right[member]
            added = torch.nn.functional.pad(group.noise[row], (0, 0, 0, len(ids)))
            tokens = torch.cat([group.clean[row], torch.tensor(ids)])[None]
            hooks = [("hook_embed", lambda value, hook, added=added: value + added)]
            logits = study.model.run_with_hooks(tokens, fwd_hooks=hooks)[0]
            terms = logits[-len(ids) - 1 : -1].log_softmax(-1)
            wanted = sum(float(terms[at, token]) for at, token in enumerate(ids))
            assert corrupted[member] == pytest.approx(wanted, abs=TOLERANCE)
    maps = [
        study_of(tiny("gpt2"), pairs, metric=BOTH, corruption=noise, at="S2", executor=how).sweep(
            "mlp"
        )
        for how in ("auto", "reference")
    ]
    fast, slow = (each.wait().snapshot().values for each in maps)
    np.testing.assert_allclose(fast, slow, atol=TOLERANCE)


def test_estimates_are_the_slope_of_the_exact_effect():
    study = study_of(tiny("llama"), LONG, metric=BOTH)
    patches = [Patch((Node("z", 1, 2),)), Patch((Node("mlp_out", 0, None, "S2"),))]
    require_slopes(study, patches, estimated(study, patches))


def test_answers_of_one_token_are_the_logit_difference_and_need_no_more_rows():
    names = ["continuation_diff", "continuation_logprob", "logit_diff", "logprob"]
    study = study_of(tiny("llama"), RAGGED, metric=names)
    values = study.sweep("heads").wait().snapshot().values
    np.testing.assert_allclose(values[:2], values[2:], atol=TOLERANCE)
    alone = study_of(tiny("llama"), RAGGED, metric=names[:2])
    np.testing.assert_allclose(alone.sweep("heads").wait().snapshot().values, values[:2], atol=1e-5)
    assert [runs.batch for runs in alone._session._runs] == [1, 3]


def test_rows_are_as_few_as_answers_allow():
    """Two of the first prompt begin alike; the third prompt's single tokens need none."""
    one = study_of(tiny("llama"), LONG, metric=BOTH[1])
    (runs,) = one._session._runs
    assert (runs.batch, runs.base.read) == (3, 3)
    both = study_of(tiny("llama"), LONG, metric=BOTH)
    (runs,) = both._session._runs
    assert (runs.batch, runs.base.read) == (6, 4)


@pytest.mark.parametrize("name", BOTH)
def test_the_mean_divides_by_the_number_of_tokens(name):
    mean = METRICS.get(name).mean()
    assert (mean.name, mean.per_token) == (f"{name}_mean", True)
    assert mean.label.endswith(" per token")
    pairs = {**LONG, "answers": [" Mary and John", " Tom said", " Sara"]}
    right = METRICS.get("continuation_logprob")
    study = study_of(tiny("gpt2"), pairs, metric=[right, right.mean()])
    total, per_token = study._baseline.clean
    np.testing.assert_allclose(total, per_token * [3, 2, 1], rtol=1e-5)


def test_what_the_model_knows_is_read_off_whole_answers():
    study = study_of(tiny("gpt2"), LONG, metric=BOTH)
    right = study._session.right()
    assert 0 < right.sum() < 3
    with pytest.warns(UserWarning, match="knows 2 of 3"):
        kept = study_of(tiny("gpt2"), LONG, metric=BOTH, known=True)
    assert len(kept.prompts.pairs) == right.sum()
    report = study.corruption_report().table
    p = study._baseline.clean[1]
    assert report["P(answer) clean"].item() == pytest.approx(np.exp(p).mean(), rel=1e-4)


def refused(ask):
    with pytest.raises(PatchwidgetsError) as caught:
        ask()
    return str(caught.value)


def test_what_cannot_be_read_is_refused():
    llama = tiny("llama")

    def own(answers, wrong=" Paul", **options):
        pairs = PAIRS | {"answers": [" Mary", " Tom", answers]}
        pairs |= {"wrong_answers": [" John", " Anna", wrong]}
        return study_of(llama, pairs, **({"metric": "continuation_diff"} | options))

    one_token = (
        "Answer ' Sara and Tom' of `pairs[2]` is 3 tokens: ' Sara', ' and', ' Tom'. An answer must "
        "be exactly one token, because a metric reads the one token after the prompt. Choose "
        "another word, put the first part of the answer at the end of both prompts, or measure "
        "whole answers with `metric='continuation_diff'` alone."
    )
    assert refused(lambda: own(" Sara and Tom", metric="logit_diff")) == one_token
    assert refused(lambda: own(" Sara and Tom", metric=["prob", "continuation_diff"])) == one_token
    beginning = (
        "' Sara' and ' Sara and Tom', answers of `pairs[2]`, are the same tokens as far as the "
        "first one goes. Where the longer one comes true the other does too, so their "
        "probabilities cannot be added or compared. Leave one out, or go on with the shorter one "
        "until they differ."
    )
    assert refused(lambda: own(" Sara and Tom", wrong=" Sara")) == beginning
    assert refused(lambda: own([" Sara", " Sara and Tom"])) == beginning
    assert refused(lambda: own("Sara and Tom")) == (
        "Answer 'Sara and Tom' of `pairs[2]` has no leading space. After a prompt that ends in "
        '\'to\' the next word begins with a space, and " Sara and Tom" is another token than "Sara '
        'and Tom". Write `" Sara and Tom"`.'
    )
    assert refused(lambda: own("")) == (
        "`answers[2]` is ''. An answer is a text such as ' Mary', or a list of texts that all "
        "count, because a metric reads the logits of their tokens. Write `answers=[' Mary', ...]`."
    )
    assert refused(lambda: own(" Sara and Zelda")) == (
        "Answer ' Sara and Zelda' of `pairs[2]` is not in the tokenizer's vocabulary. The model "
        "has no logit for it, so no metric can read it. Choose a word the model knows."
    )
    assert refused(lambda: own(" Sara" + " and" * 60)) == (
        "The clean prompt of `pairs[2]` and all but the last token of its answer "
        f"{' Sara' + ' and' * 60!r} are 75 tokens; the model reads at most 64. Every token of an "
        "answer is read after those before it, so none can be cut off. Shorten the prompt."
    )
    assert refused(lambda: own(" Sara and Tom", known="top")) == (
        "`known='top'` keeps pairs whose answer is the first choice among all tokens, and metrics "
        "of whole answers have no such choice: the texts of several tokens cannot all be "
        "compared. Use `known=True`, which compares the right answers with the wrong ones."
    )
    study = own(" Sara and Tom")
    mean = {"reference": study.prompts.pairs}
    sources = {"resample": {}, "mean": mean, "mean_by_role": mean | {"positions": "roles"}}
    for source, options in sources.items():
        result = study.sweep("mlp", source=source, **options)
        assert refused(result.wait) == (
            f"`source={source!r}` writes values of other prompts, and here every prompt is "
            "followed by its own answer of several tokens, for which others have no values. Use "
            "the other run of each pair (leave `source` out) or `source='zero'`."
        )
    zero = [
        own(" Sara and Tom", executor=how).sweep("mlp", source="zero").wait().snapshot().values
        for how in ("auto", "reference")
    ]
    np.testing.assert_allclose(*zero, atol=TOLERANCE)
