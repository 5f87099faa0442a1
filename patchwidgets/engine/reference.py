"""The reference executor: one cell, one whole forward pass of TransformerLens with hooks.

Slow and plain: the oracle for the fast engine, and its stand-in where blocks cannot be replayed.
"""

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.overwrite import overwrite
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.layout import by_position
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES


def reference_logits(
    model: LensModel, base: Record, source: Record, cell: Cell, prompts: slice
) -> Float[Tensor, "batch d_vocab"]:
    """Return the logits that are read of some rows under one plain patch."""
    writes = [writing(model, source, write, prompts) for write in cell.writes]
    hooks = [*base.noise_hooks(prompts), *writes]
    return model.forward_with(base.tokens[prompts], hooks, base.read)


def writing(model: LensModel, source: Record, write: Write, prompts: slice) -> tuple[str, Hook]:
    """Return the hook that writes the source run's values into one activation."""
    site = SITES.get(write.site)
    values = source.site(write.site, write.layer)[prompts]
    some = replace(
        write,
        positions=None if write.positions is None else write.positions[prompts],
        attended=None if write.attended is None else write.attended[prompts],
        spared=None if write.spared is None else write.spared[:, prompts],
    )

    def hook(activation: Tensor) -> Tensor:
        overwrite(by_position(site, activation, model.spec.d_head), values, some)
        return activation

    if write.layer == model.spec.n_layers:
        return f"blocks.{write.layer - 1}.hook_resid_post", hook
    return site.hook.format(layer=write.layer), hook
