"""TransformerLens' norms without the scale and the normalized input they compute for hooks.

Where a norm's output is Hugging Face's own, TransformerLens computes the two besides, also when no
hook looks at them. Without them the output is the same to the last bit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from patchwidgets.models.bridge import LensModel
from patchwidgets.models.stand_ins import STAND_INS, Forward, StandIn


@contextmanager
def plain_norms(model: LensModel, layer: int) -> Iterator[None]:
    """Have the norms of a block compute their output only, in this thread, for the body."""
    norms = (norm for norm in model.native_norms(layer) if not STAND_INS.covers(norm))
    with STAND_INS.covering(StandIn(norm, _plain(norm)) for norm in norms):
        yield


def _plain(norm: Any) -> Forward:
    def forward(hidden: Tensor, **kwargs: Any) -> Tensor:
        if norm.hook_scale._forward_hooks or norm.hook_normalized._forward_hooks:
            return type(norm).forward(norm, hidden, **kwargs)
        given = norm.hook_in(hidden)
        return norm.hook_out(norm.original_component(given).to(given.dtype))

    return forward
