"""One run, recorded: what each block was called with, and the activations a plan needs."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.errors import MeasurementError, ModelError
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.layout import by_position
from patchwidgets.models.sites import SITES
from patchwidgets.models.spec import ModelSpec
from patchwidgets.models.undisturbed import in_this_thread

ATTENTION = "attn_module"
"""Asks for what each attention module returns, before anything is done with it."""

EMBEDDING = "embed.hook_out"
"""TransformerLens' hook on the token embeddings. (`hook_embed` is after BLOOM's norm of them.)"""

CACHE: Any = object()
"""Stands in a recorded call where the model gave its key/value cache."""


@dataclass(frozen=True)
class BlockCall:
    """The arguments with which the model called one of its blocks, hidden states included.

    `CACHE` stands for the key/value cache.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """One forward pass over prompts of equal length.

    Args:
        tokens: The prompts, BOS included.
        residual: The residual stream before each block, and after the last one.
        calls: How each block was called.
        keys: Each block's keys as attention used them (rotary applied); empty if not every block
            keeps the keys of every token in a cache.
        values: Each block's values, likewise.
        activations: Site name to one tensor per layer; heads have an axis of their own.
        logits: At the positions that are read, as the model itself computes them; rows are prompts
            x positions, positions fastest.
        noise: What was added to the token embeddings, if anything was.
        read: How many positions at the end are read: 1, or as many as an answer has tokens.
    """

    tokens: Int[Tensor, "batch pos"]
    residual: tuple[Float[Tensor, "batch pos d_model"], ...]
    calls: tuple[BlockCall, ...]
    keys: tuple[Float[Tensor, "batch kv_head pos d_head"], ...]
    values: tuple[Float[Tensor, "batch kv_head pos d_head"], ...]
    activations: Mapping[str, tuple[Tensor, ...]]
    logits: Float[Tensor, "rows d_vocab"]
    noise: Float[Tensor, "batch pos d_model"] | None = None
    read: int = 1

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

    def repeated(self, rows: Int[Tensor, " more"]) -> "Record":
        """Return the record of a run without noise of these of its prompts, each any often."""
        batch = len(self.tokens)

        def taken(value: Any) -> Any:
            if isinstance(value, tuple | list):
                return tuple(map(taken, value))
            # One row stands for any number; alibi has a row for each head of a prompt.
            if not isinstance(value, Tensor) or value.ndim < 2 or value.shape[0] in (0, 1):
                return value
            if value.shape[0] % batch:
                return value
            return value.unflatten(0, (batch, -1))[rows.to(value.device)].flatten(0, 1)

        def picked(value: Tensor) -> Tensor:
            return value[rows.to(value.device)]

        return replace(
            self,
            tokens=picked(self.tokens),
            residual=tuple(map(picked, self.residual)),
            calls=tuple(
                BlockCall(
                    args=tuple(map(taken, call.args)),
                    kwargs={name: taken(value) for name, value in call.kwargs.items()},
                )
                for call in self.calls
            ),
            keys=tuple(map(picked, self.keys)),
            values=tuple(map(picked, self.values)),
            activations={
                site: tuple(map(picked, layers)) for site, layers in self.activations.items()
            },
            logits=picked(self.logits.unflatten(0, (batch, -1))).flatten(0, 1),
        )

    def noise_hooks(self, prompts: slice = slice(None)) -> list[tuple[str, Hook]]:
        """Return what must be hooked to run some of the prompts again: the same noise."""
        return [] if self.noise is None else [adding_noise(self.noise[prompts])]


def adding_noise(noise: Float[Tensor, "batch pos d_model"]) -> tuple[str, Hook]:
    """Return the hook that adds noise to the token embeddings, before positions are added."""
    # A copy made here may be used in a backward pass, unlike one of `inference_mode`.
    return EMBEDDING, lambda embedding: embedding + noise.clone().to(embedding)


def noise_reaches(model: LensModel, tokens: Int[Tensor, "batch pos"]) -> bool:
    """Whether noise on the token embeddings of these prompts would reach the model.

    Some of TransformerLens' adapters pass the hook by at which it is added. No block is run.
    """
    recording = _Recording(lambda: None)
    entered = model.blocks()[0].register_forward_pre_hook(in_this_thread(_end_the_run))
    try:
        with torch.no_grad(), model.hooked([(EMBEDDING, recording.counted(lambda _: None))]):
            model.forward(tokens)
    except _Embedded:
        return recording.noised == 1
    except ModelError:
        return False
    finally:
        entered.remove()
    raise AssertionError("a forward pass enters the first block")


class _Embedded(Exception):  # noqa: N818 - ends a run, is no error
    """A run is at its first block."""


def _end_the_run(*_: Any) -> None:
    raise _Embedded


def record(
    model: LensModel,
    tokens: Int[Tensor, "batch pos"],
    sites: Iterable[str],
    check: Callable[[], None] = lambda: None,
    noise: Float[Tensor, "batch pos d_model"] | None = None,
    read: int = 1,
) -> Record:
    """Run the model once and keep what patching needs.

    Args:
        model: The model.
        tokens: Prompts of equal length.
        sites: Names of the sites to keep besides the residual stream, and `ATTENTION`. Those of an
            MLP are left out where blocks have none.
        check: Called before every block; raises to stop.
        noise: Added to the token embeddings.
        read: Positions at the end whose logits are kept.

    Raises:
        ModelError: The model has no such site.
        MeasurementError: The noise did not reach the model.
    """
    n_layers = model.spec.n_layers
    kept = [name for name in dict.fromkeys(sites) if _is_kept(name, model.spec)]
    recording = _Recording(check)
    hooks: list[tuple[str, Hook]] = [
        (SITES.get(name).hook.format(layer=layer), partial(recording.keep, name, layer))
        for name in kept
        if name != ATTENTION
        for layer in range(n_layers)
    ]
    last = SITES.get("resid_post").hook.format(layer=n_layers - 1)
    hooks.append((last, partial(recording.keep, "resid_post", n_layers - 1)))
    if noise is not None:
        hooks.append((EMBEDDING, recording.counted(adding_noise(noise)[1])))
    with ExitStack() as stack:
        for layer, block in enumerate(model.blocks()):
            call = in_this_thread(partial(recording.keep_call, layer))
            stack.callback(block.register_forward_pre_hook(call, with_kwargs=True).remove)
        if ATTENTION in kept:
            for layer in range(n_layers):
                output = in_this_thread(partial(recording.keep_output, layer))
                stack.callback(model.attention(layer).register_forward_hook(output).remove)
        stack.enter_context(model.hooked(hooks))
        logits = model.forward(tokens, read)
    if noise is not None and recording.noised != 1:
        raise MeasurementError(
            f"The hook `{EMBEDDING}`, at which noise is added, fired {recording.noised} times in "
            f"one forward pass of `{model.spec.name}` ({model.spec.family}) instead of once, so "
            "the noise did not do what it says. No number is returned. This model's "
            "TransformerLens adapter does not pass through that hook; corrupt with "
            "`token_replacement`."
        )
    store, calls, layers = recording.store, recording.calls, range(n_layers)
    keys, values = recording.keys_and_values(n_layers, tokens.shape[1])
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
        noise=noise,
        read=read,
    )


class _Recording:
    """Has the hooks that keep one run."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.store: dict[tuple[str, int], Tensor] = {}
        self.calls: dict[int, BlockCall] = {}
        self.noised = 0
        self._check = check
        self._cached: dict[int, tuple[Tensor, Tensor]] = {}
        self._layer = 0

    def keep(self, name: str, layer: int, activation: Tensor) -> None:
        """Keep an activation."""
        self.store[name, layer] = activation.clone()

    def counted(self, hook: Hook) -> Hook:
        """Return a hook that adds noise, and counts that it did."""

        def call(embedding: Tensor) -> Tensor | None:
            self.noised += 1
            return hook(embedding)

        return call

    def keep_call(
        self, layer: int, _block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Keep how a block is called, before it runs."""
        self._check()
        self._layer = layer
        for argument in (*args, *kwargs.values()):
            self._listen(argument)
        self.calls[layer] = BlockCall(
            args=tuple(_without_cache(argument) for argument in args),
            kwargs={name: _without_cache(argument) for name, argument in kwargs.items()},
        )
        self.store["resid_pre", layer] = _hidden(args, kwargs).clone()

    def keep_output(
        self, layer: int, _attention: Any, _args: Any, output: tuple[Tensor, Any]
    ) -> None:
        """Keep what an attention module returns."""
        self.store[ATTENTION, layer] = output[0].clone()

    def keys_and_values(
        self, n_layers: int, length: int
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return what every block gave to its cache, or nothing if any block kept something else.

        Read as it is given: a layer with a sliding window forgets what its window has left.
        """
        both = [self._cached[layer] for layer in range(n_layers) if layer in self._cached]
        if len(both) < n_layers or any(keys.shape[2] != length for keys, _ in both):
            return (), ()
        return tuple(keys for keys, _ in both), tuple(values for _, values in both)

    def _listen(self, argument: Any) -> None:
        """Hear what the run gives to its cache, which is made for it and thrown away after it."""
        if not _is_cache(argument) or "update" in vars(argument):
            return
        update = argument.update

        def heard(keys: Tensor, values: Tensor, *args: Any, **kwargs: Any) -> Any:
            self._cached[self._layer] = (keys.clone(), values.clone())
            return update(keys, values, *args, **kwargs)

        argument.update = heard


def _is_cache(argument: Any) -> bool:
    return hasattr(argument, "update") and hasattr(argument, "get_seq_length")


def _without_cache(argument: Any) -> Any:
    return CACHE if _is_cache(argument) else argument


def _is_kept(name: str, spec: ModelSpec) -> bool:
    if name in ("resid_pre", "resid_post"):
        return False
    return name == ATTENTION or bool(spec.d_mlp) or not SITES.get(name).needs_mlp


def _hidden(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    return args[0] if args else kwargs["hidden_states"]


def _with_heads(name: str, activation: Tensor, spec: ModelSpec) -> Tensor:
    """Return an activation with its heads, if it has any, on an axis of their own."""
    return (
        activation if name == ATTENTION else by_position(SITES.get(name), activation, spec.d_head)
    )


def same_everywhere(tensor: Tensor) -> bool:
    """Whether all rows of a batch are equal, so that one stands for any number of them."""
    return tensor.shape[0] == 1 or bool(torch.equal(tensor, tensor[:1].expand_as(tensor)))
