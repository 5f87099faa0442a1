"""Attribution patching: every effect of a sweep estimated from one backward pass.

Source: Nanda 2023, "Attribution Patching"; both corrections are those of AtP* (Kramár et al. 2024,
arXiv 2403.00745).
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import resolve
from patchwidgets.engine.changes import Changes
from patchwidgets.engine.gradients import Key, Tapped
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.errors import PlanError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans.patch import Patch

WITHIN_BLOCK = ("q", "k", "v", "pattern", "z", "attn_out", "mlp_post", "mlp_out")
"""Sites whose whole effect passes through what their own block adds to the residual stream."""


def attribute(
    model: LensModel,
    runs: GroupRuns,
    patches: Sequence[Patch],
    prompts: slice,
    check: Callable[[], None],
    *,
    softmax_fix: bool = True,
    graddrop: bool = False,
) -> Float[np.ndarray, "metric patch batch"]:
    """Return the estimated effect of plain patches on some of a group's prompts.

    (source - base) times d metric / d activation at the base run, summed over the width and over
    the positions that a patch covers, from the first one on that can differ. The estimate of a
    joint patch is the sum of its parts, although a later part hides what an earlier one does
    through it.

    Differs from the paper: either direction of patching, so that base is the corrupted run when
    denoising; and estimates keep their sign per prompt (AtP* ranks by the mean absolute value).

    Args:
        model: The model, in `LensModel.differentiating`.
        runs: The group's runs, with `z` and the sites of the patches kept.
        patches: Plain patches.
        prompts: Which of the group's prompts.
        check: Called before every pass; raises to stop.
        softmax_fix: Follow a changed `q` or `k` through the softmax exactly and linearise from the
            head output on: a saturated softmax has almost no gradient (AtP*, "QK fix"). Other
            sites are not affected. Costs one more forward pass for `q`, and for `k` one for each
            set of positions that is patched together.
        graddrop: Return the size of the effect instead: the mean over blocks of the estimate's
            absolute value when no gradient passes through that block, so that direct and indirect
            effects cannot cancel (AtP*, "GradDrop"). Costs one more backward pass per block, and
            the sign.

    Returns:
        Patched minus base in the metrics' units; NaN for a metric without slope at the base run.

    Raises:
        PlanError: `graddrop` on a model of one block.
        MeasurementError: A hook did not fire.
    """
    spec = model.spec
    if graddrop and spec.n_layers < 2:
        raise PlanError(
            f"`graddrop=True` stops the gradient at one block at a time, and `{spec.name}` has "
            "only one, so no gradient would be left. Leave `graddrop` out."
        )
    changes = Changes(model, runs, prompts, check, softmax_fix=softmax_fix)
    cells = [
        resolve(index, patch.nodes, runs.group.roles, runs.first, runs.batch)
        for index, patch in enumerate(patches)
    ]
    shares = [[changes.share(write) for write in cell.writes] for cell in cells]
    gates = _gates(spec) if graddrop else []
    keys = sorted({*(key for key, _, _ in changes.differences), *gates})
    check()
    tapped = Tapped(model, runs, prompts, keys, dict.fromkeys(gates, torch.zeros_like))
    n_prompts = len(range(runs.batch)[prompts]) * runs.prompts // runs.batch
    estimates = np.full((len(runs.base_values), len(patches), n_prompts), np.nan)
    for metric in range(len(estimates)):
        if tapped.is_flat(metric):
            continue
        sums = np.zeros((len(patches), n_prompts))
        for slopes in _slopes(tapped, metric, keys, spec.n_layers if graddrop else 0, check):
            products = changes.products(slopes)
            once = np.array(
                [np.sum([one.of(products[one.change]) for one in each], axis=0) for each in shares]
            )
            once = runs.by_prompt(once)
            sums += np.abs(once) if graddrop else once
        estimates[metric] = sums / (spec.n_layers - 1) if graddrop else sums
    return estimates


def _gates(spec: ModelSpec) -> list[Key]:
    """Return the places through which all goes that a block adds to the residual stream."""
    sites = ("z", "mlp_out") if spec.d_mlp else ("z",)
    return [(site, layer) for site in sites for layer in range(spec.n_layers)]


def _slopes(
    tapped: Tapped, metric: int, keys: Sequence[Key], drops: int, check: Callable[[], None]
) -> Iterator[dict[Key, Tensor]]:
    """Yield the gradients at `keys`: once, or with each of the first `drops` blocks dropped."""
    for dropped in range(drops) if drops else [None]:
        check()
        tapped.shut = {key for key in keys if key[1] == dropped and key[0] in ("z", "mlp_out")}
        slopes = dict(zip(keys, tapped.slopes(metric, keys), strict=True))
        for site, layer in keys:
            if layer == dropped and site in WITHIN_BLOCK:
                slopes[site, layer] = torch.zeros_like(slopes[site, layer])
        yield slopes
