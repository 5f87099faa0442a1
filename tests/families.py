"""Tiny random-weight models of every family we claim, with a word-level tokenizer.

`FAMILIES` are the three that most tests run on: absolute positions and sequential blocks, parallel
blocks, grouped-query attention. `EVERY_FAMILY` are the names of all, for tests of what families do
differently.
"""

import warnings
from functools import cache
from threading import Lock
from typing import Any

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources import boot_native
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

WINDOW = 4
"""Tokens that a sliding-window layer attends to: fewer than the prompts have."""

WIDE: dict[str, Any] = {
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "hidden_size": 32,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
SHARED = WIDE | {"num_key_value_heads": 2}
"""Four heads read two key/value heads."""

GEMMA = SHARED | {"head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 8}
CAPS = {"attn_logit_softcapping": 5.0, "final_logit_softcapping": 3.0}
SLIDING, FULL = "sliding_attention", "full_attention"

NO_NOISE = frozenset({"granite"})
"""Families whose embeddings noise does not reach; it is refused."""

NO_DOUBLE = frozenset({"attention_only", "mixtral"})
"""Families that have no model of float64 here: Transformers multiplies no experts in it."""

DOUBLE = frozenset({"gpt2", "pythia"})
"""Families whose models of float64 compute in it throughout. The softmax, the norms or the
attention of the others are of float32 in Transformers, whatever the weights are."""

NO_HALF = NO_DOUBLE
"""Families that have none of half precision here: rounding sends a token to other experts."""

FACTORS = {"granite": 0.6}
"""What attention and MLPs write is multiplied by this on its way into the residual stream."""

MORE_FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "gptj": ("GPTJ", {"n_layer": 3, "n_head": 4, "n_embd": 32, "n_positions": 64, "rotary_dim": 4}),
    "opt": ("OPT", WIDE | {"ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.4}),
    "bloom": ("Bloom", {"n_layer": 3, "n_head": 4, "hidden_size": 32}),
    "mistral": ("Mistral", SHARED | {"sliding_window": WINDOW}),
    "qwen2": ("Qwen2", SHARED),
    "qwen3": ("Qwen3", SHARED | {"head_dim": 8}),
    "gemma2": ("Gemma2", GEMMA | CAPS | {"layer_types": [SLIDING, FULL, SLIDING]}),
    "gemma3": ("Gemma3", GEMMA | {"layer_types": [SLIDING, FULL, SLIDING]}),
    "phi": ("Phi", WIDE),
    "olmo2": ("Olmo2", SHARED),
    "granite": (
        "Granite",
        SHARED
        | {
            "residual_multiplier": FACTORS["granite"],
            "attention_multiplier": 0.4,
            "embedding_multiplier": 2.0,
        }
        | {"logits_scaling": 0.7},
    ),
    "mixtral": ("Mixtral", SHARED | {"num_local_experts": 4, "num_experts_per_tok": 2}),
}
"""Stem of the Hugging Face class, and sizes."""

EVERY_FAMILY = sorted([*FAMILIES, *MORE_FAMILIES, "attention_only"])

PARALLEL = frozenset({"gptj", "phi", "pythia"})
"""Their attention and MLP read the same residual stream, so they have no `resid_mid`."""

READ_ONLY_PATTERN = frozenset({"gptj", "opt"})
"""TransformerLens shows their attention patterns after they were used: no patch reaches them."""

POST_NORM = frozenset({"gemma2", "gemma3", "olmo2"})
"""What their attention and MLPs write into the residual stream is normed first."""


def has_site(family: str, site: str) -> bool:
    """Whether a family has a site, as a person would say it: not asked of our own code."""
    if site == "mlp_post" and family == "mixtral":
        return False  # its hook is what the experts write together
    if site == "pattern":
        return family not in READ_ONLY_PATTERN
    if family == "attention_only":
        return site not in ("resid_mid", "mlp_in", "mlp_out", "mlp_post")
    return site != "resid_mid" or family not in PARALLEL


def _by_stem(stem: str, sizes: dict[str, Any]) -> Any:
    """Return a model whose norms and biases are random too, so that leaving one out shows."""
    config = getattr(transformers, f"{stem}TextConfig", None) or getattr(
        transformers, f"{stem}Config"
    )
    model = getattr(transformers, f"{stem}ForCausalLM")(config(**SIZE | sizes))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight += 0.3 * torch.randn_like(weight)
    return model


def _attention_only(name: str) -> TransformerBridge:
    """Return a model of TransformerLens' own, with attention and no MLPs."""
    config = TransformerBridgeConfig(
        d_model=32, d_head=8, n_layers=3, n_heads=4, n_ctx=64, d_vocab=VOCABULARY, attn_only=True
    )
    bridge = boot_native(config, tokenizer=word_tokenizer(), device="cpu", model_name=name)
    with torch.no_grad():
        for weight in bridge.original_model.parameters():
            weight += (0.4 if weight.ndim > 1 else 0.3) * torch.randn_like(weight)
    return bridge.eval()


def bridge_of(hf_model: Any, name: str) -> TransformerBridge:
    """Return a bridge of a Hugging Face model, with the word-level tokenizer."""
    hf_model.eval()
    hf_model.config.architectures = [type(hf_model).__name__]
    return TransformerBridge.boot_transformers(
        name, hf_model=hf_model, tokenizer=word_tokenizer(), device="cpu"
    )


_MAKING = Lock()
"""Weights are drawn from the one generator that torch has."""


def made(family: str, dtype: str = "float32") -> TransformerBridge:
    """Return a new tiny model of a family, with the weights that all of them have."""
    with _MAKING:
        torch.manual_seed(0)
        if family == "attention_only":
            return _attention_only("tiny-attention_only")
        name = f"tiny-{family}" if dtype == "float32" else f"tiny-{family}-{dtype}"
        return bridge_of(_random(family).to(getattr(torch, dtype)), name)


@cache
def tiny(family: str) -> TransformerBridge:
    """Return the tiny model of a family; the same object every time, so do not change it."""
    return made(family)


@cache
def tiny_in(family: str, dtype: str) -> TransformerBridge:
    """Return the tiny model of a family in another dtype, such as `bfloat16`."""
    return tiny(family) if dtype == "float32" else made(family, dtype)


def _random(family: str) -> Any:
    return FAMILIES[family]() if family in FAMILIES else _by_stem(*MORE_FAMILIES[family])


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


def study_of(model: Any, pairs: dict[str, Any], **options: Any) -> Any:
    """Return a study on random weights, measured though they may not do the task."""
    import patchwidgets as pw

    options = {"prepend_bos": True, "known": False} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
        return pw.Study(model, pw.PromptPairs(**pairs), **options)
