"""Sign-flip tests of mean effects: how large an effect is by chance, one cell or a whole map."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, floor, log2
from typing import Literal, get_args

import numpy as np

from patchwidgets.errors import MeasurementError, PatchwidgetsError

Statistic = Literal["mean", "t"]
"""What the largest of a map is taken of: the mean effect in the metric's unit, or the mean effect
in its own standard errors."""

STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

_NUMBERS_AT_ONCE = 500_000  # 4 MB of float64 stay in a processor's cache
_TIED = 1e-12
"""Sums that differ by less than this share of their terms are one sum in another order."""


@dataclass(frozen=True, eq=False)
class Flips:
    """Sign patterns over prompts; their negatives belong to the same two-sided test.

    Args:
        signs: Flip by prompt, 1 or -1.
        exact: Whether these are all patterns there are, rather than drawn ones.
    """

    signs: np.ndarray
    exact: bool

    @property
    def smallest_p(self) -> float:
        """The smallest p that any effect can get from these flips."""
        return float(self.share(np.array([1 if self.exact else 0]))[0])

    def share(self, at_least: np.ndarray) -> np.ndarray:
        """Return p from the number of flips that did at least as much as what was measured.

        All patterns include the one that was measured. Of drawn patterns one more is counted, the
        measured one, without which p could be 0.

        Source: Phipson & Smyth 2010, "Permutation p-values should never be zero".
        """
        if self.exact:
            return at_least / len(self.signs)
        return (at_least + 1) / (len(self.signs) + 1)

    def spare(self, alpha: float) -> int:
        """Return how many flips may do at least as much where p is to be `alpha` or less."""
        if self.exact:
            return floor(alpha * len(self.signs) + _TIED)
        return floor(alpha * (len(self.signs) + 1) + _TIED) - 1


def n_flips(n_prompts: int, flips: int = 10_000) -> int:
    """Return how many sign patterns are made of so many prompts: all there are, or `flips`."""
    return 2 ** (n_prompts - 1) if n_prompts - 1 <= log2(flips) else flips


@lru_cache(maxsize=4)
def draw_flips(n_prompts: int, flips: int = 10_000, seed: int = 0) -> Flips:
    """Return all sign patterns where there are at most `flips` of them, else as many drawn ones.

    Of each pattern and its negative one is enough: n prompts have 2 to the power n - 1.
    """
    if n_prompts - 1 <= log2(flips):
        bits = np.arange(2 ** (n_prompts - 1))[:, None] >> np.arange(n_prompts) & 1
        signs, exact = 1 - 2 * bits, True
    else:
        random = np.random.default_rng(seed)
        signs, exact = 1 - 2 * random.integers(0, 2, size=(flips, n_prompts)), False
    signs = signs.astype(np.int8)
    signs.flags.writeable = False
    return Flips(signs, exact)


@dataclass(frozen=True, eq=False)
class FlippedMap:
    """What sign flips make of the effects of a map.

    Args:
        flips: The sign patterns.
        observed: Size of the statistic of each cell.
        at_least: Per cell, how many flips did at least as much in this cell.
        weaker: Per cell, how many flips did at least as much in this cell or a weaker one.
        maxima: Per flip, the largest size in the map, sorted.
    """

    flips: Flips
    observed: np.ndarray
    at_least: np.ndarray
    weaker: np.ndarray
    maxima: np.ndarray

    @cached_property
    def p(self) -> np.ndarray:
        """The p value of each cell by itself, from 0 to 1."""
        return self.flips.share(self.at_least)

    @cached_property
    def p_max(self) -> np.ndarray:
        """The p value of each cell against the largest of the map: holds for all cells at once.

        Stepping down: the strongest cell against all cells, the next against all but the strongest,
        and none smaller than that of a stronger cell. Without this the large effects of a few cells
        would be part of what chance is said to do, and would hide the others.
        """
        order = np.argsort(-self.observed, kind="stable")
        p = np.empty(len(order))
        p[order] = np.maximum.accumulate(self.flips.share(self.weaker)[order])
        return p

    def critical(self, alpha: float) -> float:
        """Return the size that the largest of the map is above with a chance of `alpha` or less."""
        return float(self.maxima[-1 - self.flips.spare(alpha)])


def flip_signs(effect: np.ndarray, flips: Flips, statistic: Statistic = "mean") -> FlippedMap:
    """Flip the signs of whole prompts, so that cells keep how they go together.

    Differs from the usual max-T: the statistic is the mean effect unless `t` is asked for. Both
    assume that, where a patch does nothing, a prompt's effect is as likely x as -x. Where effects
    are skewed the maximum of t breaks its promise and the maximum of the mean nearly keeps it
    (`python -m tests.null`). The t of a cell that is always just above 0 is also very large,
    however small its effect.

    Source: Westfall & Young 1993, algorithm 2.8 (step-down largest statistic); Nichols & Holmes
    2002 (the same over maps of the brain); Romano & Wolf 2005 on why it holds for any statistic.

    Args:
        effect: Cell by prompt, without NaN; cells of zeros get p = 1.
        flips: Sign patterns of as many prompts.
        statistic: `mean` or `t`.
    """
    n = effect.shape[1]
    scale = np.full(len(effect), float(n))
    if statistic == "t":
        # Sorted as |t| is: flips leave the sum of squares alone, and t rises with mean / rms.
        scale = np.sqrt(n * (effect**2).sum(axis=1))
        scale[scale == 0] = 1.0
    parts = effect / scale[:, None]
    observed = np.abs(parts.sum(axis=1))
    order = np.argsort(-observed, kind="stable")[::-1]
    parts, bar = parts[order], (observed - _TIED * np.abs(parts).sum(axis=1))[order]
    at_least, weaker = np.zeros((2, len(effect)), dtype=np.int64)
    maxima = np.zeros(len(flips.signs))
    step = max(1, _NUMBERS_AT_ONCE // max(1, len(effect)))
    for start in range(0, len(maxima), step):
        block = slice(start, start + step)
        drawn = flips.signs[block].astype(np.float64) @ parts.T
        np.abs(drawn, out=drawn)
        at_least[order] += np.count_nonzero(drawn >= bar, axis=0)
        np.maximum.accumulate(drawn, axis=1, out=drawn)
        weaker[order] += np.count_nonzero(drawn >= bar, axis=0)
        maxima[block] = drawn[:, -1] if len(effect) else 0.0
    return FlippedMap(flips, observed, at_least, weaker, np.sort(maxima))


def adjust_bh(p: np.ndarray) -> np.ndarray:
    """Return p values adjusted for the false discovery rate, in the same order.

    Cells whose adjusted p is at most q hold, on average, a share of at most q that do nothing,
    where cells are independent or rise and fall together.

    Source: Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001 on cells that depend.
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def refuse_test(n_prompts: int, alpha: float, flips: int) -> None:
    """Raise where sign flips of so many prompts cannot detect anything.

    Raises:
        PatchwidgetsError: `alpha` is not a share, or there are no flips.
        MeasurementError: Even the smallest p that can come out is above `alpha`.
    """
    if not 0 < alpha < 1:
        raise PatchwidgetsError(
            f"`alpha` is {alpha!r}, but it is the largest p that counts as detected and lies "
            "between 0 and 1. Write 5 % as `alpha=0.05`."
        )
    if flips < 1:
        raise PatchwidgetsError(
            f"`flips` is {flips!r}, but p is counted over flips of the prompts' signs and needs at "
            "least one. Leave it out for 10,000."
        )
    floor_of_n = 2.0 ** (1 - n_prompts)
    if floor_of_n > alpha:
        raise MeasurementError(
            f"With {n_prompts} prompt pairs the smallest p of a sign-flip test is "
            f"{floor_of_n:.3g}, above `alpha` = {alpha:g}, so that no effect could be detected "
            f"however large. Use at least {ceil(1 - log2(alpha))} prompt pairs, or `rule='sd'`, "
            "which tests nothing."
        )
    smallest = 1 / (flips + 1)
    if n_prompts - 1 > log2(flips) and smallest > alpha:
        raise MeasurementError(
            f"With {flips} flips the smallest p that can come out is {smallest:.3g}, above "
            f"`alpha` = {alpha:g}, so that no effect could be detected however large. Leave "
            "`flips` out for 10,000."
        )
