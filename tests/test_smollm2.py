"""A real pretrained model: agreement with TransformerLens, and the paper's finding.

SmolLM2-135M has grouped-query attention: 9 query heads share 3 key/value heads.
"""

import contextlib
import io
import random
import time

import numpy as np
import pandas as pd
import pytest
import torch
import transformer_lens.patching as reference

import patchwidgets as pw
from patchwidgets.nodes import parse_node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.words import TokenizerWords
from tests.engine.test_hygiene import traces
from tests.engine.test_paths import SlowPathPatch, logit_diff

pytestmark = pytest.mark.slow

TOLERANCE = 1e-4
CELLS = 4
"""Sampled per site, axes and direction."""

SWEEP_OF = {
    "resid_pre": "residual",
    "resid_mid": "residual",
    "resid_post": "residual",
    "attn_out": "attn",
    "mlp_out": "mlp",
    "z": "heads",
}


@pytest.fixture(scope="session")
def model():
    return pw.load_model("smollm2-135m")


@pytest.fixture(scope="session")
def pairs(model):
    """IOI pairs of one length, in both orders of the names."""
    templates, words = ["BABA 6", "ABBA 6"], TokenizerWords(model.tokenizer)
    return TASKS.get("ioi").pairs(4, 0, words=words, templates=templates)


@pytest.fixture(scope="session")
def task_study(model):
    """The IOI task as a user asks for it: every template, prompts of several lengths."""
    return pw.Study(model, "ioi", n=8, seed=0, metric=["logit_diff", "prob"])


@pytest.fixture(scope="session")
def task_heads(task_study):
    return task_study.sweep("heads").wait()


@pytest.fixture(scope="session", params=["denoising", "noising"])
def study(request, model, pairs):
    return pw.Study(model, pairs, direction=request.param)


def sampled(spec, shape):
    """Return a plan of some cells of every map: site x axes, drawn with a fixed seed."""
    draw = random.Random(0)
    patches: list[Patch] = []
    maps = []
    for site, sweep in SWEEP_OF.items():
        for positions in (None, "each"):
            whole = SWEEPS.get(sweep)(spec, shape, site=site, positions=positions)
            late = [
                patch for patch in whole.patches if patch.nodes[0].position in (None, *range(8, 99))
            ]
            chosen = draw.sample(late, CELLS)
            cells = tuple(range(len(patches), len(patches) + CELLS))
            patches += chosen
            name = f"{site} {positions or 'all'}"
            maps.append(PlanMap(name, (Axis("cell", tuple(map(str, chosen))),), cells))
    return Plan("sampled", tuple(patches), tuple(maps))


def with_transformer_lens(study, patches):
    """Return patch by prompt: TransformerLens' own patching of cells of one site."""
    (group,) = study.prompts.groups
    base, source = group.corrupted, group.clean
    if study.direction == "noising":
        base, source = source, base
    nodes = [patch.nodes[0] for patch in patches]
    names = ["layer", "position", "head"]
    cells = pd.DataFrame([[getattr(node, name) for name in names] for node in nodes], columns=names)

    def setter(activation, index, source_activation):
        layer, position, head = (None if pd.isna(one) else int(one) for one in index)
        assert layer is not None
        at = slice(None) if position is None else position
        where = (slice(None), at) if head is None else (slice(None), at, head)
        activation[where] = source_activation[where]
        return activation

    with torch.inference_mode(), contextlib.redirect_stderr(io.StringIO()):
        _, cache = study.model.run_with_cache(
            source, names_filter=lambda name: name.endswith(nodes[0].site)
        )
        return reference.generic_activation_patch(
            study.model,
            base,
            cache,
            lambda logits: logit_diff(study, logits[:, -1]),
            setter,
            nodes[0].site,
            index_df=cells.astype("Int64"),
            reduce="none",
        ).values.numpy()


@pytest.fixture(scope="session")
def ours(study):
    return study.sweep(sampled).wait()


@pytest.mark.parametrize("axes", ["all", "each"])
@pytest.mark.parametrize("site", SWEEP_OF)
def test_sampled_cells_equal_those_of_transformer_lens(study, ours, site, axes):
    assert ours.provenance["executor"] == "wavefront"
    plan_map = next(one for one in ours.plan.maps if one.name == f"{site} {axes}")
    patches = [ours.plan.patches[cell] for cell in plan_map.cells]
    got = ours.patched(map=plan_map.name)
    wanted = with_transformer_lens(study, patches)
    np.testing.assert_allclose(got, wanted, atol=TOLERANCE, err_msg=str(list(map(str, patches))))
    assert np.abs(ours.effect(map=plan_map.name)).max() > 10 * TOLERANCE


@pytest.mark.parametrize("receiver", ["L20H0.v", "L23H3.q"])
def test_sampled_paths_equal_the_slow_reference(model, pairs, receiver):
    study = pw.Study(model, pairs)
    result = study.path([receiver]).wait()
    assert result.provenance["executor"] == "wavefront"
    (group,) = study.prompts.groups
    values = result.snapshot().values[0]
    strongest = int(np.abs(result.snapshot().mean_effect(0)).argmax())
    senders = {strongest, len(values) - 1}
    senders |= set(random.Random(0).sample(range(len(values)), 4))
    with torch.inference_mode():
        nodes = [parse_node(receiver)]
        slow = SlowPathPatch(model, group.corrupted, group.clean, nodes, group.roles)
        for index in sorted(senders):
            path = result.plan.patches[index].path
            assert path is not None
            wanted = logit_diff(study, slow.logits(path.sender))
            np.testing.assert_allclose(values[index], wanted, atol=TOLERANCE, err_msg=str(path))


def test_the_model_does_the_task(task_study):
    table = task_study.baselines()
    assert table["right"].mean() >= 0.75
    assert table["logit_diff clean"].mean() > 1.5
    assert table["logit_diff corrupted"].mean() < -1.5


def test_logit_difference_finds_heads_of_both_signs(task_heads):
    found = task_heads.detect(sd=2)
    assert {"L23H3", "L20H0"} <= set(found.positive)
    assert {"L29H0", "L24H4"} <= set(found.negative)


def test_probability_misses_the_negative_heads(task_heads):
    assert task_heads.detect(sd=2, metric="prob").negative == ()


def test_cancel_takes_effect_within_a_second_and_leaves_no_hook(task_study):
    model = task_study.model
    before = traces(model)
    result = task_study.sweep("heads", positions="roles")
    while result.progress.done == 0 and not result.done:
        time.sleep(0.01)
    asked = time.monotonic()
    result.cancel().wait()
    assert time.monotonic() - asked < 1.0
    assert result.progress.state == "cancelled"
    measured = np.isfinite(result.snapshot().values).all(axis=(0, 2))
    assert 0 < measured.sum() < len(measured)
    assert traces(model) == before
