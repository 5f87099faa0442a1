"""Measuring a model that somebody else runs meanwhile.

TransformerLens keeps what a run is told on the model itself: the hooks of `run_with_hooks` and
`run_with_cache`, the block at which to start or stop, and in OPT the shape of the prompts. So a run
in another cell of the notebook would change what our threads measure, and its cache would hold our
activations.
"""

import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from patchwidgets.models.stand_ins import STAND_INS, StandIn

Hooks = frozenset[int]
"""PyTorch's numbers of hooks; none is given twice."""

NOWHERE: tuple[frozenset[int], Hooks] = (frozenset(), frozenset())


def in_this_thread(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook that acts in the thread that made it; elsewhere it changes nothing."""
    here = threading.get_ident()
    return lambda *args, **kwargs: hook(*args, **kwargs) if threading.get_ident() == here else None


def is_ours(hook: Any) -> bool:
    """Whether a hook was made by `in_this_thread`."""
    return getattr(hook, "__module__", None) == __name__


def hooks_on(bridge: TransformerBridge) -> Hooks:
    """Return the hooks of all kinds that are on a model's hook points now."""
    return frozenset(
        number
        for point in _points(bridge)
        for hooks in (point._forward_hooks, *_rare(point))
        for number in tuple(hooks)
    )


@contextmanager
def undisturbed(bridge: TransformerBridge, kept: Hooks) -> Iterator[None]:
    """Have no hooks act in this thread but `kept` and ours, and run blocks whole, for the body.

    PyTorch's hooks on other modules than hook points act as ever.
    """
    points = frozenset(
        id(point)
        for point in _points(bridge)
        if all(kept.isdisjoint(hooks) for hooks in _rare(point))  # else it is left to PyTorch
    )
    with STAND_INS.covering([*_blocks(bridge), *_shapes(bridge)]), _passing_by(points, kept):
        yield


_measuring: dict[int, tuple[frozenset[int], Hooks]] = {}
"""By thread, the hook points at which it passes by all hooks but some."""

_lock = threading.Lock()


@contextmanager
def _passing_by(points: frozenset[int], kept: Hooks) -> Iterator[None]:
    # In the class, as long as any thread measures: a model has a thousand points and more.
    here = threading.get_ident()
    before = _measuring.get(here)
    try:
        with _lock:
            _measuring[here] = points, kept
            HookPoint._call_impl = _call
        yield
    finally:
        with _lock:
            _measuring.pop(here, None)
            if before is not None:
                _measuring[here] = before
            if not _measuring and "_call_impl" in vars(HookPoint):
                del HookPoint._call_impl


def _call(self: HookPoint, *args: Any, **kwargs: Any) -> Any:
    points, kept = _measuring.get(threading.get_ident(), NOWHERE)
    if id(self) not in points:
        return torch.nn.Module._call_impl(self, *args, **kwargs)
    (given,) = args
    activation = self.forward(given)
    hooks = self._forward_hooks
    for number, hook in tuple(hooks.items()) if hooks else ():
        if number in kept or is_ours(hook) or is_ours(_given(self, number)):
            changed = hook(self, args, activation)
            activation = activation if changed is None else changed
    return activation


def _points(bridge: TransformerBridge) -> Iterable[HookPoint]:
    return {id(point): point for point in bridge.hook_dict.values()}.values()


def _rare(point: HookPoint) -> tuple[dict[int, Any], ...]:
    """Return hooks that PyTorch calls in ways of their own."""
    return (
        *(point._forward_pre_hooks, point._forward_hooks_with_kwargs),
        *(point._backward_hooks, point._backward_pre_hooks),
    )


def _given(point: HookPoint, number: int) -> Any:
    """Return the function that TransformerLens wrapped into a hook."""
    handles = tuple(point.fwd_hooks)
    return next((one.user_hook for one in handles if one.hook.id == number), None)


def _blocks(bridge: TransformerBridge) -> Iterator[StandIn]:
    for block in bridge.blocks:
        if hasattr(block, "_check_stop_at_layer"):
            yield StandIn(block, _go_on, "_check_stop_at_layer")
        if hasattr(block, "_maybe_inject_start_residual"):
            yield StandIn(block, _take_what_comes, "_maybe_inject_start_residual")


def _shapes(bridge: TransformerBridge) -> Iterator[StandIn]:
    """Yield what gives this thread conversions of its own where a block tells them its shape.

    OPT puts prompts and positions into one axis for its MLPs, and its conversions show them apart.
    """
    for block in bridge.blocks:
        if hasattr(block, "_unflatten_conversions"):
            shared = list(block._unflatten_conversions())
            own = [copy.copy(one) for one in shared]
            yield StandIn(block, partial(iter, own), "_unflatten_conversions")
            for theirs, mine in zip(shared, own, strict=True):
                for method in ("handle_conversion", "revert"):
                    function = getattr(type(mine), method)
                    yield StandIn(theirs, partial(function, mine), method)


def _go_on(*_: Any, **__: Any) -> None:
    return


def _take_what_comes(args: Any, kwargs: Any) -> Any:
    return args, kwargs
