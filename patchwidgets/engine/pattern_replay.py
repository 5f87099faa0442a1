"""Attention patterns by replaying blocks: only those between a patch and the heads it is about."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell, Write, resolve
from patchwidgets.engine.path_blocks import Hooks, call, call_until
from patchwidgets.engine.path_forms import landings_of
from patchwidgets.engine.path_landing import Landing, overwriting
from patchwidgets.engine.path_routes import routes_of
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.wave import write_all
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.plans.plan import Plan


def replayed(
    model: LensModel, run: Record, rows: slice, reading: Hooks, layers: Sequence[int]
) -> None:
    """Let hooks look at the blocks of an unpatched run, on some of its rows.

    Args:
        model: The model.
        run: The run.
        rows: Which of its rows.
        reading: One hook for each of `layers`, which only look.
        layers: Blocks.
    """
    replay = Replay(model, _some(run, rows), 0)
    for layer in dict.fromkeys(layers):
        here = [hook for hook, at in zip(reading, layers, strict=True) if at == layer]
        call_until(replay, layer, replay.residual(layer, 1), here)


def replayed_under(
    model: LensModel,
    runs: GroupRuns,
    under: Plan,
    rows: slice,
    reading: Hooks,
    layers: Sequence[int],
) -> None:
    """The same of the run under a plan of one patch."""
    (patch,) = under.patches
    base, source = _some(runs.base, rows), _some(runs.source, rows)
    roles = {role: at[rows] for role, at in runs.group.roles.items()}
    replay, batch = Replay(model, base, 0), len(base.tokens)
    nodes = patch.nodes if patch.path is None else (patch.path.sender,)
    cell = replace(resolve(0, nodes, roles, runs.first, batch), start=0)
    landing = None
    first = cell.entry
    if patch.path is not None:
        assert under.form is not None
        routes = routes_of(under, [cell], roles, batch, model.spec.n_layers)
        (landing,) = landings_of(under.form, replay, source, routes, lambda: None)
        first = landing.first
    stream = replay.residual(min([first, *layers]), 1)
    for layer in range(min([first, *layers]), max(layers) + 1):
        stream, hooks = _changed(replay, source, cell, landing, layer, stream)
        here = [hook for hook, at in zip(reading, layers, strict=True) if at == layer]
        if layer == max(layers):
            call_until(replay, layer, stream, [*hooks, *here])
        else:
            stream = call(replay, layer, stream, [*hooks, *here])


def _some(run: Record, rows: slice) -> Record:
    """Return the record of some rows; noise is in what was recorded already."""
    chosen = torch.arange(len(run.tokens))[rows]
    return replace(run.repeated(chosen), noise=None)


def _changed(
    replay: Replay,
    source: Record,
    cell: Cell,
    landing: Landing | None,
    layer: int,
    stream: Float[Tensor, "rows suffix d_model"],
) -> tuple[Tensor, Hooks]:
    """Return the stream before a block under the patch, and hooks that change what is inside."""
    if landing is not None:
        return overwriting(replay, [landing], layer, stream)
    inside = [write for write in cell.writes if write.layer == layer]
    before = [(0, write) for write in inside if write.site == "resid_pre"]
    write_all(stream, replay, source, before)
    hooks: Hooks = []
    for write in inside:
        if write.site != "resid_pre":
            name = SITES.get(write.site).hook.format(layer=layer)
            hooks.append((name, _writer(replay, source, write)))
    return stream, hooks


def _writer(replay: Replay, source: Record, write: Write) -> Hook:
    return lambda activation: write_all(activation, replay, source, [(0, write)])
