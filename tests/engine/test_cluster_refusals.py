"""What a cluster is refused for, said by one worker that is a thread of this process."""

import asyncio
import re
import threading
from functools import partial
from typing import Any

import pytest
import torch
from distributed import Client, LocalCluster

from patchwidgets.errors import ClusterError, ModelError, PlanError
from patchwidgets.models.load import ByName, loader_of
from tests.engine.test_cluster import make_llama
from tests.families import PAIRS, study_of, tiny


def on_a_worker():
    """Whether this is a worker that is a thread of this process."""
    return "Dask" in threading.current_thread().name


def make_hooked():
    made = make_llama()
    if on_a_worker():
        made.add_hook("blocks.1.hook_mlp_out", lambda activation, hook: activation)
    return made


class Unreadable:
    """Pickles, and cannot be read on a worker."""

    def __reduce__(self):
        return read_here_only, ()


def read_here_only():
    if on_a_worker():
        raise ModuleNotFoundError("No module named 'mine'")
    return Unreadable()


@pytest.fixture(scope="module")
def thread():
    """A client of one worker that is a thread of this process, and so starts at once."""
    options = {"processes": False, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(n_workers=1, **options) as made, Client(made) as client:
        yield client


def test_a_model_that_is_measured_already_would_wait_for_itself(thread):
    study = study_of(partial(tiny, "llama"), PAIRS)
    with pytest.raises(ClusterError) as refused:
        study.sweep("mlp", client=thread).wait()
    assert refused.match(
        r"^Worker inproc://\S+: the function that makes `tiny-llama` gave a model that this "
        r"process measures on already, so that each would wait for the other\. Make a new one in "
        r"every call; take off a `cache` around it\.$"
    )


def beginning(config):
    """Return as a pattern what a sentence quotes of the settings of a model."""
    said = str({name: value for name, value in config.to_dict().items() if name[0] != "_"})
    return re.escape(f"{said[:117]}...")


def test_code_or_settings_that_differ_are_refused(thread):
    study = study_of(make_llama, PAIRS)
    there, here = make_llama().original_model.config, study.model.original_model.config
    here.architectures = ["Patched"]
    with pytest.raises(ClusterError) as refused:
        study.sweep("mlp", client=thread).wait()
    assert refused.match(
        r"^Worker inproc://\S+: what measures `tiny-llama` is not the same: `config` is "
        rf"{beginning(there)} here and {beginning(here)} where you ask\. Install the same versions "
        r"on both sides, and load the model in the same way\.$"
    )


def unlike(logits, answers, reference):
    return logits[..., 5] + 3.0 * on_a_worker()


def broken(logits, answers, reference):
    if on_a_worker():
        raise ZeroDivisionError("of mine")
    return logits[..., 5]


def holding():
    """Return a metric that holds what a worker cannot read."""

    def holds(logits, answers, reference, what):
        return logits[..., 5]

    metric: Any = partial(holds, what=Unreadable())
    metric.__name__ = "holds"
    return metric


@pytest.mark.parametrize(
    ("make", "metric", "sentence"),
    [
        pytest.param(
            make_llama,
            unlike,
            r"Worker inproc://\S+: the unpatched runs of `tiny-llama` have other metrics than "
            r"where you ask \(\S+ apart, where 0\.001 is rounding\)\. Effects measured here would "
            r"not belong to that base run\. Give every worker the same kind of device and the same "
            r"libraries\.",
            id="other unpatched runs",
        ),
        pytest.param(
            make_hooked,
            "logit_diff",
            r"Worker inproc://\S+: the fast engine does not work here, though it does where you "
            r"ask: the model carries hooks of yours \(blocks\.1\.mlp\.hook_out\) that expect whole "
            r"prompts\. Leave this worker out, or measure with `executor='reference'`\.",
            id="blocks that do not replay there",
        ),
        pytest.param(
            make_llama,
            holding(),
            r"Worker inproc://\S+: what was sent cannot be read here \(ModuleNotFoundError: No "
            r"module named 'mine'\)\. A metric, a source or a task of yours comes from a module "
            r"that this machine lacks\. Install it there too, or define it in the notebook, from "
            r"where it travels by its code\.",
            id="what cannot be read there",
        ),
        pytest.param(
            make_llama,
            broken,
            r"A worker failed: ZeroDivisionError: of mine\. The scheduler and all workers need the "
            r"packages that are installed here, patchwidgets included, in the same versions\. "
            r"Install them there\. What was measured is kept\.",
            id="a function that fails there",
        ),
    ],
)
def test_what_goes_wrong_on_a_worker_is_told(thread, make, metric, sentence):
    with pytest.raises(ClusterError, match=rf"^{sentence}$"):
        study_of(make, PAIRS, metric=metric).sweep("mlp", client=thread).wait()


def test_what_does_not_pickle_is_named(thread):
    lock = threading.Lock()

    def locked(logits, answers, reference):
        with lock:
            return logits[..., 5]

    study = study_of(make_llama, PAIRS, metric=locked)
    with pytest.raises(PlanError) as refused:
        study.sweep("mlp", client=thread).wait()
    assert str(refused.value) == (
        "Workers cannot be sent a metric or a source of yours: TypeError: cannot pickle "
        "'_thread.lock' object. Everything that travels must pickle. Use a plain function that "
        "holds no open file, lock or model."
    )


def test_only_a_connected_plain_client_is_taken(thread):
    study = study_of(make_llama, PAIRS)
    with pytest.raises(PlanError) as refused:
        study.sweep("mlp", client="tcp://127.0.0.1:8786")
    assert str(refused.value) == (
        "`client` is a `str`, which has no `submit` and no `cancel` and no `nthreads` and no "
        "`status`. It needs to be a Dask client, whose workers measure. Type `from distributed "
        "import Client` and `client = Client(...)`, with the address of a scheduler or a cluster "
        "in it."
    )

    async def awaited():
        address = thread.cluster.scheduler_address
        async with Client(address, asynchronous=True) as client:
            study.sweep("mlp", client=client)

    with pytest.raises(PlanError) as refused:
        asyncio.run(awaited())
    assert str(refused.value) == (
        "`client` was made with `asynchronous=True`, for code that awaits. A sweep waits in a "
        "thread of its own, so it needs a plain one. Type `from distributed import Client` and "
        "`client = Client(...)`, without `asynchronous`."
    )
    closed = Client(thread.cluster.scheduler_address)
    closed.close()
    with pytest.raises(PlanError) as refused:
        study.sweep("mlp", client=closed)
    assert str(refused.value) == (
        "`client` is not connected to its scheduler (closed). Type `from distributed import "
        "Client` and `client = Client(...)` again, or leave `client` out to measure in this "
        "process."
    )


def test_a_model_with_hooks_of_yours_stays_here(thread):
    study = study_of(make_llama, PAIRS)
    study.model.add_hook("blocks.1.hook_mlp_out", lambda activation, hook: activation)
    with pytest.raises(ModelError) as refused:
        study.path(["logits"], client=thread)
    assert str(refused.value) == (
        "`tiny-llama` carries hooks of yours (blocks.1.mlp.hook_out). Workers load their own copy, "
        "which lacks them, and would measure another model. Take them off "
        "(`model.reset_hooks()`), or measure without `client`."
    )


def test_a_bridge_that_has_no_name_needs_a_function(thread):
    study = study_of(make_llama(), PAIRS)
    with pytest.raises(ModelError) as refused:
        study.sweep("mlp", client=thread)
    assert str(refused.value) == (
        "Another process cannot load `tiny-llama`: you made this bridge yourself, and "
        "TransformerLens knows no model of that name. Write a function without arguments that "
        "makes the bridge and give it in the bridge's place: `pw.Study(make_model, ...)`."
    )
    with pytest.raises(ModelError) as refused:
        study_of(lambda: make_llama().original_model, PAIRS)
    assert str(refused.value) == (
        "The function given for a model returned a `LlamaForCausalLM`. It needs to return a "
        "TransformerLens bridge, because the engine calls its blocks. Return what "
        "`TransformerBridge.boot_transformers(...)` gives."
    )


def test_a_bridge_is_loaded_elsewhere_by_its_name():
    bridge = make_llama()
    bridge.cfg.model_name = "gpt2"
    loader = loader_of(bridge)
    assert isinstance(loader, ByName)
    assert (loader.name, loader.device, loader.dtype) == ("gpt2", None, torch.float32)
