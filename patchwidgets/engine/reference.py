"""The reference executor: one cell, one whole forward pass of TransformerLens with hooks.

Slow and plain: the oracle for the fast engine, and its stand-in where blocks cannot be replayed.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.path_wave import Receiver
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES

Hooks = list[tuple[str, Hook]]


def reference_logits(
    model: LensModel, base: Record, source: Record, cell: Cell, prompts: slice
) -> Float[Tensor, "batch d_vocab"]:
    """Return last-position logits of some prompts under one plain patch."""
    hooks = [_writing(model, source, write, prompts) for write in cell.writes]
    return model.forward_with(base.tokens[prompts], hooks)


def reference_path_logits(
    model: LensModel,
    base: Record,
    source: Record,
    sender: Cell,
    receivers: Sequence[Receiver],
    prompts: slice,
) -> Float[Tensor, "batch d_vocab"]:
    """Return last-position logits of some prompts under one `pinned` path patch.

    Args:
        model: The model.
        base: The base run, with `z` kept.
        source: The source run.
        sender: The cell that writes the sender.
        receivers: Who receives; empty for the logits.
        prompts: Which rows of the runs.
    """
    (sending,) = sender.writes
    hooks: Hooks = [
        _freezing(layer, base, source, sending, prompts) for layer in range(model.spec.n_layers)
    ]
    if sending.site != "z":
        hooks.append(_writing(model, source, sending, prompts))
    if not receivers:
        return model.forward_with(base.tokens[prompts], hooks)
    received: dict[Receiver, Tensor] = {}
    reading = [(receiver.hook, _reading(receiver, received)) for receiver in receivers]
    model.forward_with(base.tokens[prompts], hooks + reading)
    receiving = [
        (receiver.hook, _receiving(receiver, received[receiver], prompts)) for receiver in receivers
    ]
    return model.forward_with(base.tokens[prompts], receiving)


def _writing(model: LensModel, source: Record, write: Write, prompts: slice) -> tuple[str, Hook]:
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


def _freezing(
    layer: int, base: Record, source: Record, sending: Write, prompts: slice
) -> tuple[str, Hook]:
    frozen = base.site("z", layer)[prompts]

    def hook(activation: Tensor) -> Tensor:
        activation[:] = frozen
        if sending.site == "z" and sending.layer == layer:
            head = sending.head
            activation[:, :, head] = source.site("z", layer)[prompts][:, :, head]
        return activation

    return SITES.get("z").hook.format(layer=layer), hook


def _reading(receiver: Receiver, received: dict[Receiver, Tensor]) -> Hook:
    def hook(activation: Tensor) -> None:
        received[receiver] = activation[:, :, receiver.head].clone()

    return hook


def _receiving(receiver: Receiver, values: Tensor, prompts: slice) -> Hook:
    def hook(activation: Tensor) -> Tensor:
        if receiver.positions is None:
            activation[:, :, receiver.head] = values
        else:
            rows, positions = torch.arange(len(values)), receiver.positions[prompts]
            activation[rows, positions, receiver.head] = values[rows, positions]
        return activation

    return hook
