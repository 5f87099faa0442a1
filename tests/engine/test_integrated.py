"""Integrated gradients (EAP-IG): against slow autograd, and what exact effect they stand for."""

from typing import Any

import numpy as np
import pytest
import torch

from patchwidgets.nodes import Node
from patchwidgets.plans.paths import path_plan
from tests.engine.test_slopes import estimated_edges, kept_runs
from tests.families import PAIRS, study_of, tiny


def test_integrated_gradients_are_the_mean_of_slow_ones():
    """Along runs whose embeddings lie between the base and the source run, at mid-steps."""
    study = study_of(tiny("llama"), PAIRS)
    plan = path_plan(study._session.model.spec, ["logits"], "direct", study.shape)
    got = estimated_edges(study, plan, steps=3)[0]
    runs = kept_runs(study, plan)
    base, change = (
        runs.base.site("resid_pre", 0).clone(),
        (runs.source.site("resid_pre", 0) - runs.base.site("resid_pre", 0)).clone(),
    )
    (group,) = study.prompts.groups
    right, wrong = (
        torch.tensor([ids[0] for ids in side])
        for side in (study.prompts.answers.right, study.prompts.answers.wrong)
    )
    slopes = []
    for share in (1 / 6, 3 / 6, 5 / 6):
        taps = []

        def between(activation, hook, share=share):
            return base + share * change

        def tap(activation, hook, taps=taps):
            taps.append(torch.zeros_like(activation, requires_grad=True))
            return activation + taps[0]

        hooks = [("blocks.0.hook_resid_pre", between), ("blocks.2.hook_resid_post", tap)]
        with torch.enable_grad():
            logits = study.model.run_with_hooks(group.corrupted, fwd_hooks=hooks)[:, -1]
            rows = torch.arange(len(right))
            (logits[rows, right] - logits[rows, wrong]).sum().backward(inputs=taps)
        slopes.append(taps[0].grad)
    paths: list[Any] = [patch.path for patch in plan.patches]
    index = [path.sender for path in paths].index(Node("mlp_out", 1))
    written = runs.source.site("mlp_out", 1) - runs.base.site("mlp_out", 1)
    wanted = (written * torch.stack(slopes).mean(0)).sum((1, 2))
    np.testing.assert_allclose(got[index], wanted, rtol=1e-4, atol=1e-5)


TO_ONE = [(["logits"], "direct"), (["logits"], "pinned"), (["L2H1.v"], "pinned")]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize(("receivers", "form"), TO_ONE)
def test_integrated_gradients_stand_for_the_mean_of_both_directions(family, receivers, form):
    """One line between the two runs, whichever way; the slope at one end stands for that end."""
    both = []
    for direction, sign in (("denoising", 1), ("noising", -1)):
        study = study_of(tiny(family), PAIRS, direction=direction)
        exact = study.path(receivers, form=form).wait()
        numbers = [study.estimate(exact.plan, way).estimate.values[0] for way in ("eap_ig", "eap")]
        numbers.append(exact.snapshot().effect(0))
        both.append([sign * np.nan_to_num(each) for each in numbers])
    (line, slope_here, here), (line_back, _, there) = both
    np.testing.assert_allclose(line, line_back, atol=1e-5)
    mean = (here + there) / 2
    assert np.abs(line - mean).mean() < np.abs(slope_here - mean).mean()
