"""What a plan needs to know of a model. Pure data: no model needed."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ModelSpec:
    """Sizes and name of a model.

    Args:
        name: The name it was loaded by.
        family: The Hugging Face architecture, such as `LlamaForCausalLM`.
        n_layers: Number of blocks.
        n_heads: Query heads per block.
        n_kv_heads: Key/value heads per block; fewer than `n_heads` under grouped-query attention.
        d_model: Width of the residual stream.
        d_head: Width of a head.
        d_mlp: Width of the MLP's hidden layer; 0 for blocks of attention only.
        d_vocab: Number of output logits.
        n_ctx: Longest prompt in tokens.
        gated_mlp: Whether the MLP has a gate matrix besides in and out.
        parallel: Whether attention and MLP read the same residual (no `resid_mid`).
    """

    name: str
    family: str
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    d_vocab: int
    n_ctx: int
    gated_mlp: bool
    parallel: bool

    @property
    def heads_per_kv_head(self) -> int:
        """Query heads that share one key/value head."""
        return self.n_heads // self.n_kv_heads

    @property
    def attention_weights(self) -> int:
        """Multiply-adds of one block's attention projections for one token."""
        return self.d_model * self.d_head * (2 * self.n_heads + 2 * self.n_kv_heads)

    @property
    def mlp_weights(self) -> int:
        """Multiply-adds of one block's MLP for one token."""
        return self.d_model * self.d_mlp * (3 if self.gated_mlp else 2)

    def to_json(self) -> dict[str, Any]:
        """Return the spec as a plain dict."""
        return asdict(self)
