"""What a site is: where TransformerLens hooks it, and how its activation is laid out."""

from dataclasses import dataclass
from typing import Literal

from patchwidgets.models.spec import ModelSpec


@dataclass(frozen=True)
class Site:
    """A kind of activation.

    Args:
        name: The key, equal to the file name.
        title: What a person calls it.
        hook: TransformerLens' name of the hook, with `{layer}`.
        stage: Where a written value takes effect: `before` the block is called, `inside` it, or
            `after` it.
        heads: Which axis of heads the activation has, if any.
        needs_sequential: Whether blocks must run attention first and the MLP on its result.
        needs_mlp: Whether blocks must have an MLP.
        heads_first: Whether the model lays the heads out before the positions.
    """

    name: str
    title: str
    hook: str
    stage: Literal["before", "inside", "after"]
    heads: Literal["head", "kv_head"] | None = None
    needs_sequential: bool = False
    needs_mlp: bool = False
    heads_first: bool = False

    def head_count(self, spec: ModelSpec) -> int | None:
        """Return the length of the head axis on this model; `None` where there is none."""
        if self.heads is None:
            return None
        return spec.n_heads if self.heads == "head" else spec.n_kv_heads
