"""`python -m tests.null`: how often the rules that test are wrong, and what they find.

Simulated maps of 270 cells (30 layers x 9 heads) and 32 prompt pairs. Effects of one cell differ
between prompts; cells share part of that (five factors, half of the variance), and in the
first table some cells vary much more than others. Where nothing is planted no cell has an effect,
so that every detection is false: the family-wise error is the share of maps with any. Where ten
effects are planted, power is the share of those found, and the false share is that of the other
cells among the detected, on average over maps.

The null of a sign flip is that x is as likely as -x. `skewed` effects (a shifted exponential
distribution, skewness 2) have mean 0 but are not symmetric: what the rules do where their
assumption does not hold.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from patchwidgets.results.sign_flips import (
    FlippedMap,
    Statistic,
    adjust_bh,
    draw_flips,
    flip_signs,
)

CELLS, PROMPTS, FACTORS, PLANTED = 270, 32, 5, 10
ALPHA = 0.05
FLIPS = 6000
"""Enough for one cell of 270 to be detected by `bh`: 1 / 6,001 is below 0.05 / 270."""

NOISES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy-tailed": lambda random, size: random.standard_t(3, size=size) / np.sqrt(3),
    "skewed": lambda random, size: random.exponential(size=size) - 1,
}
"""Distributions with mean 0 and variance 1, of a factor and of a cell's own part."""


@dataclass(frozen=True)
class Maps:
    """How maps are simulated.

    Args:
        noise: A name in `NOISES`.
        size: Of planted effects, in standard deviations over prompts; 0 plants none.
        cells: Number of cells.
        prompts: Number of prompt pairs.
        uneven: Whether cells vary by different amounts (log-normal, a factor of 2.7 at 1 SD).
    """

    noise: str = "normal"
    size: float = 0.0
    cells: int = CELLS
    prompts: int = PROMPTS
    uneven: bool = True

    def draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return cell by prompt, and which cells have an effect."""
        noise = NOISES[self.noise]
        shared = noise(random, (FACTORS, self.prompts))[random.integers(FACTORS, size=self.cells)]
        effect = np.sqrt(0.5) * (shared + noise(random, (self.cells, self.prompts)))
        planted = np.zeros(self.cells, dtype=bool)
        if self.size:
            planted[random.permutation(self.cells)[:PLANTED]] = True
            signs = random.choice([-1.0, 1.0], size=self.cells)
            effect += (planted * signs * self.size)[:, None]
        scale = np.exp(random.normal(size=self.cells)) if self.uneven else np.ones(self.cells)
        return effect * scale[:, None], planted


class Rule(NamedTuple):
    """A rule that tests, and its statistic."""

    name: str
    statistic: Statistic

    def detect(self, flipped: FlippedMap) -> np.ndarray:
        """Return which cells it detects, as `detect_tested` does."""
        p = flipped.p_max if self.name == "max_t" else adjust_bh(flipped.p)
        return p <= ALPHA


RULES = [Rule("max_t", "mean"), Rule("max_t", "t"), Rule("bh", "mean")]


class Rates(NamedTuple):
    """Over simulated maps: what a rule got wrong and what it found."""

    any_false: float
    false_share: float
    power: float


def rates(maps: Maps, rules: list[Rule], n_maps: int, flips: int, seed: int) -> list[Rates]:
    """Simulate `n_maps` maps and return the rates of each rule, all on the same maps."""
    wrong, share, power = np.zeros((3, len(rules), n_maps))
    for number in range(n_maps):
        effect, planted = maps.draw(np.random.default_rng([seed, number]))
        drawn = draw_flips(maps.prompts, flips, number)
        statistics: set[Statistic] = {rule.statistic for rule in rules}
        flipped = {one: flip_signs(effect, drawn, one) for one in statistics}
        for row, rule in enumerate(rules):
            found = rule.detect(flipped[rule.statistic])
            false = (found & ~planted).sum()
            wrong[row, number] = false > 0
            share[row, number] = false / max(1, found.sum())
            power[row, number] = (found & planted).sum() / max(1, planted.sum())
    means = np.stack([wrong, share, power], axis=-1).mean(axis=1)
    return [Rates(*(float(number) for number in row)) for row in means]


def main(n_maps: int = 1000) -> None:
    """Print both tables."""
    print(f"simulated maps of {CELLS} cells, correlated; alpha {ALPHA:.0%}\n")
    null_table(n_maps)
    print()
    power_table(n_maps // 5)


def null_table(n_maps: int) -> None:
    """Print what the rules detect where nothing is planted."""
    error = 1.96 * np.sqrt(ALPHA * (1 - ALPHA) / n_maps)
    print(f"nothing planted, cells vary unevenly, {n_maps} maps: share with a false detection")
    print(f"({ALPHA:.0%} is seen as {ALPHA - error:.1%} to {ALPHA + error:.1%})")
    print(f"{'noise':14}{'prompts':>8}", *(f"{title(rule):>14}" for rule in RULES))
    for noise in NOISES:
        for prompts in (PROMPTS, 2 * PROMPTS):
            found = rates(Maps(noise, prompts=prompts), RULES, n_maps, FLIPS, 0)
            cells = (f"{rate.any_false:14.1%}" for rate in found)
            print(f"{noise:14}{prompts:8}", *cells, flush=True)


def power_table(n_maps: int) -> None:
    """Print how much of what is planted the rules find."""
    print(f"{PLANTED} planted, cells vary alike, {PROMPTS} prompt pairs, {n_maps} maps:")
    print("share of these found / share of false ones among the detected")
    print(f"{'noise':14}{'size in SD':>12}", *(f"{title(rule):>18}" for rule in RULES))
    for noise in NOISES:
        for size in (0.25, 0.5, 0.75, 1.0, 2.0):
            found = rates(Maps(noise, size, uneven=False), RULES, n_maps, FLIPS, 1)
            cells = (f"{f'{r.power:.0%} / {r.false_share:.1%}':>18}" for r in found)
            print(f"{noise:14}{size:12}", *cells, flush=True)


def title(rule: Rule) -> str:
    """Return the name of a rule as a heading."""
    return rule.name if rule.name == "bh" else f"{rule.name} ({rule.statistic})"


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
