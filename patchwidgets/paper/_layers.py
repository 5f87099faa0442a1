"""Curves over layers: their early, middle and last parts, peaks, and sums over windows."""

from math import ceil

import numpy as np

from patchwidgets.paper._sheet import Means


def middle(n_layers: int, window: int = 1) -> slice:
    """Return the layers from a tenth to three quarters of the depth (6 to 35 of 48).

    The very first layers do much at any token, which is not what the paper's peak is about: a
    window with a layer of the first eighth in it is left out too.
    """
    first = max(ceil(n_layers / 10), early(n_layers).stop + window // 2)
    return slice(first, ceil(3 * n_layers / 4))


def early(n_layers: int) -> slice:
    """Return the first eighth of the layers, at least one (0 to 5 of 48)."""
    return slice(0, max(1, n_layers // 8))


def last(n_layers: int) -> slice:
    """Return the last tenth of the layers, at least one."""
    return slice(n_layers - max(1, n_layers // 10), n_layers)


def curve(means: Means, metric: str) -> np.ndarray:
    """Return the effect by layer as the paper reports it: logit difference normalized."""
    return means.normalized if metric == "logit_diff" else means.effect


def peak(curve: np.ndarray, window: int = 1) -> float:
    """Return the largest effect of the middle layers."""
    return float(curve[middle(len(curve), window)].max())


def summed(alone: np.ndarray, window: int) -> np.ndarray:
    """Return for every layer the sum over its window of what single layers do.

    Windows are those of the sweep: cut off at the ends, an even one with one layer more before.
    """
    first = np.arange(len(alone)) - window // 2
    starts, ends = first.clip(0), (first + window).clip(max=len(alone))
    return np.array([alone[start:end].sum() for start, end in zip(starts, ends, strict=True)])


def ratio(one: float, other: float) -> float:
    """Return one by the other; NaN where the other is not above 0, because nothing rose."""
    return one / other if other > 0 else float("nan")
