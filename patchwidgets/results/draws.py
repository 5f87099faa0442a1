"""Draws of noise or of corrupted prompts: results averaged over them, and what depends on them."""

from typing import Any

import numpy as np
import xarray as xr

from patchwidgets.errors import MeasurementError
from patchwidgets.plans.plan import Plan, PlanMap
from patchwidgets.results import stats
from patchwidgets.results.labels import label_cells
from patchwidgets.results.measured import NOT_MEASURED, Baseline


def by_pair(per_row: np.ndarray, draws: int) -> np.ndarray:
    """Return numbers per row with the rows of a pair, one per draw, on an axis of their own.

    Args:
        per_row: Rows run along the last axis; the draws of a pair are next to each other.
        draws: Rows of every pair.
    """
    return per_row.reshape(*per_row.shape[:-1], -1, draws)


def over_draws(per_row: np.ndarray, draws: int) -> np.ndarray:
    """Return the mean over the draws of every pair; the same numbers where there is one draw."""
    return per_row if draws == 1 else by_pair(per_row, draws).mean(axis=-1)


def mean_baseline(baseline: Baseline, draws: int) -> Baseline:
    """Return both unpatched runs averaged over draws."""
    return Baseline(over_draws(baseline.clean, draws), over_draws(baseline.corrupted, draws))


def require_draws(draws: int) -> None:
    """Check that there is a spread over draws.

    Raises:
        MeasurementError: Every prompt pair was corrupted once.
    """
    if draws < 2:
        raise MeasurementError(
            "Every prompt pair of this result was corrupted once, so there is no spread over "
            "draws. Noise is drawn several times with `pw.Study(..., "
            "corruption='gaussian_noise')`, ten times by default, and the words that replace "
            "others with `corruption=TokenReplacement(draws=10)`."
        )


def variances(effect: np.ndarray) -> dict[str, np.ndarray]:
    """Return how an effect varies over the draws of a pair, and over pairs.

    Analysis of variance with pairs as random groups: what the means of pairs vary by is the
    variance between pairs and a share of that between draws, which is taken off.

    Args:
        effect: Cell by pair by draw; at least two draws.

    Returns:
        Per cell: `sd_draws`, the standard deviation over the draws of one pair; `sd_pairs`, that
        over pairs with endless draws, 0 where the estimate is below 0, and NaN for one pair;
        `share_draws`, the part of the variance of a single draw's effect that is due to the draw
        (NaN where nothing varies); `stderr_draws`, the part of the standard error of the mean
        effect that more draws of the same pairs would remove.
    """
    pairs, draws = effect.shape[-2:]
    within = effect.var(axis=-1, ddof=1).mean(axis=-1)
    between = np.full_like(within, np.nan)
    if pairs > 1:
        between = np.maximum(effect.mean(axis=-1).var(axis=-1, ddof=1) - within / draws, 0)
    both = within + between
    return {
        "sd_draws": np.sqrt(within),
        "sd_pairs": np.sqrt(between),
        "share_draws": np.divide(within, both, out=np.full_like(both, np.nan), where=both > 0),
        "stderr_draws": np.sqrt(within / (pairs * draws)),
    }


def _variances_of_some(effect: np.ndarray) -> dict[str, np.ndarray]:
    """Return the same, each cell over the pairs that have numbers in it; NaN where none has."""
    found: dict[str, np.ndarray] = {}
    for cells, pattern in stats.patterns(~np.isnan(effect.mean(axis=-1))):
        for name, numbers in variances(effect[cells][:, pattern]).items():
            found.setdefault(name, np.full(len(effect), np.nan))[cells] = numbers
    return found


def labelled_draws(
    plan: Plan,
    plan_map: PlanMap,
    effect: np.ndarray,
    status: np.ndarray,
    attrs: dict[str, Any],
) -> xr.DataArray:
    """Return the mean effect over pairs of each draw: the map's axes, then `draw`.

    Args:
        plan: The patches.
        plan_map: On whose axes they are laid.
        effect: Patch by pair by draw.
        status: Per patch, as in `Snapshot`.
        attrs: What the numbers mean.
    """
    means = stats.mean(np.moveaxis(effect, -2, -1))
    means = np.where(status[:, None] == NOT_MEASURED, np.nan, means)
    draws = {"draw": np.arange(effect.shape[-1])}
    return label_cells(plan, plan_map, means, status, name="by_draw", attrs=attrs, extra=draws)


def labelled_spread(
    plan: Plan,
    plan_map: PlanMap,
    effect: np.ndarray,
    status: np.ndarray,
    attrs: dict[str, Any],
) -> xr.Dataset:
    """Return `effect` and everything in `variances`, each on the map's axes.

    Args:
        plan: The patches.
        plan_map: On whose axes they are laid.
        effect: Patch by pair by draw.
        status: Per patch, as in `Snapshot`.
        attrs: What the effects mean.
    """
    numbers = {"effect": stats.mean(effect.mean(axis=-1))} | _variances_of_some(effect)
    arrays: dict[str, xr.DataArray] = {}
    for name, per_patch in numbers.items():
        complete = np.where(status == NOT_MEASURED, np.nan, per_patch)
        about = attrs | ({"unit": "1"} if name == "share_draws" else {})
        arrays[name] = label_cells(plan, plan_map, complete, status, name=name, attrs=about)
    pairs, draws = effect.shape[-2:]
    return xr.Dataset(arrays, attrs=attrs | {"pairs": pairs, "draws": draws})
