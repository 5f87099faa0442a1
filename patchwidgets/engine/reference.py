"""The reference executor: one cell, one whole forward pass of TransformerLens with hooks.

Slow and plain: the oracle for the fast engine, and its stand-in where blocks cannot be replayed.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES


def reference_logits(
    model: LensModel, base: Record, source: Record, cell: Cell, prompts: slice
) -> Float[Tensor, "batch d_vocab"]:
    """Return last-position logits of some prompts under one plain patch."""
    hooks = [writing(model, source, write, prompts) for write in cell.writes]
    return model.forward_with(base.tokens[prompts], hooks)


def writing(model: LensModel, source: Record, write: Write, prompts: slice) -> tuple[str, Hook]:
    """Return the hook that writes the source run's values into one activation."""
    values = source.site(write.site, write.layer)[prompts]

    def hook(activation: Tensor) -> Tensor:
        target = activation if write.head is None else activation[:, :, write.head]
        wanted = values if write.head is None else values[:, :, write.head]
        if write.positions is None:
            target[:] = wanted
        else:
            rows, positions = torch.arange(len(wanted)), write.positions[prompts]
            target[rows, positions] = wanted[rows, positions]
        return activation

    if write.layer == model.spec.n_layers:
        return f"blocks.{write.layer - 1}.hook_resid_post", hook
    return SITES.get(write.site).hook.format(layer=write.layer), hook
