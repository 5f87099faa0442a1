"""Path patching by whole forward passes with hooks, one sender at a time: the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_receivers import Arrived, Receiver, Stops
from patchwidgets.engine.reference import writing
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.plans._reach import comes_before, writes_at
from patchwidgets.plans.plan import Form

Hooks = list[tuple[str, Hook]]


@dataclass(frozen=True)
class _Change:
    """What begins a leg of a path: hooks that change one place.

    Args:
        hooks: They make the change.
        site: Where the change is written: `resid_pre`, or what writes to the stream in a block.
        layer: Block.
    """

    hooks: Hooks
    site: str
    layer: int


@dataclass(frozen=True)
class PathReference:
    """Path patches along one chain of stops.

    Args:
        model: The model.
        base: The base run.
        source: The source run.
        stops: Who is let know, one set after another; the last are the receivers.
        prompts: Which rows of the runs.
    """

    model: LensModel
    base: Record
    source: Record
    stops: Stops
    prompts: slice

    def logits(
        self, form: Form, sender: Cell, reading: Hooks | None = None
    ) -> Float[Tensor, "batch d_vocab"]:
        """Return the logits that are read under the path patch of one sender.

        Args:
            form: Which nodes are frozen on the way.
            sender: The cell.
            reading: More hooks on the run under the patch, which only look.
        """
        (write,) = sender.writes
        hooks = [writing(self.model, self.source, write, self.prompts)]
        change = _Change(hooks, writes_at(write.site), write.layer)
        for stop in map(self._on_prompts, self.stops):
            if form == "pinned":
                arrived = self._carried(change, stop)
            else:
                arrived = self._added(change, stop, live=form == "direct")
            hooks = self._overwriting(arrived)
            change = _Change(hooks, writes_at(stop[0].site), stop[0].layer)
        return self._forward([*hooks, *(reading or [])])

    def _carried(self, change: _Change, receivers: Sequence[Receiver]) -> Arrived:
        """Return what receivers read when the heads of every other block are frozen."""
        frozen = [
            self._freezing(layer)
            for layer in range(self.model.spec.n_layers)
            if layer != change.layer or change.site == "resid_pre"
        ]
        arrived: Arrived = {}
        self._forward([*frozen, *change.hooks, *self._reading(receivers, arrived)])
        return arrived

    def _added(self, change: _Change, receivers: Sequence[Receiver], *, live: bool) -> Arrived:
        """Return what each receiver reads when the change is added there."""
        difference = self._contribution(change)
        parallel = self.model.spec.parallel
        order = sorted(receivers, key=lambda one: (one.layer, one.site == "mlp_in"))
        arrived: Arrived = {}
        for receiver in order:
            there = receiver.site, receiver.layer
            if not comes_before((change.site, change.layer), there, parallel=parallel):
                continue
            earlier = {
                one: values
                for one, values in arrived.items()
                if live and (one.layer < receiver.layer or receiver.site == "mlp_in")
            }
            hooks = [*self._overwriting(earlier), self._adding(receiver, difference)]
            self._forward([*hooks, *self._reading([receiver], arrived)])
        return arrived

    def _contribution(self, change: _Change) -> Float[Tensor, "batch pos d_model"]:
        """Return what a change adds to the residual stream, as the model writes it."""
        if change.site == "resid_pre":
            layer, hooks = change.layer, change.hooks
        else:
            layer, hooks = change.layer + 1, [*change.hooks]
            if change.site != "mlp_out" and self.model.spec.d_mlp:
                held = self.base.site("mlp_out", change.layer)[self.prompts]
                name = SITES.get("mlp_out").hook.format(layer=change.layer)
                hooks.append((name, lambda activation: activation.copy_(held)))
        kept: list[Tensor] = []
        keep = self._stream(layer), lambda activation: kept.append(activation.clone())
        self._forward([*hooks, keep])
        return kept[0] - self.base.site("resid_pre", layer)[self.prompts]

    def _on_prompts(self, stop: Sequence[Receiver]) -> list[Receiver]:
        return [
            replace(one, positions=None if one.positions is None else one.positions[self.prompts])
            for one in stop
        ]

    def _forward(self, hooks: Hooks) -> Float[Tensor, "batch d_vocab"]:
        noise = self.base.noise_hooks(self.prompts)
        tokens = self.base.tokens[self.prompts]
        return self.model.forward_with(tokens, [*noise, *hooks], self.base.read)

    def _stream(self, layer: int) -> str:
        """Return the name of the hook on the residual stream before a block, or at the end."""
        if layer == self.model.spec.n_layers:
            return SITES.get("resid_post").hook.format(layer=layer - 1)
        return SITES.get("resid_pre").hook.format(layer=layer)

    def _hook(self, receiver: Receiver) -> str:
        return self._stream(receiver.layer) if receiver.site == "resid_pre" else receiver.hook

    def _adding(self, receiver: Receiver, difference: Tensor) -> tuple[str, Hook]:
        name = self._stream(receiver.layer)
        if receiver.site == "mlp_in" and not self.model.spec.parallel:
            name = SITES.get("resid_mid").hook.format(layer=receiver.layer)
        return name, lambda activation: activation + difference.to(activation.device)

    def _freezing(self, layer: int) -> tuple[str, Hook]:
        frozen = self.base.site("z", layer)[self.prompts]

        def hook(activation: Tensor) -> Tensor:
            activation.copy_(frozen.reshape(activation.shape))
            return activation

        return SITES.get("z").hook.format(layer=layer), hook

    def _reading(self, receivers: Sequence[Receiver], arrived: Arrived) -> Hooks:
        def reader(receiver: Receiver) -> Hook:
            def hook(activation: Tensor) -> None:
                arrived[receiver] = receiver.part(activation, self.model.spec.d_head).clone()

            return hook

        return [(self._hook(receiver), reader(receiver)) for receiver in receivers]

    def _overwriting(self, arrived: Arrived) -> Hooks:
        def writer(receiver: Receiver) -> Hook:
            values, width = arrived[receiver], self.model.spec.d_head
            return lambda activation: receiver.overwritten(activation, values, 0, width)

        return [(self._hook(receiver), writer(receiver)) for receiver in arrived]
