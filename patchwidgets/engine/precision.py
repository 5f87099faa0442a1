"""How far rounding alone moves a metric: what lies below is not told apart from nothing."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.wave import advance
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import Record

DEPTHS = 4
"""Blocks, spread over the model, at which cells that patch nothing enter."""

DRAWS = 8
"""Random roundings of the logits."""


def noise_floor(
    model: LensModel, groups: Sequence[GroupRuns], check: Callable[[], None], *, fast: bool
) -> Float[np.ndarray, " metric"]:
    """Return for every metric the largest change on one prompt that rounding made.

    Two things are measured, on every group in half precision and on one group otherwise, and the
    larger kept. Cells that patch nothing, entering at several depths, against the base run: the
    same arithmetic in another order. The metric of either run when each of its logits is off by up
    to half a step of the model's dtype at its size: the model itself knows them no better. Of both
    runs, as patched ones lie between them: a divergence from the base run is flat at that run, and
    much noisier where patches take it.

    A mean over prompts is known better than this, and an effect of a long chain of patches may be
    known worse.

    Args:
        model: The model.
        groups: The unpatched runs.
        check: Called before every block; raises to stop.
        fast: Whether blocks may be replayed.
    """
    half = model.dtype.itemsize < 4
    floors = []
    for runs in groups if half else groups[:1]:
        floors.append(_of_rounded_logits(model, runs))
        if fast:
            floors.append(_of_patching_nothing(model, runs, check))
    return np.max(floors, axis=0)


def _of_rounded_logits(model: LensModel, runs: GroupRuns) -> Float[np.ndarray, " metric"]:
    ends = (runs.base, runs.base_values), (runs.other, runs.source_values)
    return np.max([_of_rounded(model, runs, run, values) for run, values in ends], axis=0)


def _of_rounded(
    model: LensModel, runs: GroupRuns, run: Record, values: Float[np.ndarray, "metric batch"]
) -> Float[np.ndarray, " metric"]:
    logits = run.logits.repeat(DRAWS, 1)
    chance = torch.rand(logits.shape, generator=torch.Generator().manual_seed(0))
    step = torch.finfo(model.dtype).eps * logits.abs()
    moved = runs.reader.of_logits(logits + (chance.to(logits.device) - 0.5) * step)
    return _largest(moved, values)


def _of_patching_nothing(
    model: LensModel, runs: GroupRuns, check: Callable[[], None]
) -> Float[np.ndarray, " metric"]:
    n_layers, start = model.spec.n_layers, runs.group.first_difference
    entries = [depth * n_layers // DEPTHS for depth in range(DEPTHS)]
    cells = [Cell(patch=0, writes=(), entry=entry, start=start) for entry in entries]
    end = advance(Replay(model, runs.base, start), runs.base, cells, check)
    return _largest(runs.reader.of_residual(end), runs.base_values)


def _largest(
    found: Float[np.ndarray, "metric rows"], values: Float[np.ndarray, "metric batch"]
) -> Float[np.ndarray, " metric"]:
    by_cell = found.reshape(len(found), -1, values.shape[1])
    return np.abs(by_cell - values[:, None]).max(axis=(1, 2))
