"""What people type in their first ten minutes, and the whole sentence that they read.

Typed in a process of its own, where no shapes and types are checked, as people do.
"""

import json
import os
import re
import runpy
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import patchwidgets as pw
from patchwidgets import versions

OWN = (
    "`pw.PromptPairs(clean=[...], corrupted=[...], answers=[...], wrong_answers=[...])`, because "
    "patching compares the runs on two prompts"
)
NO_NODE = (
    "{} is not the name of a node. Write a head as `L9H6`, its query, key or value input as "
    "`L9H6.q`, another site as `L9.mlp_out`, one position as `L9.resid_pre@14`, or `embed` or "
    "`logits`."
)
NO_NUMBER = (
    "`{0}='8'` is no whole number. `n` says how many prompt pairs are drawn, and the same `seed` "
    "draws the same ones. Write `{0}=8`."
)
NO_LAYERS = (
    "`layers={}` is no list of layers. Neurons are patched in the layers that it names, and `mini` "
    "has layers 0 to 3. Write `layers=[3]`, or leave it out for every layer."
)
NO_TOP = (
    "`top={}` is no whole number of cells. The cells with so many of the largest estimates are "
    "measured. Write `top=20`, or leave it out to measure every cell."
)
NO_VERIFY = (
    "`verify={}` is no number of cells. So many of those that are read from the store are measured "
    "again and compared. Write `verify=5`, or leave it out."
)

NO_CHART = (
    "`charts` has a `Result`, which is no chart, so the page cannot draw it. Write `charts=True` "
    "for every chart of what was measured, or name some, such as `charts=[heads.chart('prompts')]`."
)

BEFORE = """
import json, sys
import patchwidgets as pw
from patchwidgets.models.mini.bundled import hugging_face

model = pw.load_model()
study = pw.Study(model, "ioi", n=4, store=False)
heads = study.sweep("heads").wait()
theirs, _ = hugging_face()
JOHN = "When Mary and John went to the store, John gave a bag to"
PAIRS = {"clean": ["a"], "corrupted": ["b"], "answers": [" c"], "wrong_answers": [" d"]}


def said(typed):
    try:
        eval(typed)
    except pw.errors.PatchwidgetsError as problem:
        return str(problem)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "nothing"


import patchwidgets.errors
print(json.dumps({typed: said(typed) for typed in json.load(sys.stdin)}))
"""

SENTENCES = {
    "study.to_html('ioi.html', charts=heads)": NO_CHART,
    "study.to_html('ioi.html', charts=[heads.chart('prompts'), heads])": NO_CHART,
    "pw.Study(model)": (
        "A study needs a model and a behaviour. Name a task, as in `pw.Study(model, 'ioi')`, or "
        f"give prompts of your own as {OWN}. `patchwidgets tasks` lists the tasks."
    ),
    "pw.Study('ioi', 'smollm2-135m')": (
        "`ioi` is a task, and the model comes first. Write `pw.Study('smollm2-135m', 'ioi')`."
    ),
    "pw.Study('ioi')": (
        "`ioi` is a task, and the model comes first. Write `pw.Study('mini', 'ioi')`."
    ),
    "pw.Study(model, [JOHN, JOHN])": (
        "The behaviour is a list of 2, and it does not say which prompts and answers belong "
        f"together. Give prompts of your own as {OWN}."
    ),
    "pw.Study(model, JOHN)": (
        "'When Mary an...gave a bag to' is a prompt, and no task is called so. Give prompts of "
        f"your own as {OWN}."
    ),
    "pw.Study(model, 'iio')": (
        "There is no task called 'iio'. Did you mean `ioi`? Known: `agreement`, `arithmetic`, "
        "`capitals`, `docstring`, `facts`, `gendered_pronoun`, `greater_than`, `induction`, `ioi`, "
        "`paired_facts`."
    ),
    "pw.Study(model, PAIRS)": (
        "The behaviour is a dictionary. Prompts of your own are `pw.PromptPairs`, which checks "
        "that they are aligned. Write `pw.PromptPairs(**pairs)`."
    ),
    "pw.Study(model, 0.5)": (
        "The behaviour is a `float`. Name a task, as in `pw.Study(model, 'ioi')`, or give prompts "
        f"of your own as {OWN}."
    ),
    "pw.Study(model, 'ioi', n='8')": NO_NUMBER.format("n"),
    "pw.Study(model, 'ioi', seed='8')": NO_NUMBER.format("seed"),
    "pw.Study(model, 'ioi', corruption=3)": (
        "There is no corruption called 3. Known: `gaussian_noise`, `matched_noise`, "
        "`token_replacement`, `uniform_noise`."
    ),
    "pw.PromptPairs(**PAIRS, roles=['subject'])": (
        "`roles` is ['subject'], and a role needs a name and a place. Write `roles={'subject': "
        "-3}`, with a token position, or a text that occurs once in the prompt."
    ),
    "pw.load_model(theirs)": (
        "The model is a `LlamaForCausalLM`. A TransformerLens bridge is needed, because the engine "
        "calls its blocks. Wrap it: `TransformerBridge.boot_transformers(name, hf_model=model, "
        "tokenizer=tokenizer)`, with `from transformer_lens.model_bridge import TransformerBridge`."
    ),
    "pw.load_model(5)": (
        "The model is 5, of type `int`. A name is needed, a TransformerLens bridge, or a function "
        "that makes one. Write `pw.load_model('mini')`."
    ),
    "pw.load_model('mini', dtype='float16')": (
        "`dtype='float16'` is no type of numbers. PyTorch needs one of its own, such as "
        "`torch.float32`, which patching wants. Leave `dtype` out."
    ),
    "pw.load_model('mini', device='gpu')": (
        "`device='gpu'` is no device. PyTorch knows `cpu`, `cuda` and `mps`, among others. Write "
        "one of them, or leave `device` out."
    ),
    "study.sweep('head')": (
        "There is no sweep called 'head'. Did you mean `heads`? Known: `attn`, `heads`, `joint`, "
        "`mlp`, `neurons`, `pattern`, `residual`."
    ),
    "study.sweep('heads', position=3)": (
        "The sweep `heads` has no option `position`. Did you mean `positions`? Its own: `site`, "
        "`positions`."
    ),
    "study.sweep(heads)": (
        "`study.sweep` got a `Result`. It takes the name of a sweep, or a function of (spec, "
        "shape) that makes a plan. Write `study.sweep('heads')`."
    ),
    "study.sweep('heads', positions='S2')": (
        "`positions='S2'` is one role, and positions are a list. Write `positions=['S2']`, or "
        "`positions='roles'` for all of them."
    ),
    "study.sweep('neurons', block=1.5)": (
        "`block=1.5` is not a number of neurons of `mini`, whose MLPs have 320. Use 1 for each "
        "neuron by itself, or a size such as 64."
    ),
    "study.sweep('neurons', layers=1)": NO_LAYERS.format("1"),
    "study.sweep('neurons', layers='12')": NO_LAYERS.format("'12'"),
    "study.sweep('neurons', layers=[1.5])": NO_LAYERS.format("[1.5]"),
    "study.sweep('heads', estimate='attribution', top=2.5)": NO_TOP.format("2.5"),
    "study.sweep('heads', estimate='attribution', top='5')": NO_TOP.format("'5'"),
    "study.path('logits', estimate='eap', top=True)": NO_TOP.format("True"),
    "study.sweep('heads', verify=2.5)": NO_VERIFY.format("2.5"),
    "study.path('logits', verify=-1)": NO_VERIFY.format("-1"),
    "study.sweep('mlp', positions=0)": (
        "`positions=0` is no list. Positions are token positions or roles, each patched by itself. "
        "Write `positions=[0]`, `'each'` or `'roles'`."
    ),
    "study.sweep('pattern', heads='L0H1')": (
        "`heads='L0H1'` is no list. The map has a row for each head of one. Write "
        '`heads=["L9H6"]`, or leave it out for every head.'
    ),
    "study.sweep('joint', sets=['L0H1'])": (
        "`sets=['L0H1']` has no names. Every set is a cell of the map, which its name stands for. "
        'Write `sets={"name movers": ["L9H9", "L9H6"]}`.'
    ),
    "study.sweep('joint', sets={'a': 'L0H1'})": (
        "The set `a` is 'L0H1', and a set is a list of nodes that are patched together. Write "
        '`sets={"a": ["L9H9", "L9H6"]}`.'
    ),
    "study.sweep('heads', source=3)": (
        "`source` is a `int`, which has no values to write. It takes `other`, `mean`, "
        "`mean_by_role`, `resample`, `zero`, or an object with `name`, `key` and `rewriting`, as "
        "in `engine/sources/README.md`. Write `source='zero'`."
    ),
    "study.sweep('heads', source='mean', reference=['a'])": (
        "`reference` is a `list`. The mean is taken over corrupted prompts of the same templates, "
        "which prompt pairs say. Write `reference=pw.PromptPairs(...)`, or "
        "`reference=study.prompts.pairs`."
    ),
    "study.path('logits', source='resample', seed=1.5)": (
        "`seed=1.5` is no whole number. The same `seed` draws the same partners for "
        "`source='resample'`. Write `seed=1`."
    ),
    "study.path('logits', senders=3)": (
        "There is no kind of sender called 3. Known: `heads`, `mlp`, `attn`, `neurons`, `embed`."
    ),
    "study.path(3)": NO_NODE.format("3"),
    "study.path('L2H1.v', through='L1H0.q')": (
        "`through='L1H0.q'` is no list of stops. A path leads through them in order. Write "
        '`through=["L9H6.q"]`, or the whole way as text: `study.path("L9H6.q -> L10H7.v")`.'
    ),
    "study.path([3])": NO_NODE.format("3"),
    "study.path('L3.0')": NO_NODE.format("'L3.0'"),
    "study.path('logit')": NO_NODE.format("'logit'"),
    "study.circuit(heads)": (
        "`nodes` is a `Result`, and a circuit is a list of nodes. Write which, such as "
        "`study.circuit(heads.detect().positive, order=heads)`."
    ),
    "heads.detect(3)": (
        "`detect(3)` names no rule: the first argument is one, such as 'sd' or 'max_t'. Write "
        "`detect(sd=3)` for cells that far from the mean."
    ),
    "heads.detect(sd='2')": (
        "`sd` is '2', but it is how many spreads from the center is far, and must be above 0. "
        "Leave it out for the paper's 2."
    ),
    "study.compare(metrics='prob')": (
        "There is 1 method to compare, and a comparison needs two or more. Name several "
        "corruptions, metrics, directions or windows, such as `study.compare(metrics=["
        "'logit_diff', 'prob'])`."
    ),
    "heads.save('nowhere/heads.json')": (
        "There is no folder `nowhere`, so `heads.json` cannot be written there. Make it first, or "
        "name another."
    ),
    "pw.Result.load('heads.json')": (
        "There is no file `heads.json`. `result.save(path)` writes one."
    ),
}

NO_GPU = (
    "`device='cuda'` asks for a GPU, and PyTorch finds none here. Leave `device` out, or install "
    "the PyTorch that was built for your GPU."
)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEFORE],
        input=json.dumps([*SENTENCES, "pw.load_model('mini', device='cuda')"]),
        cwd=tmp_path_factory.mktemp("typed"),
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},  # nobody has a GPU here
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("typed", SENTENCES)
def test_what_cannot_be_done_says_what_to_type_instead(said, typed):
    assert said[typed] == SENTENCES[typed]


def test_a_device_that_is_not_here(said):
    assert said["pw.load_model('mini', device='cuda')"] == NO_GPU


def refused(sentence, ask, *arguments):
    with pytest.raises(ImportError, match=f"^{re.escape(sentence)}$"):
        ask(*arguments)


def test_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    refused(
        "patchwidgets needs Python 3.11 or newer, and this is Python 3.10.12. Make an environment "
        "with a newer one: `python3.11 -m venv .venv`.",
        *(runpy.run_path, str(Path(pw.__file__))),
    )


@pytest.mark.parametrize("name", ["Study", "load_model"])
def test_a_transformer_lens_that_is_too_old(monkeypatch, name):
    monkeypatch.setattr(versions, "version", {"transformer_lens": "3.8.0"}.__getitem__)
    refused(
        "patchwidgets needs TransformerLens 4.3 or newer, and 3.8.0 is installed. Older ones have "
        "no bridge whose blocks can be run one at a time. Type `pip install --upgrade "
        "'transformer_lens>=4.3'` and start Python again.",
        *(getattr, pw, name),
    )


def test_no_transformer_lens_at_all(monkeypatch):
    def missing(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(versions, "version", missing)
    refused(
        "patchwidgets measures models with TransformerLens, which is not installed. Type `pip "
        "install 'transformer_lens>=4.3'`.",
        *(getattr, pw, "Study"),
    )


def test_the_versions_that_are_asked_for_are_those_of_the_package():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">={}.{}"'.format(*versions.PYTHON) in text
    assert '"transformer_lens>={}.{},'.format(*versions.TRANSFORMER_LENS) in text
