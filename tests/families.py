"""Tiny random-weight models of every family we claim, with a word-level tokenizer."""

import warnings
from functools import cache
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformer_lens.model_bridge import TransformerBridge
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

TEXT = """
When and the went to gave a bag store park ring book . , Mary John Tom Anna Sara Paul then said that
"""
WORDS = TEXT.split()


def word_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token per word, leading space included, and a BOS token."""
    vocab = {"<bos>": 0, "<unk>": 1}
    for word in WORDS:
        vocab.setdefault(word, len(vocab))
        vocab.setdefault(f" {word}", len(vocab))
    made = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]"), behavior="isolated")
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<bos>",
        eos_token="<bos>",
        pad_token="<bos>",
        unk_token="<unk>",
        name_or_path="tiny",
        add_bos_token=True,
    )


VOCABULARY = 2 * len(WORDS) + 2
SIZE: dict[str, Any] = {"vocab_size": VOCABULARY, "initializer_range": 0.4}


def _gpt2() -> Any:
    return GPT2LMHeadModel(GPT2Config(n_layer=3, n_head=4, n_embd=32, n_positions=64, **SIZE))


def _pythia() -> Any:
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 32}
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(**sizes, intermediate_size=64, max_position_embeddings=64, **SIZE)
    )


def _llama() -> Any:
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(
        LlamaConfig(
            **sizes, hidden_size=32, intermediate_size=64, max_position_embeddings=64, **SIZE
        )
    )


FAMILIES = {"gpt2": _gpt2, "pythia": _pythia, "llama": _llama}


def bridge_of(hf_model: Any, name: str) -> TransformerBridge:
    """Return a bridge of a Hugging Face model, with the word-level tokenizer."""
    hf_model.eval()
    hf_model.config.architectures = [type(hf_model).__name__]
    return TransformerBridge.boot_transformers(
        name, hf_model=hf_model, tokenizer=word_tokenizer(), device="cpu"
    )


@cache
def tiny(family: str) -> TransformerBridge:
    """Return the tiny model of a family; the same object every time, so do not change it."""
    torch.manual_seed(0)
    return bridge_of(FAMILIES[family](), f"tiny-{family}")


PAIRS: dict[str, Any] = {
    "clean": [
        "When Mary and John went to the store, John gave a bag to",
        "When Tom and Anna went to the park, Anna gave a ring to",
        "When Sara and Paul went to the park, Paul gave a book to",
    ],
    "corrupted": [
        "When Mary and John went to the store, Mary gave a bag to",
        "When Tom and Anna went to the park, Tom gave a ring to",
        "When Sara and Paul went to the park, Sara gave a book to",
    ],
    "answers": [" Mary", " Tom", " Sara"],
    "wrong_answers": [" John", " Anna", " Paul"],
    "roles": {"S2": 9},
}

RAGGED: dict[str, Any] = {
    "clean": [*PAIRS["clean"], "then Mary and John said that John gave a bag to"],
    "corrupted": [*PAIRS["corrupted"], "then Mary and John said that Mary gave a bag to"],
    "answers": [*PAIRS["answers"], " Mary"],
    "wrong_answers": [*PAIRS["wrong_answers"], " John"],
    "roles": {"S2": [9, 9, 9, 6]},
}


def study_of(model: TransformerBridge, pairs: dict[str, Any], **options: Any) -> Any:
    """Return a study on random weights, without the warning that they do not do the task."""
    import patchwidgets as pw

    options.setdefault("prepend_bos", True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
        return pw.Study(model, pw.PromptPairs(**pairs), **options)
