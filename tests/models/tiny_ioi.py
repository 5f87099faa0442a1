"""A tiny random-weight model whose tokenizer knows every word of the IOI task."""

import warnings
from functools import cache
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformer_lens.model_bridge import TransformerBridge
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast


def ioi_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token per word of any IOI prompt, and a BOS token."""
    from patchwidgets.prompts.tasks import TASKS

    split = pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]"), behavior="isolated")
    texts = [pair.clean for pair in TASKS.get("ioi").pairs(600, seed=0)]
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    vocab = {word: k for k, word in enumerate(["<bos>", "<unk>", "the", *sorted(pieces)])}
    made = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    made.pre_tokenizer = split
    made.decoder = decoders.Fuse()
    special: dict[str, Any] = {"bos_token": "<bos>", "eos_token": "<bos>", "pad_token": "<bos>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        unk_token="<unk>",
        name_or_path="tiny-ioi",
        add_bos_token=True,
        **special,
    )


@cache
def tiny_ioi() -> TransformerBridge:
    """Return the model; the same object every time, so do not change it."""
    torch.manual_seed(0)
    tokenizer = ioi_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        initializer_range=0.4,
    )
    model = LlamaForCausalLM(config).eval()
    model.config.architectures = ["LlamaForCausalLM"]
    return TransformerBridge.boot_transformers(
        "tiny-ioi", hf_model=model, tokenizer=tokenizer, device="cpu"
    )


def ioi_study(behaviour: Any = "ioi", **options: Any) -> Any:
    """Return a study of the IOI task on it, measured though it may not do the task."""
    import patchwidgets as pw

    asked: dict[str, Any] = {"n": 3, "seed": 3, "known": False} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
        return pw.Study(tiny_ioi(), behaviour, **asked)
