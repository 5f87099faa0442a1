"""`python -m tests.null`: how often the rules that test are wrong, and what they find.

Simulated maps of 270 cells (30 layers x 9 heads) and 32 prompt pairs. Effects of one cell differ
between prompts; cells share part of that (five factors, half of the variance), and in the
first table some cells vary much more than others. Where nothing is planted no cell has an effect,
so that every detection is false: the family-wise error is the share of maps with any. Where ten
effects are planted, power is the share of those found, and the false share is that of the other
cells among the detected, on average over maps.

`max_t` counts 999 flips, with which it is as exact as with 10,000. `bh` needs more before one cell
of 270 can be detected at all (1 / 6,001 is below 0.05 / 270). `max_t` of the mean, the default, is
run on all maps, the others on fewer. The run that is kept beside this file is printed in
`patchwidgets/results/README.md`.

The null of a sign flip is that x is as likely as -x. `skewed` effects (a shifted exponential
distribution, skewness 2) have mean 0 but are not symmetric: what the rules do where their
assumption does not hold.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

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
MAPS = 10_000
SHARE = {"max_t (mean)": 1, "max_t (t)": 10, "bh": 50}
"""One of how many maps a rule is run on."""

FLIPS = {"max_t": 999, "bh": 6000}
KEPT = Path(__file__).with_name("null.json")

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
    """Over simulated maps: what a rule got wrong, on which of them, and what it found."""

    any_false: float
    false_share: float
    power: float
    wrong: tuple[int, ...]


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
    return [
        Rates(float(row[0]), float(row[1]), float(row[2]), tuple(np.flatnonzero(maps).tolist()))
        for row, maps in zip(means, wrong, strict=True)
    ]


def main() -> None:
    """Simulate, write the run and print both tables."""
    parser = argparse.ArgumentParser(description="How often the rules that test are wrong.")
    parser.add_argument("--maps", type=int, default=MAPS)
    parser.add_argument("--out", type=Path, default=Path("null.json"))
    parser.add_argument("--seed", type=int, default=0, help="of the maps; the kept run has 0")
    options = parser.parse_args()
    run: dict[str, Any] = {"maps": options.maps, "null": list(nulls(options.maps, options.seed))}
    run["planted"] = list(planted(options.maps // 200, options.seed + 1))
    options.out.write_text(json.dumps(run) + "\n")
    print(text(run))


def nulls(n_maps: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what each rule detects where nothing is planted, by noise and number of prompts."""
    for noise in NOISES:
        for prompts in (PROMPTS, 2 * PROMPTS):
            for rule in RULES:
                maps = n_maps // SHARE[title(rule)]
                (found,) = rates(Maps(noise, prompts=prompts), [rule], maps, FLIPS[rule.name], seed)
                asked = {"noise": noise, "prompts": prompts, "rule": title(rule), "maps": maps}
                yield {**asked, "wrong": found.wrong}


def planted(n_maps: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield how much of what is planted each rule finds, by noise and size."""
    for noise in NOISES:
        for size in (0.25, 0.5, 0.75, 1.0, 2.0):
            for rule in RULES:
                maps = Maps(noise, size, uneven=False)
                (found,) = rates(maps, [rule], n_maps, FLIPS[rule.name], seed)
                asked = {"noise": noise, "size": size, "rule": title(rule), "maps": n_maps}
                yield {**asked, "power": found.power, "false_share": found.false_share}


def deviation(n_maps: int) -> float:
    """Return the standard deviation of the share of maps on which a rule of `ALPHA` is wrong."""
    return float(np.sqrt(ALPHA * (1 - ALPHA) / n_maps))


def text(run: dict[str, Any]) -> str:
    """Return a run as tables."""
    names = [title(rule) for rule in RULES]
    counts = [run["maps"] // SHARE[name] for name in names]
    error = 1.96 * deviation(run["maps"])
    low, high = ALPHA - error, ALPHA + error
    fewer = ", ".join(f"{name}: {n:,}" for name, n in zip(names[1:], counts[1:], strict=True))
    lines = [
        f"{CELLS} correlated cells, alpha {ALPHA:.0%}",
        "",
        f"nothing planted, {run['maps']:,} maps ({fewer}): share with a false detection",
        f"(of {run['maps']:,} maps, {ALPHA:.0%} is seen as {low:.1%} to {high:.1%})",
        f"{'noise':14}{'prompts':>8}" + "".join(f"{name:>16}" for name in names),
    ]
    for (noise, prompts), cells in _by(run["null"], "noise", "prompts"):
        shares = (f"{len(one['wrong']) / one['maps']:16.1%}" for one in cells)
        lines.append(f"{noise:14}{prompts:8}" + "".join(shares))
    lines += [
        "",
        f"{PLANTED} planted, {PROMPTS} prompt pairs, {run['maps'] // 200} maps:",
        "share of these found / share of false ones among the detected",
        f"{'noise':14}{'SD':>8}" + "".join(f"{name:>16}" for name in names),
    ]
    for (noise, size), cells in _by(run["planted"], "noise", "size"):
        shares = (f"{one['power']:.0%} / {one['false_share']:.1%}" for one in cells)
        lines.append(f"{noise:14}{size:8}" + "".join(f"{share:>16}" for share in shares))
    return "\n".join(lines)


def _by(rows: list[dict[str, Any]], *keys: str) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    for at in range(0, len(rows), len(RULES)):
        yield tuple(rows[at][key] for key in keys), rows[at : at + len(RULES)]


def title(rule: Rule) -> str:
    """Return the name of a rule as a heading."""
    return rule.name if rule.name == "bh" else f"{rule.name} ({rule.statistic})"


if __name__ == "__main__":
    main()
