"""The model that comes with the package: it loads, it is whole, and the engine replays it."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets.errors import ModelError, PromptError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import model_names
from patchwidgets.models.mini.bundled import FOLDER, hugging_face, load_mini, save_mini
from patchwidgets.models.mini.vocabulary import CONTEXT, make_tokenizer
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import tokenize
from patchwidgets.prompts.words import TokenizerWords

TOLERANCE = 1e-4
"""Largest difference, in logits, that counts as rounding."""

KNOWN = (
    *("agreement", "capitals", "docstring", "facts", "gendered_pronoun", "greater_than"),
    *("induction", "ioi"),
)
"""Tasks that mini was trained for."""

REINSTALL = (
    "Every number would be that of another model, so none is loaded. Type `pip install "
    "--force-reinstall --no-deps patchwidgets`, or use `smollm2-135m`."
)


@pytest.fixture(scope="module")
def model():
    return pw.load_model("mini")


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "model")


def refuses(folder, problem):
    sentence = (
        "`mini` comes with this package as files in `patchwidgets/models/mini/model`, and "
        f"{problem}. {REINSTALL}"
    )
    with pytest.raises(ModelError, match=f"^{re.escape(sentence)}$"):
        load_mini(folder=folder)


def test_it_is_the_first_model_listed_and_the_one_without_a_name(model):
    assert model_names()[0] == "mini"
    assert LensModel(pw.load_model()).fingerprint() == LensModel(model).fingerprint()


def test_its_sizes(model):
    spec = LensModel(model).spec
    assert (spec.name, spec.family) == ("mini", "LlamaForCausalLM")
    assert (spec.n_layers, spec.n_heads, spec.n_kv_heads) == (4, 8, 8)
    assert spec.n_ctx == CONTEXT
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 5_000_000


def test_it_is_ready_to_measure_in_32_bits_and_starts_with_one_mark(model):
    assert {weight.dtype for weight in model.original_model.parameters()} == {torch.float32}
    assert not any(module.training for module in model.original_model.modules())
    tokens = model.to_str_tokens("Then, Mary and John went to the store")
    assert tokens == [
        *("<bos>", "Then", ",", " Mary", " and", " John", " went", " to", " the", " store"),
    ]
    assert model.tokenizer("Then, Mary")["input_ids"] == model.to_tokens("Then, Mary")[0].tolist()


def test_it_loads_without_a_network_and_in_another_folder(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('a network was asked for')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import patchwidgets as pw\n"
        "model = pw.load_model('mini')\n"
        "print(model('Then, Mary and John went to the').shape)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "torch.Size([1, 9, 2012])\n"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_loading_leaves_the_random_numbers_of_the_caller_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    pw.load_model("mini")
    assert torch.equal(torch.rand(2), expected)


def test_it_loads_on_half_precision_too():
    model = pw.load_model("mini", dtype=torch.bfloat16)
    assert LensModel(model).dtype is torch.bfloat16


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_missing_file_says_what_to_do(copied, name):
    (copied / name).unlink()
    refuses(copied, f"`{name}` cannot be read (No such file or directory)")


def test_no_files_at_all(tmp_path):
    refuses(tmp_path, "`sha256.json` cannot be read (No such file or directory)")


def test_one_changed_bit_of_the_weights_is_seen(copied):
    file = copied / "model.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    refuses(copied, "`model.safetensors` is damaged")


def test_a_file_that_was_cut_off_is_seen(copied):
    file = copied / "tokenizer.json"
    file.write_bytes(file.read_bytes()[:100])
    refuses(copied, "`tokenizer.json` is damaged")


def test_damaged_sums_are_seen(copied):
    (copied / "sha256.json").write_text('{"model.safetensors": ')
    refuses(copied, "`sha256.json` is damaged")


def test_what_is_saved_is_what_is_read(tmp_path):
    model, tokenizer = hugging_face()
    save_mini(model, tokenizer, tmp_path)
    again, _ = hugging_face(tmp_path)
    file = "model.safetensors"
    assert (tmp_path / file).read_bytes() == (FOLDER / file).read_bytes()
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_tokenizer_is_the_one_that_the_word_lists_make():
    """Where this fails, a list of words has changed: mini has to be trained again."""
    made = json.loads(make_tokenizer().backend_tokenizer.to_str())
    assert made == json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KNOWN)
def test_every_task_has_prompts_in_words_that_it_knows(model, name):
    task, words = TASKS.get(name), TokenizerWords(model.tokenizer)
    assert all(share.kept > 0.9 * share.of for share in task.usable(words).values())
    for site in task.sites:
        pairs = task.pairs(128, 0, at=site, words=words)
        assert len(pairs) == 128
        tokenize(pairs, model.tokenizer, prepend_bos=True, n_ctx=CONTEXT)


def test_arithmetic_is_refused_because_it_knows_no_signs(model):
    with pytest.raises(PromptError, match=r"a word that the tokenizer does not know: '[+*-]'"):
        pw.Study(model, "arithmetic", n=8)


def test_whoever_opens_the_folder_with_hugging_face_has_the_same_logits(model):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    theirs = AutoModelForCausalLM.from_pretrained(
        FOLDER, dtype=torch.float32, attn_implementation="eager"
    )
    tokens = AutoTokenizer.from_pretrained(FOLDER)(
        ["Then, Mary and John went to the store."], return_tensors="pt"
    )["input_ids"]
    with torch.inference_mode():
        np.testing.assert_allclose(theirs(tokens).logits, model(tokens), atol=TOLERANCE)


@pytest.mark.parametrize("sweep", ["heads", "residual", "mlp"])
def test_the_fast_engine_gives_the_numbers_of_whole_forward_passes(model, sweep):
    options = {"n": 6, "seed": 1, "store": False}
    fast = pw.Study(model, "ioi", **options)
    slow = pw.Study(model, "ioi", executor="reference", **options)
    assert fast.sweep(sweep).provenance["executor"] == "wavefront"
    np.testing.assert_allclose(
        fast.sweep(sweep).effect(), slow.sweep(sweep).effect(), atol=TOLERANCE
    )


def test_paths_too(model):
    options = {"n": 4, "seed": 1, "store": False}
    fast = pw.Study(model, "ioi", **options)
    slow = pw.Study(model, "ioi", executor="reference", **options)
    receivers = ["L3H0.q", "L3H5.q"]
    np.testing.assert_allclose(
        fast.path(receivers).effect(), slow.path(receivers).effect(), atol=TOLERANCE
    )
