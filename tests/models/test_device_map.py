"""Models whose weights lie in several places, by Accelerate's `device_map`."""

from typing import Any

import numpy as np
import pytest
import torch
from accelerate import dispatch_model
from accelerate.hooks import ModelHook, add_hook_to_module
from accelerate.utils import send_to_device

from patchwidgets.jobs import Worker
from tests.engine.devices import Devices, device
from tests.families import FAMILIES, PAIRS, bridge_of, study_of, tiny

ATOL = 1e-5
PARTS = ["embed_tokens", "layers.0", "layers.1", "layers.2", "norm", "rotary_emb"]

FEW = {"senders": ["mlp", "embed"]}

ASKED = {
    "heads": ("kl_div", lambda study: study.sweep("heads", source="zero")),
    "pinned": ("kl_div", lambda study: study.path(["L2H1.v", "L2.mlp_in"], **FEW)),
    "direct": (
        "logit_diff",
        lambda study: study.path(["L1H1.k", "L1.mlp_in", "L2.mlp_in"], form="direct", **FEW),
    ),
    "pinned_all": ("logit_diff", lambda study: study.path(["logits"], form="pinned_all", **FEW)),
    "eap": ("logit_diff", lambda study: study.path(["L2H1.v"], estimate="eap", top=2, **FEW)),
    "attribution": (
        "logit_diff",
        lambda study: study.sweep("heads", site="q", estimate="attribution", top=2),
    ),
}
"""What is measured, and the metric: one of all logits and one of the answers'."""


def on_disk(family, folder):
    """Return a tiny model with its first block in memory; Accelerate reads the rest from disk."""
    torch.manual_seed(0)
    model = FAMILIES[family]().eval()
    places: Any = {f"model.{part}": "disk" for part in PARTS} | {"lm_head": "disk"}
    places |= {"model.layers.0": "cpu"}
    where: Any = {"main_device": "cpu", "offload_dir": folder}
    model = dispatch_model(model, places, **where, force_hooks=True)
    return bridge_of(model, f"tiny-{family}")


@pytest.fixture(scope="module")
def offloaded(tmp_path_factory):
    return on_disk("llama", tmp_path_factory.mktemp("weights"))


def same(here, there):
    here, there = here.wait(), there.wait()
    assert there.provenance["executor"] == "wavefront"
    assert (here.snapshot().status == there.snapshot().status).all()
    np.testing.assert_allclose(there.snapshot().values, here.snapshot().values, atol=ATOL)
    if here.estimate is not None:
        np.testing.assert_allclose(there.estimate.values, here.estimate.values, atol=ATOL)


@pytest.mark.parametrize("name", ASKED)
def test_a_model_on_disk_measures_what_it_measures_in_memory(offloaded, name):
    places = {str(weight.device) for weight in offloaded.original_model.parameters()}
    assert places == {"cpu", "meta"}
    metric, ask = ASKED[name]
    here = study_of(tiny("llama"), PAIRS, metric=metric)
    there = study_of(offloaded, PAIRS, metric=metric)
    same(ask(here), ask(there))


def test_a_fingerprint_does_not_depend_on_where_weights_lie(offloaded):
    there, here = study_of(offloaded, PAIRS), study_of(tiny("llama"), PAIRS)
    wanted = here._session.model.fingerprint()
    assert there._session.model.fingerprint() == wanted
    assert str(there._session.model.device) == "cpu"


class Moves(ModelHook):
    """Brings what a module is given to its device, as Accelerate's own hook does."""

    def __init__(self, where):
        self.where = where

    def pre_forward(self, module, *args, **kwargs) -> Any:
        return send_to_device(args, self.where), send_to_device(kwargs, self.where)


def spread(family, devices):
    """Return a tiny model with a block on each of three pretended devices."""
    torch.manual_seed(0)
    model = FAMILIES[family]().eval()
    places = dict(zip((f"model.{part}" for part in PARTS), (0, 0, 1, 2, 2, 0), strict=True))
    modules = {model.get_submodule(name): at for name, at in (places | {"lm_head": 2}).items()}
    for module, at in modules.items():
        for one in module.modules():
            if one is module or list(one.parameters(recurse=False)):
                add_hook_to_module(one, Moves(device(at)))
    bridge = bridge_of(model, f"tiny-{family}")
    for module, at in modules.items():
        for tensor in (*module.parameters(), *module.buffers()):
            devices.put(tensor, device(at))
    return bridge


@pytest.fixture(scope="module")
def devices():
    return Devices()


@pytest.fixture(scope="module")
def spread_model(devices):
    return spread("llama", devices)


@pytest.mark.parametrize("name", ASKED)
def test_tensors_of_several_devices_never_meet(spread_model, devices, monkeypatch, name):
    # A device is pretended in one thread only, so the measurement stays in this one.
    monkeypatch.setattr(Worker, "submit", lambda _, job, within: job.run())
    metric, ask = ASKED[name]
    here = ask(study_of(tiny("llama"), PAIRS, metric=metric))
    with devices:
        there = ask(study_of(spread_model, PAIRS, metric=metric))
    assert devices.seen >= {device(0), device(1), device(2)}
    same(here, there)


def test_the_reference_executor_keeps_devices_apart_too(spread_model, devices, monkeypatch):
    monkeypatch.setattr(Worker, "submit", lambda _, job, within: job.run())
    _, ask = ASKED["direct"]
    here = ask(study_of(tiny("llama"), PAIRS))
    with devices:
        there = ask(study_of(spread_model, PAIRS, executor="reference"))
    np.testing.assert_allclose(there.snapshot().values, here.snapshot().values, atol=ATOL)


def test_pretended_devices_refuse_to_be_mixed(devices):
    with devices:
        one, other = devices.put(torch.ones(2), device(0)), devices.put(torch.ones(2), device(1))
        assert (one.to(other.device) + other).device == device(1)
        with pytest.raises(RuntimeError, match="add: tensors are on"):
            torch.add(one, other)
