"""One forward pass through which gradients of the metrics are taken at chosen activations."""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.errors import MeasurementError
from patchwidgets.models.bridge import Hook, LensModel, require_fired
from patchwidgets.models.layout import by_position
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.models.sites._mlp_in import MLP_IN
from patchwidgets.models.sites._site import Site
from patchwidgets.models.spec import ModelSpec

Key = tuple[str, int]
"""A site and a block; `resid_pre` of the block after the last is the end of the stream."""

Gate = Callable[[Tensor], Tensor]
"""Gets a gradient and returns what is let through while the gate is shut."""

FLAT = 1e-6
"""Largest slope of a metric, per logit, that is rounding of float32 and no slope at all."""


class Tapped:
    """A forward pass over some of a group's base prompts, with zeros added where gradients go.

    The added zeros are the only tensors whose gradient is taken: the model's parameters, their
    `.grad` and their `requires_grad` stay as they are. Make it in `LensModel.differentiating`.

    Args:
        model: The model.
        runs: The group's runs.
        prompts: Which of the group's prompts.
        keys: Where gradients are wanted.
        gates: Where among `keys` a gradient can be stopped on its way back; see `shut`.
        shift: Added to the residual stream before the first block; that key must be in `keys`.

    Attributes:
        shut: Gates that are shut. What is written at such a place still has a gradient; what the
            model computes there from earlier places has none.
        computed: What the model computed at each key, before anything was added.

    Raises:
        MeasurementError: A hook did not fire exactly once.
    """

    def __init__(
        self,
        model: LensModel,
        runs: GroupRuns,
        prompts: slice,
        keys: Sequence[Key],
        gates: Mapping[Key, Gate] | None = None,
        shift: Float[Tensor, "batch pos d_model"] | None = None,
    ) -> None:
        self.shut: set[Key] = set()
        self.computed: dict[Key, Tensor] = {}
        self._taps: dict[Key, Tensor] = {}
        self._spec = model.spec
        self._gates = gates or {}
        self._shift = shift
        hooks = [(hook_name(key, model.spec), self._tapping(key)) for key in keys]
        self._logits = run_hooked(model, runs.base, prompts, hooks)
        self._values = runs.reader.with_graph(self._logits, prompts)

    def is_flat(self, metric: int) -> bool:
        """Whether a metric has no slope here: it is at its least, or it counts or ranks."""
        if not self._values[metric].requires_grad:
            return True
        total = self._values[metric].sum()
        (slope,) = torch.autograd.grad(total, [self._logits], retain_graph=True)
        return bool((slope.abs() <= FLAT).all())

    def slopes(self, metric: int, keys: Sequence[Key]) -> list[Tensor]:
        """Return d metric / d activation at `keys`: prompt, position, head if any, width.

        Prompts do not interact, so the gradient of the sum over them is each prompt's own.
        """
        return self._pull([self._values[metric].sum()], None, keys)

    def pull_back(
        self, slopes: Mapping[Key, Float[Tensor, "batch pos ..."]], keys: Sequence[Key]
    ) -> list[Tensor]:
        """Return the gradient at `keys` of what the model computed at other places.

        Args:
            slopes: Place to weight of each of its numbers.
            keys: Where the gradient is taken.
        """
        outputs = [self.computed[key] for key in slopes]
        weights = [each.reshape(self.computed[key].shape) for key, each in slopes.items()]
        return self._pull(outputs, weights, keys)

    def _pull(
        self, outputs: list[Tensor], weights: list[Tensor] | None, keys: Sequence[Key]
    ) -> list[Tensor]:
        taps = [self._taps[key] for key in keys]
        found = torch.autograd.grad(outputs, taps, weights, retain_graph=True, allow_unused=True)
        for key, gradient in zip(keys, found, strict=True):
            if gradient is None:
                raise MeasurementError(
                    f"Nothing that is measured depends on `{hook_name(key, self._spec)}`, so there "
                    "is no gradient to estimate effects by. This model's TransformerLens adapter "
                    "passes that hook by. Measure without `estimate`."
                )
        return [laid_out(key, each, self._spec) for key, each in zip(keys, found, strict=True)]

    def _tapping(self, key: Key) -> Hook:
        def hook(activation: Tensor) -> Tensor | None:
            self.computed[key] = activation
            self._taps[key] = torch.zeros_like(activation, requires_grad=True)
            if key[0] == "resid_mid":
                # The hook point is the MLP's side of the stream; the other side is the same tensor.
                activation.add_(self._taps[key])
                return None
            if key in self._gates and activation.requires_grad:
                activation = activation.view_as(activation)
                activation.register_hook(self._gating(key))
            if key == ("resid_pre", 0) and self._shift is not None:
                activation = activation + self._shift
            return activation + self._taps[key]

        return hook

    def _gating(self, key: Key) -> Callable[[Tensor], Tensor | None]:
        return lambda gradient: self._gates[key](gradient) if key in self.shut else None


def hook_name(key: Key, spec: ModelSpec) -> str:
    """Return TransformerLens' name of the hook at a place."""
    _, layer = key
    if layer == spec.n_layers:
        return SITES.get("resid_post").hook.format(layer=layer - 1)
    return _site(key).hook.format(layer=layer)


def laid_out(key: Key, activation: Tensor, spec: ModelSpec) -> Tensor:
    """Return a view of an activation: prompt, position, head if there are heads, width."""
    return by_position(_site(key), activation, spec.d_head)


def _site(key: Key) -> Site:
    return MLP_IN if key[0] == "mlp_in" else SITES.get(key[0])


def run_hooked(
    model: LensModel, base: Record, prompts: slice, hooks: Sequence[tuple[str, Hook]]
) -> Float[Tensor, "batch d_vocab"]:
    """Return the logits that are read of some rows of a run, run again with `hooks` attached.

    Raises:
        MeasurementError: One of the hooks did not fire exactly once.
    """
    hooks = [*base.noise_hooks(prompts), *hooks]
    fired = [0] * len(hooks)

    def counted(index: int, hook: Hook) -> Hook:
        def call(activation: Tensor) -> Tensor | None:
            fired[index] += 1
            return hook(activation)

        return call

    # A copy made here may be kept for the backward pass, unlike one of `inference_mode`.
    tokens = base.tokens[prompts].clone()
    with model.hooked([(name, counted(i, hook)) for i, (name, hook) in enumerate(hooks)]):
        logits = model.forward(tokens, base.read)
    require_fired([name for name, _ in hooks], fired)
    return logits
