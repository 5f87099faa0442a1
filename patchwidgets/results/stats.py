"""Errors and intervals of means over prompts."""

from functools import lru_cache

import numpy as np

from patchwidgets.errors import PatchwidgetsError

_CELLS_AT_ONCE = 512  # times 2,000 resamples of 8 bytes: 8 MB

ONE_PROMPT = "With one prompt pair there is no spread over prompts to estimate an error from."


def standard_error(effect: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over the last axis (ddof 1); NaN for one prompt."""
    n = effect.shape[-1]
    if n < 2:
        return np.full(effect.shape[:-1], np.nan)
    return effect.std(axis=-1, ddof=1) / np.sqrt(n)


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
        effect: Cell by prompt.
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
