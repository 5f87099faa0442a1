"""Every family, site, direction and choice of positions: the fast engine is used, and is exact."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import transformer_lens.patching as patching
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchwidgets.errors import PlanError
from patchwidgets.plans.sweeps import SWEEPS
from tests import parity
from tests.drawn import pairs
from tests.families import (
    DOUBLE,
    EVERY_FAMILY,
    NO_HALF,
    PAIRS,
    has_site,
    study_of,
    tiny,
    tiny_in,
)
from tests.parity import DIRECTIONS, FORMS, RECEIVERS, SWEEP_OF, TOLERANCE, plan_of

SIDE_BY_SIDE = (
    "its attention and MLP read the same residual stream side by side, so there is nothing between "
    "them. Use `resid_pre`, `attn_out` or `mlp_out`."
)
WITHOUT_MLP = "its blocks are attention only, without an MLP. Use `resid_pre`, `attn_out` or `z`."
REFUSED = {
    ("gptj", "resid_mid"): ("GPTJForCausalLM", SIDE_BY_SIDE),
    ("phi", "resid_mid"): ("PhiForCausalLM", SIDE_BY_SIDE),
    ("pythia", "resid_mid"): ("GPTNeoXForCausalLM", SIDE_BY_SIDE),
    ("attention_only", "resid_mid"): ("TransformerLensNative", WITHOUT_MLP),
    ("attention_only", "mlp_out"): ("TransformerLensNative", WITHOUT_MLP),
    ("attention_only", "mlp_post"): ("TransformerLensNative", WITHOUT_MLP),
}
"""What a family cannot do: its architecture, and the reason that is given."""

KEPT = Path(parity.__file__).with_suffix(".txt")
"""What was printed; `python -m tests.parity > tests/parity.txt` does it again."""

every_family = pytest.mark.parametrize("family", EVERY_FAMILY)
every_direction = pytest.mark.parametrize("direction", DIRECTIONS)

PATHS = [
    (family, receiver, FORMS[(row + column) % 3], DIRECTIONS[(row + column) % 2])
    for row, family in enumerate(EVERY_FAMILY)
    for column, receiver in enumerate(RECEIVERS)
    if has_site(family, receiver)
]
"""Every family and receiver; forms and directions take turns, to save time."""


def sites_of(family):
    return [site for site in SWEEP_OF if has_site(family, site)]


def both(family, direction, plan):
    """Return the largest difference between the executors, and each patch's largest effect."""
    fast, slow = (parity.study(family, direction, executor) for executor in ("auto", "reference"))
    return parity.compare(fast, slow, plan)


@every_family
@every_direction
def test_every_site_equals_the_reference_executor(family, direction):
    """All sites at once, so that cells of different kinds travel in one wave."""
    patches = [
        patch
        for site in sites_of(family)
        for plan in parity.site_plans(family, site)
        for patch in parity.sample(plan, 2).patches
    ]
    difference, effects = both(family, direction, parity.plan_of(patches))
    assert difference <= TOLERANCE
    for site in sites_of(family):
        assert max(effects[[patch.nodes[0].site == site for patch in patches]]) > 1e-3, site


@pytest.mark.parametrize(("family", "receiver", "form", "direction"), PATHS)
def test_paths_equal_the_reference_executor(family, receiver, form, direction):
    """From a head and the MLP of layer 1, and from the embedding."""
    (plan,) = parity.path_plans(family, receiver, form)
    senders = {str(patch.path.sender): patch for patch in plan.patches}
    some = [senders[name] for name in ("L1H0", "L1.mlp_out", "embed") if name in senders]
    difference, effects = both(family, direction, parity.plan_of(some, plan.form))
    assert difference <= TOLERANCE
    assert max(effects) > 100 * difference


@every_family
def test_head_maps_equal_those_of_transformer_lens(family):
    """Not ours at all: `transformer_lens.patching`."""
    study = parity.study(family, "denoising", "auto")
    (group,) = study.prompts.groups
    answers = study.prompts.answers
    rows = torch.arange(len(answers.right))
    right, wrong = ([ids[0] for ids in sides] for sides in (answers.right, answers.wrong))

    def metric(logits):
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean()

    with torch.inference_mode():
        _, cache = study.model.run_with_cache(group.clean)
    for site, sweep in {
        "z": patching.get_act_patch_attn_head_out_all_pos,
        "q": patching.get_act_patch_attn_head_q_all_pos,
    }.items():
        ours = study.sweep("heads", site=site, positions=None).patched().mean("prompt")
        with torch.inference_mode():
            theirs = sweep(study.model, group.corrupted, cache, metric).numpy()
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


@pytest.mark.parametrize(("family", "site"), sorted(REFUSED))
def test_a_site_that_a_family_lacks_is_refused(family, site):
    architecture, reason = REFUSED[family, site]
    whole = re.escape(f"`tiny-{family}` ({architecture}) has no `{site}`: {reason}")
    with pytest.raises(PlanError, match=f"^{whole}$"):
        parity.study(family, "denoising", "auto").sweep(SWEEP_OF[site], **parity.asked_of(site))


def test_a_path_map_of_a_model_without_mlps_has_no_map_of_them():
    result = parity.study("attention_only", "denoising", "auto").path(["L2H1.q"])
    assert [one.name for one in result.plan.maps] == ["heads", "embed"]


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
@pytest.mark.parametrize("family", [one for one in EVERY_FAMILY if one not in NO_HALF])
def test_a_model_of_another_dtype_is_replayed_and_equals_the_reference_executor(family, dtype):
    made = tiny_in(family, dtype)
    fast, slow = (study_of(made, PAIRS, executor=how, store=False) for how in ("auto", "reference"))
    some = parity.sample(fast.plan("heads", positions="roles"), 4).patches
    for plan in (plan_of(some), parity.sample(fast.plan("path", receivers=["L2H1.v"]), 4)):
        one, other = (study.sweep(lambda _spec, _shape: plan).wait() for study in (fast, slow))  # noqa: B023
        assert one.provenance["executor"] == "wavefront"
        apart = np.abs(one.snapshot().values - other.snapshot().values).max()
        double = 1e-12 if family in DOUBLE else 1e-6
        floor = 8 * one.provenance["noise_floor"]["logit_diff"]
        assert apart <= (double if dtype == "float64" else floor)


@pytest.mark.parametrize("metric", ["prob", "kl_div"])
@pytest.mark.parametrize("family", ["gemma2", "opt", "gptj", "attention_only"])
def test_metrics_that_need_every_logit_see_those_of_the_model(family, metric):
    """Soft-capped, with a bias, or read out by a model that is not from Hugging Face."""
    fast, slow = (
        study_of(tiny(family), PAIRS, metric=metric, executor=executor, store=False)
        for executor in ("auto", "reference")
    )
    plan = parity.sample(next(iter(parity.site_plans(family, "resid_pre"))), 2)
    difference, effects = parity.compare(fast, slow, plan)
    assert difference <= TOLERANCE
    assert max(effects) > 100 * difference


@pytest.mark.parametrize("family", ["gemma2", "gemma3", "mistral"])
def test_a_window_hides_what_is_behind_it(family):
    """Otherwise these families would be tested as if they had none: the window is shorter."""
    tokens = tiny(family).to_tokens(PAIRS["clean"][0])
    changed = tokens.clone()
    changed[0, 1] += 1
    with torch.inference_mode():
        one, other = (tiny(family).run_with_cache(each)[1] for each in (tokens, changed))
    gap = (one["blocks.0.attn.hook_z"] - other["blocks.0.attn.hook_z"]).abs()[0].amax((-1, -2))
    assert (gap[1:5] > 0).all()
    assert not gap[5:].any()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    family=st.sampled_from(EVERY_FAMILY),
    direction=st.sampled_from(DIRECTIONS),
    prompts=pairs(),
    bos=st.booleans(),
    data=st.data(),
)
def test_any_prompts_equal_the_reference_executor(family, direction, prompts, bos, data):
    options = {"direction": direction, "prepend_bos": bos}
    fast, slow = (
        study_of(tiny(family), prompts, executor=executor, store=False, **options)
        for executor in ("auto", "reference")
    )
    positions = [None, "roles"]
    if len(fast.shape.lengths) == 1:
        positions.append("each")
    site = data.draw(st.sampled_from(sites_of(family)), "site")
    at = data.draw(st.sampled_from(positions), "positions")
    sweep, asked = SWEEPS.get(SWEEP_OF[site]), parity.asked_of(site)
    plan = sweep(fast._session.model.spec, fast.shape, positions=at, **asked)
    patches = data.draw(st.permutations(plan.patches), "patches")[:6]
    difference, _ = parity.compare(fast, slow, parity.plan_of(patches))
    assert difference <= TOLERANCE


def test_the_printed_table_has_a_line_per_family_in_every_block_and_the_reasons():
    blocks = {"sites": ["resid_mid", "z"], "paths, direct": ["direct v"]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sites, paths, reasons = (
            lines.splitlines()
            for lines in "\n".join(parity.table(["gpt2", "attention_only"], blocks, 1)).split(
                "\n\n"
            )
        )
    assert sites[0].split() == ["sites", "resid_mid", "z", "effect"]
    assert paths[0].split() == ["paths,", "direct", "v", "effect"]
    assert [line.split()[0] for line in (*sites[1:], *paths[1:])] == ["gpt2", "attention_only"] * 2
    assert "!" not in "".join([*sites, *paths])
    assert "(" not in sites[1]
    assert sites[2].split()[1] == "(1)"
    (reason,) = reasons
    assert reason.startswith("(1) `tiny-attention_only` (TransformerLensNative) has no `resid_mid`")


def test_the_kept_table_has_every_family_within_rounding_or_with_a_reason():
    *blocks, reasons = KEPT.read_text().split("\n\n")
    assert len(blocks) == len(parity.BLOCKS)
    for block, (name, columns) in zip(blocks, parity.BLOCKS.items(), strict=True):
        head, *lines = block.splitlines()
        assert head.startswith(name)
        assert [line.split()[0] for line in lines] == list(EVERY_FAMILY)
        assert {len(line.split()) for line in lines} == {1 + len(columns) + 1}
    assert "!" not in "".join(blocks)
    cited = {int(number) for block in blocks for number in re.findall(r"\((\d+)\)", block)}
    assert cited == {int(line[1 : line.index(")")]) for line in reasons.splitlines()}
