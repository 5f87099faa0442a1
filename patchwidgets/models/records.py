"""One run, recorded: what each block was called with, and the activations a plan needs."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.models.bridge import Hook, LensModel, in_this_thread
from patchwidgets.models.sites import SITES
from patchwidgets.models.spec import ModelSpec

ATTENTION = "attn_module"
"""Asks for what each attention module returns, before anything is done with it."""


@dataclass(frozen=True)
class BlockCall:
    """The arguments with which the model called one of its blocks, hidden states included."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """One forward pass over prompts of equal length.

    Args:
        tokens: The prompts, BOS included.
        residual: The residual stream before each block, and after the last one.
        calls: How each block was called.
        keys: Each block's keys as attention used them (rotary applied); empty if the model keeps
            none that can be read.
        values: Each block's values, likewise.
        activations: Site name to one tensor per layer; heads have an axis of their own.
        logits: At the last position, as the model itself computes them.
    """

    tokens: Int[Tensor, "batch pos"]
    residual: tuple[Float[Tensor, "batch pos d_model"], ...]
    calls: tuple[BlockCall, ...]
    keys: tuple[Float[Tensor, "batch kv_head pos d_head"], ...]
    values: tuple[Float[Tensor, "batch kv_head pos d_head"], ...]
    activations: Mapping[str, tuple[Tensor, ...]]
    logits: Float[Tensor, "batch d_vocab"]

    @property
    def length(self) -> int:
        """Tokens per prompt."""
        return self.tokens.shape[1]

    def site(self, name: str, layer: int) -> Tensor:
        """Return a site's activation: batch, pos, (head,) d."""
        if name == "resid_pre":
            return self.residual[layer]
        if name == "resid_post":
            return self.residual[layer + 1]
        return self.activations[name][layer]


def record(
    model: LensModel,
    tokens: Int[Tensor, "batch pos"],
    sites: Iterable[str],
    check: Callable[[], None] = lambda: None,
) -> Record:
    """Run the model once and keep what patching needs.

    Args:
        model: The model.
        tokens: Prompts of equal length.
        sites: Names of the sites to keep besides the residual stream, and `ATTENTION`.
        check: Called before every block; raises to stop.

    Raises:
        ModelError: The model has no such site.
    """
    n_layers = model.spec.n_layers
    kept = [name for name in dict.fromkeys(sites) if name not in ("resid_pre", "resid_post")]
    recording = _Recording(check)
    hooks: list[tuple[str, Hook]] = [
        (SITES.get(name).hook.format(layer=layer), recording.keeps(name, layer))
        for name in kept
        if name != ATTENTION
        for layer in range(n_layers)
    ]
    last = SITES.get("resid_post").hook.format(layer=n_layers - 1)
    hooks.append((last, recording.keeps("resid_post", n_layers - 1)))
    with ExitStack() as stack:
        for layer, block in enumerate(model.blocks()):
            call = in_this_thread(recording.keeps_call(layer))
            stack.callback(block.register_forward_pre_hook(call, with_kwargs=True).remove)
        if ATTENTION in kept:
            for layer in range(n_layers):
                output = in_this_thread(recording.keeps_output(layer))
                stack.callback(model.attention(layer).register_forward_hook(output).remove)
        stack.enter_context(model.hooked(hooks))
        logits = model.forward(tokens)
    store, calls, layers = recording.store, recording.calls, range(n_layers)
    keys, values = _keys_and_values(calls[0], n_layers, tokens.shape[1])
    return Record(
        tokens=tokens,
        residual=(
            *(store["resid_pre", layer] for layer in layers),
            store["resid_post", n_layers - 1],
        ),
        calls=tuple(calls[layer] for layer in layers),
        keys=keys,
        values=values,
        activations={
            name: tuple(_with_heads(name, store[name, layer], model.spec) for layer in layers)
            for name in kept
        },
        logits=logits.clone(),
    )


class _Recording:
    """Makes the hooks that keep one run."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.store: dict[tuple[str, int], Tensor] = {}
        self.calls: dict[int, BlockCall] = {}
        self._check = check

    def keeps(self, name: str, layer: int) -> Hook:
        def hook(activation: Tensor) -> None:
            self.store[name, layer] = activation.clone()

        return hook

    def keeps_call(self, layer: int) -> Callable[..., None]:
        def hook(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self._check()
            self.calls[layer] = BlockCall(args, dict(kwargs))
            self.store["resid_pre", layer] = _hidden(args, kwargs).clone()

        return hook

    def keeps_output(self, layer: int) -> Callable[..., None]:
        def hook(_module: Any, _args: Any, output: tuple[Tensor, Any]) -> None:
            self.store[ATTENTION, layer] = output[0].clone()

        return hook


def is_cache(argument: Any) -> bool:
    """Whether an argument of a block is its key/value cache."""
    return hasattr(argument, "update") and hasattr(argument, "get_seq_length")


def _hidden(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    return args[0] if args else kwargs["hidden_states"]


def _with_heads(name: str, activation: Tensor, spec: ModelSpec) -> Tensor:
    """Return an activation with its heads, if it has any, on an axis of their own."""
    if name == ATTENTION or SITES.get(name).heads is None or activation.ndim == 4:
        return activation
    return activation.unflatten(-1, (-1, spec.d_head))


def _keys_and_values(
    call: BlockCall, n_layers: int, length: int
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Read the keys and values that the run left in its cache, if all of them are there."""
    caches = [item for item in (*call.args, *call.kwargs.values()) if is_cache(item)]
    layers = getattr(caches[0], "layers", [])[:n_layers] if caches else []
    if len(layers) < n_layers or any(layer.keys.shape[2] != length for layer in layers):
        return (), ()
    return tuple(layer.keys for layer in layers), tuple(layer.values for layer in layers)


def same_everywhere(tensor: Tensor) -> bool:
    """Whether all rows of a batch are equal, so that one stands for any number of them."""
    return tensor.shape[0] == 1 or bool(torch.equal(tensor, tensor[:1].expand_as(tensor)))
