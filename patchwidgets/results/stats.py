"""Errors and intervals of means over prompts."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from patchwidgets.errors import PatchwidgetsError

_CELLS_AT_ONCE = 512  # times 2,000 resamples of 8 bytes: 8 MB

ONE_PROMPT = "With one prompt pair there is no spread over prompts to estimate an error from."


def mean(per_prompt: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of the numbers that are there; NaN where none is.

    A number that is not there is NaN: of a prompt that lacks a bucket of positions.
    """
    there = ~np.isnan(per_prompt)
    if there.all():
        return per_prompt.mean(axis=-1)
    total, count = np.where(there, per_prompt, 0.0).sum(axis=-1), there.sum(axis=-1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def patterns(there: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield which cells have numbers on the same prompts, and on which; one pattern at a time.

    Args:
        there: Cell by prompt: whether there is a number. Cells without any are left out.
    """
    for pattern in np.unique(there, axis=0):
        if pattern.any():
            yield (there == pattern).all(axis=1), pattern


def filled(per_prompt: np.ndarray) -> np.ndarray:
    """Return numbers without NaN that have the same means over the last axis.

    A prompt without a number gets 0, and the numbers of the others weigh as much more as makes up
    for it. All NaN stays all NaN.
    """
    there = ~np.isnan(per_prompt)
    if there.all():
        return per_prompt
    count = there.sum(axis=-1, keepdims=True)
    weight = np.divide(
        per_prompt.shape[-1], count, out=np.full(count.shape, np.nan), where=count > 0
    )
    return np.where(there, per_prompt, 0.0) * weight


def standard_error(effect: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over the last axis (ddof 1); NaN for one prompt.

    Prompts whose effect is NaN do not count.
    """
    there = ~np.isnan(effect)
    n = there.sum(axis=-1)
    if there.all() and effect.shape[-1] > 1:
        return effect.std(axis=-1, ddof=1) / np.sqrt(effect.shape[-1])
    squares = np.where(there, effect - mean(effect)[..., None], 0.0) ** 2
    freedom = np.where(n > 1, n * (n - 1.0), np.nan)
    return np.sqrt(squares.sum(axis=-1) / freedom)


def bootstrap_interval(
    effect: np.ndarray,
    gap: np.ndarray | None = None,
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Return percentile bootstrap intervals of the mean effect, or of the ratio of means.

    Whole prompts are drawn with replacement: a prompt brings its effect and its gap along, and
    all cells see the same draws. Prompts are first put in the order of their gaps, so that their
    order in the study does not matter. The percentile bootstrap is known to be too narrow for
    fewer than about 20 prompts.

    Args:
        effect: Cell by prompt; prompts whose effect is NaN are left out, with their gap.
        gap: Per prompt; `None` for the interval of the mean effect itself.
        confidence: Share of resamples inside the interval, between 0 and 1.
        n_resamples: How often the prompts are redrawn.
        seed: Of the draws.

    Returns:
        Cell by (low, high); NaN for one prompt.

    Raises:
        PatchwidgetsError: `confidence` is not a share, or there are no resamples.
    """
    _check(confidence, n_resamples)
    n = effect.shape[-1]
    intervals = np.full((len(effect), 2), np.nan)
    if n < 2:
        return intervals
    there = ~np.isnan(effect)
    if not there.all():
        asked = {"confidence": confidence, "n_resamples": n_resamples, "seed": seed}
        for cells, pattern in patterns(there):
            own = None if gap is None else gap[pattern]
            intervals[cells] = bootstrap_interval(effect[cells][:, pattern], own, **asked)
        return intervals
    weights = bootstrap_weights(n, n_resamples, seed)
    denominator = np.ones(n_resamples)
    if gap is not None:
        order = np.argsort(gap, kind="stable")
        effect = effect[:, order]
        denominator = weights @ gap[order]
    drawn = denominator != 0  # a resample whose gaps cancel has no ratio
    if not drawn.any():
        return intervals
    weights = weights[drawn] / denominator[drawn, None]
    bounds = [(1 - confidence) / 2, (1 + confidence) / 2]
    for start in range(0, len(effect), _CELLS_AT_ONCE):
        cells = slice(start, start + _CELLS_AT_ONCE)
        intervals[cells] = np.quantile(effect[cells] @ weights.T, bounds, axis=1).T
    return intervals


@lru_cache(maxsize=4)
def bootstrap_weights(n_prompts: int, n_resamples: int, seed: int) -> np.ndarray:
    """Return resample by prompt: the share of the draws that fell on each prompt."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(n_prompts, np.full(n_prompts, 1 / n_prompts), size=n_resamples)
    weights = drawn / n_prompts
    weights.flags.writeable = False
    return weights


def _check(confidence: float, n_resamples: int) -> None:
    if not 0 < confidence < 1:
        raise PatchwidgetsError(
            f"`confidence` is {confidence!r}, but it is the share of resamples inside the interval "
            "and lies between 0 and 1. Write 95 % as `confidence=0.95`."
        )
    if n_resamples < 1:
        raise PatchwidgetsError(
            f"`n_resamples` is {n_resamples!r}, but an interval is read off resamples of the "
            "prompts and needs at least one. Leave it out for 2,000."
        )
