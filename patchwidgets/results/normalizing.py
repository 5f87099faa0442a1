"""The ways to divide effects by what the whole source run does, each under its name."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from patchwidgets.registry import unknown_name
from patchwidgets.results import stats
from patchwidgets.results.measured import AGREE, NOISE_FLOOR, MetricInfo, not_normalizable

How = Literal[
    "ratio_of_means", "mean_of_ratios", "median_of_ratios", "least_squares", "mean_of_groups"
]
"""From effects and gaps (source minus base) per prompt to one number per cell. Under each of them
0 is nothing happened and 1 is moved all the way to the source run, on every prompt.

* `ratio_of_means`: mean effect / mean gap, the default. An outlier counts once. Meng et al. 2022
  compare average indirect effects with the average total effect in this way, and Wang et al. 2022
  take averages over prompts first.
* `mean_of_ratios`: mean of effect / gap. A pair whose runs hardly differ can outweigh all others.
* `median_of_ratios`: the median of effect / gap, which such a pair does not move.
* `least_squares`: the slope of effect on gap through 0: prompts count by the square of their gap.
* `mean_of_groups`: `ratio_of_means` within each group, then the mean over groups, so that a
  template counts once however many prompts it has.

Changes relative to the clean run's metric, as in the path patching figures of Wang et al., are not
among them: a run that moved all the way to the source has no fixed value there.
"""

HOWS: tuple[How, ...] = get_args(How)


def known_how(name: str) -> How:
    """Return the normalization of that name.

    Raises:
        UnknownNameError: There is none.
    """
    for known in HOWS:
        if name == known:
            return known
    raise unknown_name("normalization", name, list(HOWS))


def normalize(how: How, effect: np.ndarray, gap: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Return one normalized effect per cell.

    Args:
        how: A name in `How`.
        effect: Cell by prompt; prompts whose effect is NaN are left out, with their gap.
        gap: Per prompt.
        groups: Per prompt.
    """
    there = ~np.isnan(effect)
    if not there.all():
        numbers = np.full(effect.shape[:-1], np.nan)
        for cells, pattern in stats.patterns(there):
            among = [group for group, kept in zip(groups, pattern, strict=True) if kept]
            if (np.abs(gap[pattern]) > AGREE).any():
                numbers[cells] = normalize(how, effect[cells][:, pattern], gap[pattern], among)
        return numbers
    if how == "mean_of_groups":
        masks = [np.array(groups) == name for name in dict.fromkeys(groups)]
        means = [ratio_of_means(effect[..., inside], gap[inside]) for inside in masks]
        return np.mean(means, axis=0)
    return _PLAIN[how](effect, gap)


def ratio_of_means(effect: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return mean effect / mean gap; prompts run along the last axis."""
    return effect.mean(axis=-1) / gap.mean()


def mean_of_ratios(effect: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return the mean of effect / gap over the prompts whose two runs do not agree."""
    return _ratios(effect, gap).mean(axis=-1)


def median_of_ratios(effect: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return the median of effect / gap over the prompts whose two runs do not agree."""
    return np.median(_ratios(effect, gap), axis=-1)


def least_squares(effect: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return the slope of the line through 0 that fits effect against gap."""
    return effect @ gap / (gap @ gap)


def _ratios(effect: np.ndarray, gap: np.ndarray) -> np.ndarray:
    used = np.abs(gap) > AGREE
    return effect[..., used] / gap[used]


_PLAIN: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ratio_of_means": ratio_of_means,
    "mean_of_ratios": mean_of_ratios,
    "median_of_ratios": median_of_ratios,
    "least_squares": least_squares,
}


def why_not(
    how: How, metric: MetricInfo, base: np.ndarray, source: np.ndarray, groups: Sequence[str]
) -> str | None:
    """Return why effects cannot be normalized that way, or `None` where they can.

    Args:
        how: A name in `How`.
        metric: The metric of both baselines.
        base: Its value per prompt on the run that is patched.
        source: Its value per prompt on the other run.
        groups: Per prompt.
    """
    if how == "ratio_of_means":
        return not_normalizable(metric, base, source)
    if how == "mean_of_groups":
        for name in dict.fromkeys(groups):
            inside = np.array(groups) == name
            why = not_normalizable(metric, base[inside], source[inside])
            if why is not None:
                return f"In the group {name!r}: {why}"
        return None
    gap = source - base
    if how == "least_squares":
        size, floor = float(np.sqrt((gap**2).mean())), NOISE_FLOOR[metric.unit]
        if not size < floor:
            return None
        return (
            f"The two unpatched runs differ in `{metric.name}` by {size:.4g} only (root mean "
            "square over the prompt pairs), so a normalized effect would divide by less than the "
            f"noise floor of {floor:g} ({metric.unit})."
        )
    if (np.abs(gap) <= AGREE).all():
        return (
            f"On every prompt pair the clean and the corrupted run have the same `{metric.name}`, "
            "so that there is no ratio to take a mean of."
        )
    return None
