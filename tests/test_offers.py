"""What an explorer offers to measure: maps by site, window and positions, and corruptions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.engine.corrupting import fitting
from patchwidgets.exploring import Asking, offered_maps
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import noise_reaches
from patchwidgets.plans.shape import PromptShape
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.views._keys import setting_of
from tests.families import EVERY_FAMILY, PAIRS, study_of, tiny


@pytest.fixture
def study():
    yield study_of(tiny("llama"), PAIRS, store=False)
    Widget.close_all()


def parts_of(tab):
    return tab["site"], tab["window"], tab["positions"]


def test_every_map_that_is_offered_can_be_measured(study):
    asking = Asking(study, study.sweep("heads"), ("heads", {}))
    own = "denoising", "as given", ["logit_diff"]
    tabs = asking.offers().tabs
    results = {tab.key: asking.sweep(tab.key, *own) for tab in tabs}
    for tab in tabs:
        assert np.isfinite(results[tab.key].wait().snapshot().values).any(), tab.key
    assert [(tab.group, *parts_of(tab.model_dump())) for tab in tabs][:2] == [
        ("Heads", "outputs (z)", 1, "all together"),
        ("Heads", "outputs (z)", 1, "each role"),
    ]
    offered = {(tab.group, *parts_of(tab.model_dump())) for tab in tabs}
    assert len(offered) == len(tabs)
    assert offered >= {
        ("Heads", "values (v)", 1, "each position"),
        ("Residual", "after attention (resid_mid)", 3, "each position"),
        ("Residual", "after the layer (resid_post)", 1, "each role"),
        ("MLP", "mlp_out", 3, "each position"),
        ("Attention", "attn_out", 3, "all together"),
    }


def test_own_pairs_can_be_corrupted_by_every_kind_of_noise(study):
    asking = Asking(study, study.sweep("heads").wait(), ("heads", {}))
    corruptions = [one.value for one in asking.offers().corruptions]
    assert corruptions == ["as given", "gaussian_noise", "matched_noise", "uniform_noise"]
    for name in corruptions[1:]:
        result = asking.sweep("mlp", "denoising", name, ["logit_diff"]).wait()
        assert setting_of(result)[1] == name
        assert np.isfinite(result.snapshot().values).any()


def test_noise_that_has_no_size_is_not_offered(study):
    one_pair: dict[str, Any] = {
        name: one[:1] if isinstance(one, list) else one for name, one in PAIRS.items()
    }
    few = pw.PromptPairs(**one_pair)
    kinds = ["gaussian_noise", "matched_noise", "uniform_noise"]
    noises = [CORRUPTIONS.get(name) for name in kinds]
    found = fitting(study._session.model, few, True, None, study.metrics, noises)
    assert found == ["gaussian_noise", "uniform_noise"]


def test_noise_is_not_offered_where_it_does_not_reach_the_model():
    granite = study_of(tiny("granite"), PAIRS, store=False)
    asking = Asking(granite, granite.sweep("heads").wait(), ("heads", {}))
    assert [one.value for one in asking.offers().corruptions] == ["as given"]


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_no_block_is_run_to_find_out_whether_noise_reaches_the_model(family):
    model = LensModel(tiny(family))
    tokens, ran = torch.tensor([[1, 2, 3]]), []
    before = model.forward(tokens)
    hooks = [block.register_forward_hook(lambda *_: ran.append(1)) for block in model.blocks()]
    try:
        assert noise_reaches(model, tokens) == (family != "granite")
    finally:
        for hook in hooks:
            hook.remove()
    assert ran == []
    assert torch.equal(model.forward(tokens), before)


def test_maps_of_very_many_cells_are_not_offered():
    spec = replace(LensModel(tiny("llama")).spec, n_layers=30, n_heads=9)
    by_head, by_layer = ("heads", {"positions": "each"}), ("residual", {"window": 3})
    offered = {
        length: offered_maps(spec, PromptShape(lengths=(length,), roles=(), labels=()))
        for length in (15, 100, 2000)
    }
    assert {length: by_head in maps for length, maps in offered.items()} == {
        15: True,
        100: False,
        2000: False,
    }
    assert {length: by_layer in maps for length, maps in offered.items()} == {
        15: True,
        100: True,
        2000: False,
    }
    assert all(("residual", {}) in maps for maps in offered.values())
