"""The fast engine against `transformer_lens.patching`, an implementation that is not ours."""

import numpy as np
import pytest
import torch
import transformer_lens.patching as reference

from tests.families import FAMILIES, PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4

POSITION_SWEEPS = {
    ("residual", "resid_pre"): reference.get_act_patch_resid_pre,
    ("residual", "resid_mid"): reference.get_act_patch_resid_mid,
    ("attn", "attn_out"): reference.get_act_patch_attn_out,
    ("mlp", "mlp_out"): reference.get_act_patch_mlp_out,
    ("heads", "z"): reference.get_act_patch_attn_head_out_by_pos,
}
HEAD_SWEEPS = {
    "z": reference.get_act_patch_attn_head_out_all_pos,
    "q": reference.get_act_patch_attn_head_q_all_pos,
    "k": reference.get_act_patch_attn_head_k_all_pos,
    "v": reference.get_act_patch_attn_head_v_all_pos,
}


@pytest.fixture(params=sorted(FAMILIES))
def model(request):
    return tiny(request.param)


@pytest.fixture(params=["denoising", "noising"])
def study(request, model):
    return study_of(model, PAIRS, direction=request.param)


def _with_transformer_lens(study, sweep):
    """Run one of TransformerLens' own sweeps on the study's prompts."""
    (group,) = study.prompts.groups
    base, source = group.corrupted, group.clean
    if study.direction == "noising":
        base, source = source, base
    answers = study.prompts.answers
    right = torch.tensor([ids[0] for ids in answers.right])
    wrong = torch.tensor([ids[0] for ids in answers.wrong])
    rows = torch.arange(len(right))

    def metric(logits):
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean()

    with torch.inference_mode():
        _, cache = study.model.run_with_cache(source)
        return sweep(study.model, base, cache, metric).numpy()


@pytest.mark.parametrize("sweep", sorted(POSITION_SWEEPS))
def test_maps_by_position_equal_those_of_transformer_lens(study, sweep):
    if sweep[1] == "resid_mid" and study.model.cfg.parallel_attn_mlp:
        with pytest.raises(ValueError, match="has no `resid_mid`"):
            study.sweep(sweep[0], site=sweep[1])
        return
    result = study.sweep(sweep[0], site=sweep[1], positions="each")
    ours = result.patched().mean("prompt")
    theirs = _with_transformer_lens(study, POSITION_SWEEPS[sweep])
    order = ("layer", "position", "head") if "head" in ours.dims else ("layer", "position")
    np.testing.assert_allclose(ours.transpose(*order), theirs, atol=TOLERANCE)
    assert result.provenance["executor"] == "wavefront"


@pytest.mark.parametrize("site", sorted(HEAD_SWEEPS))
def test_head_maps_equal_those_of_transformer_lens(study, site):
    ours = study.sweep("heads", site=site).patched().mean("prompt")
    theirs = _with_transformer_lens(study, HEAD_SWEEPS[site])
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


def test_resid_post_equals_resid_pre_of_the_next_block(study):
    post = study.sweep("residual", site="resid_post").patched()
    before = study.sweep("residual", site="resid_pre").patched()
    np.testing.assert_allclose(post[:-1], before[1:], atol=TOLERANCE)
    last = post[-1].isel(position=-1)
    source = study._baseline.source(study.direction)[0]
    np.testing.assert_allclose(last, source, atol=TOLERANCE)


@pytest.mark.parametrize("sweep", ["residual", "attn", "mlp"])
def test_all_positions_together_equal_a_joint_patch(study, sweep):
    site = {"residual": "resid_pre", "attn": "attn_out", "mlp": "mlp_out"}[sweep]
    ours = study.sweep(sweep, positions=None).patched().mean("prompt")

    def every_position(model, tokens, cache, metric):
        def setter(activation, index, clean):
            activation[:] = clean
            return activation

        return reference.generic_activation_patch(
            model, tokens, cache, metric, setter, site, index_axis_names=["layer"]
        )

    theirs = _with_transformer_lens(study, every_position)
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


@pytest.mark.parametrize("positions", [None, "roles"])
@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_prompts_of_two_lengths_equal_each_length_alone(model, direction, positions):
    together = study_of(model, RAGGED, direction=direction)
    both = together.sweep("heads", positions=positions).patched()
    for kept in (slice(0, 3), slice(3, 4)):
        alone = {name: value[kept] for name, value in RAGGED.items() if name != "roles"}
        alone["roles"] = {"S2": RAGGED["roles"]["S2"][kept]}
        part = study_of(model, alone, direction=direction).sweep("heads", positions=positions)
        np.testing.assert_allclose(both.isel(prompt=kept), part.patched(), atol=TOLERANCE)
