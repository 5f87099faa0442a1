"""How much of the behaviour runs keep: shares with intervals, chance, and areas under a curve."""

from dataclasses import dataclass

import numpy as np

from patchwidgets.results import stats
from patchwidgets.results.measured import NOISE_FLOOR, MetricInfo
from patchwidgets.types import Unit


@dataclass(frozen=True)
class Share:
    """How much of the behaviour one run keeps: ratio of means over prompts, with its interval.

    (mean of the run - mean of nothing) / (mean of the model - mean of nothing). It is not a mean
    of ratios, in which one prompt pair whose runs nearly coincide outweighs all others (Miller et
    al. 2024, arXiv 2407.08734).

    Args:
        value: 0 = as with the whole universe overwritten, 1 = as the model; may be outside of 0
            and 1. NaN where it was not measured, and where `why_not` says why there is no ratio.
        low: Lower end of the percentile bootstrap interval, for which whole prompts are redrawn.
        high: Upper end.
        effect: Mean over prompts of the run minus nothing, in the metric's unit.
        gap: Mean over prompts of the model minus nothing, in the metric's unit.
        unit: Of both.
        confidence: Share of resamples inside the interval.
        why_not: Why there is no ratio; empty where there is one, or nothing is measured yet.
    """

    value: float
    low: float
    high: float
    effect: float
    gap: float
    unit: Unit
    confidence: float = 0.95
    why_not: str = ""

    def __str__(self) -> str:
        if self.why_not:
            return f"no share, but an effect of {self.effect:.3g} ({self.unit}): {self.why_not}"
        return (
            f"{self.value:.3g} ({self.confidence:.0%} interval {self.low:.3g} to {self.high:.3g}): "
            f"{self.effect:.3g} of {self.gap:.3g} ({self.unit})"
        )


@dataclass(frozen=True)
class Chance:
    """What circuits of the same size do that were drawn by chance.

    Args:
        shares: How much each keeps, as `Share.value`; NaN where not measured.
        mean: Of them.
        as_well: Part of them that keep as much as the circuit or more, from 0 to 1.
        p: (1 + how many do) / (1 + how many there are): how often a circuit that is one more draw
            would come out at least as high.
        smallest_p: The smallest `p` that so many draws can show.
    """

    shares: tuple[float, ...]
    mean: float
    as_well: float
    p: float
    smallest_p: float


@dataclass(frozen=True)
class Areas:
    """Areas over the share of the universe that is kept, by the trapezoid rule, from 0 to all.

    Source: Mueller et al. 2025 (MIB, arXiv 2504.13151). Differs from the paper: sizes count nodes
    and not edges, both areas are of one and the same order of nodes, and the curve starts with no
    node at all.

    Args:
        cpr: Under the share kept: 1 if every circuit did as well as the model. Higher is better;
            above 1 where circuits outdo the model.
        cmd: Between the share kept and 1: 0 if every circuit did exactly as the model.
    """

    cpr: float
    cmd: float


def share_of(
    metric: MetricInfo,
    kept: np.ndarray,
    nothing: np.ndarray,
    model: np.ndarray,
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Share:
    """Return how much of the behaviour a run keeps.

    Args:
        metric: What was read off.
        kept: Its value per prompt in the run; NaN where not measured.
        nothing: With the whole universe overwritten.
        model: In the model as it is.
        confidence: Share of resamples inside the interval.
        n_resamples: How often the prompts are redrawn.
        seed: Of these draws.
    """
    effect, gap = kept - nothing, model - nothing
    mean_effect, mean_gap = float(effect.mean()), float(gap.mean())
    why = why_no_share(metric, nothing, model)
    if why or np.isnan(mean_effect) or np.isnan(mean_gap):
        nan = float("nan")
        return Share(nan, nan, nan, mean_effect, mean_gap, metric.unit, confidence, why)
    how = {"confidence": confidence, "n_resamples": n_resamples, "seed": seed}
    low, high = stats.bootstrap_interval(effect[None], gap, **how)[0].tolist()
    value = mean_effect / mean_gap
    return Share(value, low, high, mean_effect, mean_gap, metric.unit, confidence)


def why_no_share(metric: MetricInfo, nothing: np.ndarray, model: np.ndarray) -> str:
    """Return why nothing can be divided by what the whole universe does; empty where it can."""
    gap, floor = float(model.mean() - nothing.mean()), NOISE_FLOOR[metric.unit]
    if np.isnan(gap) or abs(gap) >= floor:
        return ""
    return (
        f"Overwriting everything that the circuit chooses from leaves the mean `{metric.name}` "
        f"nearly as it is ({nothing.mean():.4g} instead of {model.mean():.4g}), so that a share "
        f"would divide by less than the noise floor of {floor:g} ({metric.unit}). The corruption "
        "does not take away the behaviour, or MLPs that are left live carry it: try another "
        "corruption, or `mlps='counted'`."
    )


def chance_of(value: float, shares: np.ndarray) -> Chance:
    """Return how a circuit compares with random ones.

    Args:
        value: How much the circuit keeps.
        shares: How much each random circuit keeps.
    """
    nan = float("nan")
    n = len(shares)
    smallest = 1 / (1 + n) if n else nan
    if not n or np.isnan(value) or np.isnan(shares).any():
        return Chance(tuple(shares.tolist()), nan, nan, nan, smallest)
    better = int((shares >= value).sum())
    mean, as_well = float(shares.mean()), better / n
    return Chance(tuple(shares.tolist()), mean, as_well, (1 + better) / (1 + n), smallest)


def areas_of(part: np.ndarray, shares: np.ndarray) -> Areas:
    """Return the areas of a curve.

    Args:
        part: Of the universe, from 0 to 1, rising.
        shares: How much is kept at each.
    """
    return Areas(cpr=_under(part, shares), cmd=_under(part, np.abs(1 - shares)))


def _under(x: np.ndarray, y: np.ndarray) -> float:
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
