"""Path patching, forms `direct` and `pinned_all`: a change is added at the receiver's own input.

Both leave MLPs and heads between sender and receiver as they are. `direct` keeps everything else
live, so that one receiver's change reaches another that comes after it; `pinned_all` takes every
receiver's input from the base run. For a single receiver they are the same.

Source: `direct` is the edge of Goldowsky-Dill et al. 2023 (arXiv 2304.05969) and of
`transformer_lens.patching.get_act_patch_direct_path`; `pinned_all` is Wang et al. 2022, appendix B,
with MLPs frozen too. Differs from TransformerLens: norms are recomputed, not taken from a run; on
BLOOM its numbers are others, and ours are those whose edges together are the plain patch.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.path_blocks import call, held_mlp, writing
from patchwidgets.engine.path_legs import Leg
from patchwidgets.engine.path_receivers import Arrived, Receiver
from patchwidgets.engine.path_wave import read, read_by_mlp
from patchwidgets.engine.replay import Replay


def contributions(
    replay: Replay, leg: Leg, check: Callable[[], None]
) -> Float[Tensor, "rows suffix d_model"]:
    """Return what each change adds to the residual stream at its own block, as the model writes it.

    Measured on the stream itself, after norms and factors on what attention and MLP write.
    """
    parts = []
    for layer in leg.layers:
        check()
        before = leg.before(layer)
        parts.append(before - replay.residual(layer, len(before) // replay.batch))
        cells, hooks = leg.in_attention(layer)
        if cells:
            hooks = [*hooks, *held_mlp(replay, layer)]
            after = call(replay, layer, replay.residual(layer, cells), hooks)
            parts.append(after - replay.residual(layer + 1, cells))
        cells, hooks = leg.at_mlp(layer, 0)
        if cells:
            after = call(replay, layer, replay.residual(layer, cells), hooks, frozen=True)
            parts.append(after - replay.residual(layer + 1, cells))
    return torch.cat([part.to(parts[0].device) for part in parts])


def added(
    replay: Replay, leg: Leg, receivers: Sequence[Receiver], check: Callable[[], None]
) -> Arrived:
    """Return what receivers are let know when every change is added to the base run's stream.

    Args:
        replay: The blocks, and the base run.
        leg: Who changes what.
        receivers: Who is let know.
        check: Called before every block; raises to stop.
    """
    change = contributions(replay, leg, check)
    arrived: Arrived = {}
    together: dict[tuple[int, int, bool], list[Receiver]] = {}
    for one in receivers:
        place = one.layer, leg.reaching(one), one.site == "mlp_in"
        together.setdefault(place, []).append(one)
    for (layer, rows, by_mlp), some in together.items():
        check()
        if rows:
            stream = replay.residual(layer, rows // replay.batch)
            stream = stream + change[:rows].to(stream.device)
            arrived |= (read_by_mlp if by_mlp else read)(replay, layer, stream, some)
    return arrived


class AddedLive:
    """What receivers are let know when every change is added to the live stream, block by block.

    Args:
        replay: The blocks, and the base run.
        leg: Who changes what.
        receivers: Who is let know.
        check: Called before every block; raises to stop.
    """

    def __init__(
        self, replay: Replay, leg: Leg, receivers: Sequence[Receiver], check: Callable[[], None]
    ) -> None:
        self._replay = replay
        self._leg = leg
        self._receivers = receivers
        self._change = contributions(replay, leg, check)

    def __call__(self, layer: int, live: Float[Tensor, "rows suffix d_model"]) -> Arrived:
        """Return what receivers of one block are let know, given the live stream before it."""
        arrived: Arrived = {}
        here = [one for one in self._receivers if one.layer == layer and self._leg.reaching(one)]
        mlps = [one for one in here if one.site == "mlp_in"]
        for one in here:
            if one not in mlps:
                rows = self._leg.reaching(one)
                stream = live[:rows] + self._change[:rows].to(live.device)
                arrived |= read(self._replay, layer, stream, [one])
        if mlps:
            rows = self._leg.reaching(mlps[0])
            stream = self._with_live_attention(layer, live[:rows], arrived)
            stream = stream + self._change[:rows].to(stream.device)
            arrived |= read_by_mlp(self._replay, layer, stream, mlps)
        return arrived

    def _with_live_attention(self, layer: int, live: Tensor, arrived: Arrived) -> Tensor:
        """Return the stream that becomes the live one when base attention is added to it."""
        replay, cells = self._replay, len(live) // self._replay.batch
        if replay.model.spec.parallel:
            return live
        hooks = [*writing(replay, arrived), *held_mlp(replay, layer)]
        moved = call(replay, layer, live, hooks) - replay.residual(layer + 1, cells)
        return replay.residual(layer, cells).to(moved.device) + moved
