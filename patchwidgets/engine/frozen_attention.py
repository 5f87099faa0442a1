"""A block whose attention adds what it added in the base run, without being computed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from patchwidgets.models.records import ATTENTION
from patchwidgets.models.stand_ins import STAND_INS, Forward, StandIn

if TYPE_CHECKING:
    from patchwidgets.engine.replay import Replay

_for_attention_alone: "WeakKeyDictionary[torch.nn.Module, bool]" = WeakKeyDictionary()
"""Whether nothing but attention reads a norm."""


@contextmanager
def frozen_attention(replay: "Replay", layer: int) -> Iterator[None]:
    """Make a block take its attention output from the base run, in this thread, for the body.

    What attention adds is frozen, also where its module adds it to the residual stream itself. A
    norm that only attention reads is left out too.
    """
    norm = replay.model.attention_norm(layer)
    with ExitStack() as stack:
        stand_in = StandIn(replay.model.attention(layer), _kept(replay, layer))
        stack.enter_context(STAND_INS.covering([stand_in]))
        if norm is not None and _is_for_attention_alone(replay, layer, norm):
            stand_in = StandIn(norm, lambda hidden, **_: hidden)
            stack.enter_context(STAND_INS.covering([stand_in]))
        yield


def _kept(replay: "Replay", layer: int) -> Forward:
    adds = replay.model.attention_adds_residual(layer)
    output = replay.base.site("attn_out" if adds else ATTENTION, layer)[:, replay.start :]

    def forward(*args: Any, **kwargs: Any) -> Any:
        hidden, *others = (one for one in (*args, *kwargs.values()) if isinstance(one, Tensor))
        frozen = output.repeat(hidden.shape[0] // replay.batch, 1, 1)
        return frozen + others[0] if adds else frozen, None

    return forward


def _is_for_attention_alone(replay: "Replay", layer: int, norm: torch.nn.Module) -> bool:
    """Whether a block without attention gives numbers also where the norm gives none.

    Looked for once for each norm, while its attention is covered. Blocks whose MLP reads the same
    norm (GPT-J), or that norm after attention (OPT-350m), need it.
    """
    if norm not in _for_attention_alone:
        nothing = StandIn(norm, lambda hidden, **_: torch.full_like(hidden, torch.nan))
        with STAND_INS.covering([nothing]):
            output = replay.block(layer, replay.residual(layer, 1))
        _for_attention_alone[norm] = not output.isnan().any()
    return _for_attention_alone[norm]
