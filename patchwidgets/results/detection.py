"""Which nodes stand out from the rest of a map, by the paper's rule and by others."""

from dataclasses import dataclass
from math import ceil
from typing import Literal, get_args

import numpy as np

from patchwidgets.errors import MeasurementError, PatchwidgetsError
from patchwidgets.results.sign_flips import (
    Flips,
    Statistic,
    adjust_bh,
    draw_flips,
    flip_signs,
    refuse_test,
)
from patchwidgets.types import Unit

Bar = Literal["sd", "mad"]
"""Rules that compare cells with one another: far from the mean, or from the median."""

Testing = Literal["max_t", "bh"]
"""Rules that compare each cell with what flips of its own prompts' signs give."""

BARS: tuple[Bar, ...] = get_args(Bar)
TESTS: tuple[Testing, ...] = get_args(Testing)
RULES = (*BARS, *TESTS)

MAD_TO_SD = 1.482602218505602
"""SD of a normal distribution in units of its median absolute deviation."""


@dataclass(frozen=True)
class Tested:
    """What a rule that tests has found out about every cell it tested.

    Args:
        p_values: Node to p, corrected for the number of cells.
        uncorrected: Node to p of that cell by itself.
        alpha: Largest corrected p that counts as detected: the family-wise error (`max_t`) or the
            false discovery rate (`bh`) that is allowed.
        smallest_p: The smallest uncorrected p that can come out.
        n_prompts: Number of prompt pairs.
        n_flips: Number of sign patterns.
        exact: Whether these are all patterns there are.
        n_tested: Number of cells that were tested: measured ones, without those that are zero by
            identity, which are known to do nothing before anything is run.
        note: What the number of flips or prompts keeps from being detected; empty where nothing.
    """

    p_values: dict[str, float]
    uncorrected: dict[str, float]
    alpha: float
    smallest_p: float
    n_prompts: int
    n_flips: int
    exact: bool
    n_tested: int
    note: str


@dataclass(frozen=True)
class Detection:
    """The nodes whose effect stands out from a map.

    Numbers are mean effects towards the source run, in the metric's unit: positive when a patch
    moves the metric the way the whole source run does.

    Args:
        positive: Nodes beyond the upper threshold, strongest first.
        negative: Nodes beyond the lower threshold, strongest first.
        rule: `sd`, `mad`, `max_t` or `bh`.
        center: What the thresholds lie around: the mean over the cells (`sd`), their median
            (`mad`), or 0 for rules that test.
        spread: Standard deviation over the cells, or 1.4826 times their median absolute
            deviation; NaN for rules that test.
        threshold_low: At or below which a node is negative; NaN where no one threshold holds for
            all cells (`bh`, and `max_t` of t).
        threshold_high: At or above which a node is positive.
        unit: The metric's unit.
        n_cells: Number of cells the rule looked at.
        tested: The p values of rules that test.
        ddof: What is taken off the number of cells in the standard deviation; `None` for rules
            other than `sd`.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    rule: str
    center: float
    spread: float
    threshold_low: float
    threshold_high: float
    unit: Unit
    n_cells: int
    tested: Tested | None = None
    ddof: int | None = None

    def __str__(self) -> str:
        named = [", ".join(nodes) or "none" for nodes in (self.positive, self.negative)]
        bar = f"(ddof {self.ddof}) " if self.ddof else ""
        bar += f"among {self.n_cells} cells"
        if np.isfinite([self.threshold_low, self.threshold_high]).all():
            low, high = f"{self.threshold_low:.3g}", f"{self.threshold_high:.3g}"
            bar += f", at or beyond {low} and {high} ({self.unit})"
        note = "" if self.tested is None or not self.tested.note else f"\n{self.tested.note}"
        return f"positive: {named[0]}\nnegative: {named[1]}\nby `{self.rule}` {bar}{note}"

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Cells:
    """The measured cells of a map.

    Args:
        names: Written name of each cell.
        effect: Cell by prompt, positive towards the source run, without NaN.
        identity: Which cells are zero by identity.
        unit: Of the effects.
    """

    names: tuple[str, ...]
    effect: np.ndarray
    identity: np.ndarray
    unit: Unit

    def choose(self, cells: np.ndarray) -> "Cells":
        """Return some of the cells, by a mask."""
        names = tuple(name for name, chosen in zip(self.names, cells, strict=True) if chosen)
        return Cells(names, self.effect[cells], self.identity[cells], self.unit)


def detect_far(cells: Cells, rule: Bar = "sd", sd: float | int = 2, ddof: int = 0) -> Detection:
    """Return the nodes at least `sd` spreads from the center, each sign by itself.

    `sd` is relative to the spread of this map: of normally distributed noise it flags 4.6 % of
    the cells at 2 SD, and a few very large effects hide smaller ones. A cell that is zero by
    identity counts as 0. `mad` takes the median and the median absolute deviation, which a few
    large effects hardly move; it leaves out cells that are zero by identity, because where they
    are the most there is no spread.

    Source: Zhang & Nanda 2024, section 3: effects 2 SD away from the mean effect over all heads.
    Differs from the paper: it does not say which SD it uses; this is the one over all cells,
    divided by their number less `ddof`, which is 0 unless asked. `mad` is after Hampel 1974 and not
    in the paper.

    Raises:
        PatchwidgetsError: `sd` is not above 0, or `ddof` neither 0 nor 1.
        MeasurementError: `mad` of a map most of whose cells have one and the same effect, or a
            single cell with a `ddof` of 1.
    """
    if isinstance(sd, str) or not sd > 0:
        raise PatchwidgetsError(
            f"`sd` is {sd!r}, but it is how many spreads from the center is far, and must be above "
            "0. Leave it out for the paper's 2."
        )
    compared = cells.choose(~cells.identity) if rule == "mad" else cells
    _refuse_ddof(ddof, rule, len(compared.names))
    recorded = ddof if rule == "sd" else None
    if not compared.names:
        nothing = (np.nan, np.nan, np.nan, np.nan)
        return Detection((), (), rule, *nothing, cells.unit, 0, ddof=recorded)
    means = compared.effect.mean(axis=1)
    center, spread = (float(number[0]) for number in bars(means[None], rule, ddof))
    if rule == "mad" and spread == 0 and (means != means[0]).any():
        raise MeasurementError(
            "More than half of the measured cells have the same effect, so that their median "
            "absolute deviation is 0 and every other cell would be infinitely far. Use "
            "`rule='sd'`, or `rule='max_t'`, which compares no cell with the others."
        )
    low, high = center - sd * spread, center + sd * spread
    positive, negative = beyond(means[None], rule, sd, ddof)
    return Detection(
        positive=_named(compared, means - center, positive[0]),
        negative=_named(compared, means - center, negative[0]),
        rule=rule,
        center=center,
        spread=spread,
        threshold_low=low,
        threshold_high=high,
        unit=cells.unit,
        n_cells=len(means),
        ddof=recorded,
    )


def bars(means: np.ndarray, rule: Bar, ddof: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return center and spread over the cells (last axis), for every row."""
    if rule == "sd":
        return means.mean(axis=-1), means.std(axis=-1, ddof=ddof)
    center = np.median(means, axis=-1)
    return center, MAD_TO_SD * np.median(np.abs(means - center[..., None]), axis=-1)


def beyond(
    means: np.ndarray, rule: Bar, sd: float | int, ddof: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells (last axis) are far above and far below the center, for every row."""
    center, spread = (number[..., None] for number in bars(means, rule, ddof))
    strays = spread > 0
    return strays & (means >= center + sd * spread), strays & (means <= center - sd * spread)


def detect_tested(
    cells: Cells,
    rule: Testing,
    *,
    alpha: float = 0.05,
    flips: int = 10_000,
    seed: int = 0,
    statistic: Statistic = "mean",
) -> Detection:
    """Return the nodes whose mean effect is larger than sign flips of the prompts explain.

    The hypothesis of each cell is that patching it does nothing on average: that on every prompt
    an effect of x is as likely as one of -x. `max_t` keeps the chance of even one false detection
    in the map below `alpha`, `bh` the expected share of false ones among the detected. Where
    effects are skewed, `bh` and the `t` of `max_t` detect too much; the `mean` of `max_t` does not.

    A cell that is zero by identity is never detected and does not count among the cells.

    Source: see `flip_signs` and `adjust_bh`. Not in the paper, whose rule tests nothing.

    Raises:
        PatchwidgetsError: `alpha` is not a share, or there are no flips.
        MeasurementError: There are too few prompts or flips to detect anything.
    """
    family = cells.choose(~cells.identity)
    refuse_test(cells.effect.shape[1], alpha, flips)
    drawn = draw_flips(cells.effect.shape[1], flips, seed)
    flipped = flip_signs(family.effect, drawn, statistic)
    corrected = flipped.p_max if rule == "max_t" else adjust_bh(flipped.p)
    means = family.effect.mean(axis=1)
    detected = corrected <= alpha
    threshold = np.nan
    if rule == "max_t" and statistic == "mean" and len(family.names):
        threshold = _last_bar(family.effect, detected, drawn, alpha)
    tested = Tested(
        p_values=dict(zip(family.names, corrected.tolist(), strict=True)),
        uncorrected=dict(zip(family.names, flipped.p.tolist(), strict=True)),
        alpha=alpha,
        smallest_p=drawn.smallest_p,
        n_prompts=cells.effect.shape[1],
        n_flips=len(drawn.signs),
        exact=drawn.exact,
        n_tested=len(family.names),
        note=_out_of_reach(drawn, alpha, len(family.names)) if rule == "bh" else "",
    )
    return Detection(
        positive=_named(family, means, detected & (means > 0)),
        negative=_named(family, means, detected & (means < 0)),
        rule=rule,
        center=0.0,
        spread=np.nan,
        threshold_low=-threshold,
        threshold_high=threshold,
        unit=cells.unit,
        n_cells=len(family.names),
        tested=tested,
    )


def _refuse_ddof(ddof: int, rule: Bar, n_cells: int) -> None:
    if ddof not in (0, 1):
        raise PatchwidgetsError(
            f"`ddof` is {ddof!r}, but it is what is taken off the number of cells in the standard "
            "deviation: 0 or 1. Leave it out for 0."
        )
    if rule == "sd" and ddof and n_cells == 1:
        raise MeasurementError(
            "With one measured cell and `ddof=1` there is no standard deviation. Leave `ddof` out, "
            "or measure more cells."
        )


def _named(cells: Cells, distance: np.ndarray, chosen: np.ndarray) -> tuple[str, ...]:
    order = np.argsort(-np.abs(distance), kind="stable")
    return tuple(cells.names[cell] for cell in order if chosen[cell])


def _last_bar(effect: np.ndarray, detected: np.ndarray, flips: Flips, alpha: float) -> float:
    """Return the size that is too much for the cells left over once no more are detected.

    Where all are detected, it is that of the weakest.
    """
    left = ~detected
    if detected.all():
        left = np.arange(len(effect)) == np.abs(effect.mean(axis=1)).argmin()
    return flip_signs(effect[left], flips).critical(alpha)


def _out_of_reach(flips: Flips, alpha: float, n_cells: int) -> str:
    """Say how many cells must reach the smallest p before any is detected; nothing for one."""
    needed = ceil(flips.smallest_p * n_cells / alpha - 1e-9)
    if needed <= 1:
        return ""
    more = "More prompt pairs give" if flips.exact else f"`flips={ceil(n_cells / alpha)}` gives"
    return (
        f"The smallest p that can come out is {flips.smallest_p:.3g}. Of {n_cells} cells at least "
        f"{needed} must reach it before `bh` detects any. {more} a smaller one."
    )
