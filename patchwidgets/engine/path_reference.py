"""Path patching by whole forward passes with hooks, one sender at a time: the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.path_wave import Receiver
from patchwidgets.engine.reference import writing
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.plans.plan import Form

Hooks = list[tuple[str, Hook]]


@dataclass(frozen=True)
class PathReference:
    """Path patches into one receiver set.

    Args:
        model: The model.
        base: The base run.
        source: The source run.
        receivers: Who receives; none stands for the logits.
        prompts: Which rows of the runs.
    """

    model: LensModel
    base: Record
    source: Record
    receivers: Sequence[Receiver]
    prompts: slice

    def logits(self, form: Form, sender: Cell) -> Float[Tensor, "batch d_vocab"]:
        """Return last-position logits under the path patch of one sender."""
        (sending,) = sender.writes
        if form == "pinned":
            return self._pinned(sending)
        change = self._contribution(sending)
        last = self.model.spec.n_layers
        if not self.receivers:
            return self._forward([self._adding(last, change)])
        written: Hooks = []
        for layer in sorted({receiver.layer for receiver in self.receivers}):
            here = [receiver for receiver in self.receivers if receiver.layer == layer]
            if sending.layer >= layer and sending.site != "resid_pre":
                continue
            received: dict[Receiver, Tensor] = {}
            before = written if form == "direct" else []
            reading = [(receiver.hook, _reading(receiver, received)) for receiver in here]
            self._forward([*before, self._adding(layer, change), *reading])
            written = [*written, *self._receiving(here, received)]
        return self._forward(written)

    def _pinned(self, sending: Write) -> Float[Tensor, "batch d_vocab"]:
        hooks: Hooks = [self._freezing(layer, sending) for layer in range(self.model.spec.n_layers)]
        if sending.site != "z":
            hooks.append(writing(self.model, self.source, sending, self.prompts))
        if not self.receivers:
            return self._forward(hooks)
        received: dict[Receiver, Tensor] = {}
        reading = [(receiver.hook, _reading(receiver, received)) for receiver in self.receivers]
        self._forward([*hooks, *reading])
        return self._forward(self._receiving(self.receivers, received))

    def _forward(self, hooks: Hooks) -> Float[Tensor, "batch d_vocab"]:
        return self.model.forward_with(self.base.tokens[self.prompts], hooks)

    def _contribution(self, sending: Write) -> Float[Tensor, "batch pos d_model"]:
        """Return what the sender's change adds to the residual stream."""
        if sending.site != "z":
            there, here = (
                run.site(sending.site, sending.layer) for run in (self.source, self.base)
            )
            return (there - here)[self.prompts]
        kept: list[Tensor] = []
        name = SITES.get("attn_out").hook.format(layer=sending.layer)
        patch = writing(self.model, self.source, sending, self.prompts)
        self._forward([patch, (name, lambda activation: kept.append(activation.clone()))])
        return kept[0] - self.base.site("attn_out", sending.layer)[self.prompts]

    def _adding(self, layer: int, change: Tensor) -> tuple[str, Hook]:
        def hook(activation: Tensor) -> Tensor:
            return activation + change

        if layer == self.model.spec.n_layers:
            return SITES.get("resid_post").hook.format(layer=layer - 1), hook
        return SITES.get("resid_pre").hook.format(layer=layer), hook

    def _freezing(self, layer: int, sending: Write) -> tuple[str, Hook]:
        frozen = self.base.site("z", layer)[self.prompts]
        sent = self.source.site("z", layer)[self.prompts]

        def hook(activation: Tensor) -> Tensor:
            activation[:] = frozen
            if sending.site == "z" and sending.layer == layer:
                activation[:, :, sending.head] = sent[:, :, sending.head]
            return activation

        return SITES.get("z").hook.format(layer=layer), hook

    def _receiving(self, receivers: Sequence[Receiver], received: dict[Receiver, Tensor]) -> Hooks:
        def writer(receiver: Receiver) -> Hook:
            values = received[receiver]

            def hook(activation: Tensor) -> Tensor:
                if receiver.positions is None:
                    activation[:, :, receiver.head] = values
                else:
                    rows, positions = torch.arange(len(values)), receiver.positions[self.prompts]
                    activation[rows, positions, receiver.head] = values[rows, positions]
                return activation

            return hook

        return [(receiver.hook, writer(receiver)) for receiver in receivers]


def _reading(receiver: Receiver, received: dict[Receiver, Tensor]) -> Hook:
    def hook(activation: Tensor) -> None:
        received[receiver] = activation[:, :, receiver.head].clone()

    return hook
