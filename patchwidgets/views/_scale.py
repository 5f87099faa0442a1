"""The colours of a map, the same as on the page (js/src/core/color.ts) in its light theme."""

from collections.abc import Sequence

import numpy as np

STOPS = ("2166ac", "4393c3", "92c5de", "d2e5f1", "f7f7f7", "fbdccb", "f4a582", "d6604d", "b2182b")
"""From the lowest to the highest value: ColorBrewer's RdBu, which readers with any common colour
blindness can tell apart."""

SIZES = ("f7f7f7", "bfa8dc", "7b52ab")
"""From no effect to the largest size, for estimates without a sign."""

BEYOND = ("053061", "67001f")
"""What lies below the lowest and above the highest value of a scale."""

NOISE = "d9d9d9"
"""What was measured and lies below what rounding alone does."""

SIGN_FROM = 0.2
"""From which share of the scale on a cell carries its sign."""

PALER = 0.3
"""How far towards the middle of the scale an estimate's colour is moved."""

CLIPPED_AT = 0.99
"""Which share of the cells a clipped scale reaches."""


def between(stops: Sequence[str], count: int) -> np.ndarray:
    """Return `count` colours from the first stop to the last, as red, green and blue to 255."""
    known = np.array([rgb(stop) for stop in stops])
    places = np.linspace(0, len(stops) - 1, count)
    return np.stack([np.interp(places, np.arange(len(stops)), one) for one in known.T], axis=1)


def paler(colors: np.ndarray) -> np.ndarray:
    """Return colours of estimates: closer to the middle of the scale."""
    return colors + PALER * (np.array(rgb(STOPS[len(STOPS) // 2])) - colors)


def rgb(color: str) -> list[float]:
    """Return red, green and blue to 255."""
    return [float(part) for part in bytes.fromhex(color)]


def clipped_limit(values: np.ndarray) -> float:
    """Return the end of a scale that the largest cells do not set.

    The size that 99 % of the cells do not pass, and at least the second largest; the largest where
    nothing lies between it and 0.
    """
    sizes = np.sort(np.abs(values[np.isfinite(values)]), axis=None)
    if not len(sizes):
        return 1.0
    at = min(len(sizes) - 2, int(CLIPPED_AT * (len(sizes) - 1)))
    above = sizes[max(0, at) :]
    return float(above[above > 0][0]) if above.any() else 1.0
