"""Calls of one block on the way: hooks that must fire, held MLPs, and no more than is needed."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.frozen_attention import frozen_attention
from patchwidgets.engine.path_receivers import Arrived, Receiver
from patchwidgets.engine.replay import Replay
from patchwidgets.models.bridge import Hook, require_fired
from patchwidgets.models.sites import SITES

Hooks = list[tuple[str, Hook]]


class _AllRead(Exception):  # noqa: N818 - ends a block, is no error
    """Every hook has fired, so the rest of the block is not needed."""


def call(
    replay: Replay,
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
    hooks: Hooks,
    *,
    frozen: bool = False,
) -> Float[Tensor, "rows suffix d_model"]:
    """Return what a block makes of `hidden`.

    Args:
        replay: The blocks.
        layer: Which block.
        hidden: What it is given.
        hooks: Read or change activations inside it.
        frozen: Whether its attention output is that of the base run.

    Raises:
        MeasurementError: A hook did not fire exactly once.
    """
    fired = [0] * len(hooks)
    with _attention(replay, layer, frozen):
        output = replay.block(layer, hidden, _counted(hooks, fired, stop=False))
    require_fired([name for name, _ in hooks], fired)
    return output


def call_until(
    replay: Replay,
    layer: int,
    hidden: Float[Tensor, "rows suffix d_model"],
    hooks: Hooks,
    *,
    frozen: bool = False,
) -> None:
    """Call a block as `call` does, until every hook has fired, and leave the rest of it out."""
    fired = [0] * len(hooks)
    with _attention(replay, layer, frozen), suppress(_AllRead):  # our own signal to stop there
        replay.block(layer, hidden, _counted(hooks, fired, stop=True))
    require_fired([name for name, _ in hooks], fired)


def _attention(replay: Replay, layer: int, frozen: bool) -> AbstractContextManager[None]:
    return frozen_attention(replay, layer) if frozen else nullcontext()


def reading(replay: Replay, receivers: Sequence[Receiver], into: Arrived, rows: int) -> Hooks:
    """Return hooks that keep what receivers read in the first `rows`."""

    def reader(receiver: Receiver) -> Hook:
        def hook(activation: Tensor) -> None:
            part = receiver.part(activation[:rows], replay.model.spec.d_head)
            into[receiver] = part.clone()

        return hook

    return [(receiver.hook, reader(receiver)) for receiver in receivers]


def writing(replay: Replay, arrived: Arrived, row: int = 0) -> Hooks:
    """Return hooks that overwrite receivers with what arrived at them, from a row on."""

    def writer(receiver: Receiver, values: Tensor) -> Hook:
        width = replay.model.spec.d_head
        start = replay.start
        return lambda activation: receiver.overwritten(activation, values, start, width, row)

    return [(receiver.hook, writer(receiver, values)) for receiver, values in arrived.items()]


def held_mlp(replay: Replay, layer: int) -> Hooks:
    """Return the hook that gives a block's MLP output the base run's value; none without MLPs."""
    if not replay.model.spec.d_mlp:
        return []
    base = replay.base.site("mlp_out", layer)[:, replay.start :]

    def hold(activation: Tensor) -> None:
        activation.copy_(base.repeat(len(activation) // replay.batch, 1, 1))

    return [(SITES.get("mlp_out").hook.format(layer=layer), hold)]


def _counted(hooks: Hooks, fired: list[int], *, stop: bool) -> Hooks:
    def counted(index: int, hook: Hook) -> Hook:
        def act(activation: Tensor) -> Tensor | None:
            fired[index] += 1
            changed = hook(activation)
            if stop and all(fired):
                raise _AllRead
            return changed

        return act

    return [(name, counted(index, hook)) for index, (name, hook) in enumerate(hooks)]
