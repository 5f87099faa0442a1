"""The numbers a result is made of, and when a normalized effect can be read off them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from patchwidgets.jobs import State
from patchwidgets.results import stats
from patchwidgets.types import Direction, Unit

NOT_MEASURED, MEASURED, IDENTITY, UNREACHABLE = range(4)
STATUS_WORDS = ("not measured", "measured", "zero by identity", "cannot reach")
"""What happened to a cell. `zero by identity`: the source equals the base there, so nothing was
run. `cannot reach`: the sender comes after the receiver, so there is nothing to measure."""

NOISE_FLOOR: dict[Unit, float] = {
    "logit": 0.05,
    "nat": 0.05,
    "probability": 1e-3,
    "rank": 0.5,
    "share": 0.02,
    "ratio": 0.05,
}
"""Smallest |mean source - mean base| by which an effect may be divided. bfloat16 keeps 8
significant bits, so a logit between 8 and 16 is known to 0.03; such a step in the logits moves a
probability of 0.02 by 0.001, and a ratio of probabilities by 0.03. (A gap ten times this, 0.5
logits, is where advice already warns.) Half a place is a change on every second prompt, a share of
0.02 one on every fiftieth."""

AGREE = 1e-6
"""Two runs of one prompt pair agree when their metrics differ by no more than float32 noise."""


@dataclass(frozen=True)
class MetricInfo:
    """A metric as a result remembers it.

    Args:
        name: Its file name in `metrics/`, such as `logit_diff`.
        label: As written on figures, such as `logit difference`.
        unit: Unit of its values.
    """

    name: str
    label: str
    unit: Unit


@dataclass(frozen=True, eq=False)
class Baseline:
    """The metrics on the two unpatched runs; NaN until measured.

    Args:
        clean: Metric by prompt, float64.
        corrupted: Metric by prompt, float64.
    """

    clean: np.ndarray
    corrupted: np.ndarray

    @classmethod
    def unmeasured(cls, n_metrics: int, n_prompts: int) -> "Baseline":
        """Return the baseline of a job that has not run its two unpatched runs yet."""
        return cls(*np.full((2, n_metrics, n_prompts), np.nan))

    def base(self, direction: Direction) -> np.ndarray:
        """Return the metrics of the run that is patched: 0 of the normalized effect."""
        return self.corrupted if direction == "denoising" else self.clean

    def source(self, direction: Direction) -> np.ndarray:
        """Return the metrics of the run the patches come from: 1 of the normalized effect."""
        return self.clean if direction == "denoising" else self.corrupted


class Progress(NamedTuple):
    """How far the measuring has come; `message` is the error where `state` is `failed`.

    `done` and `total` count cells; `share` is the part of the work, from 0 to 1.
    """

    state: State
    done: int
    total: int
    share: float
    seconds_left: float | None
    message: str


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All numbers of a result at one moment.

    Args:
        values: Metric by patch by prompt; NaN where not measured, and where a prompt lacks the
            patch's bucket of positions.
        status: Per patch: 0 not measured on every prompt that has it, 1 measured, 2 zero by
            identity.
        base: Metric by prompt.
        source: Metric by prompt.
        by_draw: Metric by patch by draw: the effect of each draw, averaged over prompts; `None`
            where every prompt was corrupted once.
    """

    values: np.ndarray
    status: np.ndarray
    base: np.ndarray
    source: np.ndarray
    by_draw: np.ndarray | None = None

    def patched(self, metric: int) -> np.ndarray:
        """Return the metric under each patch, averaged over prompts; NaN where incomplete."""
        return self._complete(stats.mean(self.values[metric]))

    def effect(self, metric: int) -> np.ndarray:
        """Return patch by prompt: patched minus base, in the metric's unit."""
        return self.values[metric] - self.base[metric]

    def mean_effect(self, metric: int) -> np.ndarray:
        """Return the effect of each patch, averaged over prompts; NaN where incomplete."""
        return self._complete(stats.mean(self.effect(metric)))

    def normalized(self, metric: int) -> np.ndarray:
        """Return mean effect / mean gap of each patch, over the prompts that have it."""
        return self.mean_effect(metric) / self.mean_gap(metric)

    def mean_gap(self, metric: int) -> np.ndarray:
        """Return source minus base for each patch, averaged over the prompts that have it."""
        effect = self.effect(metric)
        return stats.mean(np.where(np.isnan(effect), np.nan, self.gap(metric)))

    def over_draws(self, metric: int) -> dict[str, np.ndarray]:
        """Return by patch what `mean_effect` would be under one draw: `low`, `high` and `sd`.

        The smallest, the largest and the standard deviation (ddof 1) over draws; nothing where
        every prompt was corrupted once, NaN where incomplete.
        """
        if self.by_draw is None:
            return {}
        each = self.by_draw[metric]
        numbers = {
            "low": each.min(axis=1),
            "high": each.max(axis=1),
            "sd": each.std(axis=1, ddof=1),
        }
        return {name: self._complete(per_patch) for name, per_patch in numbers.items()}

    def gap(self, metric: int) -> np.ndarray:
        """Return source minus base per prompt: what an effect is divided by."""
        return self.source[metric] - self.base[metric]

    def _complete(self, per_patch: np.ndarray) -> np.ndarray:
        return np.where(self.status == NOT_MEASURED, np.nan, per_patch)


def not_normalizable(metric: MetricInfo, base: np.ndarray, source: np.ndarray) -> str | None:
    """Return why effects of `metric` cannot be normalized, or `None` where they can.

    Source: reference/method.md, W11: when the two runs nearly coincide, the ratio explodes.

    Args:
        metric: The metric of both baselines.
        base: Its value per prompt on the run that is patched.
        source: Its value per prompt on the other run.
    """
    gap = float(np.mean(source) - np.mean(base))
    floor = NOISE_FLOOR[metric.unit]
    if not abs(gap) < floor:
        return None
    over = "mean " if len(base) > 1 else ""
    return (
        f"The two unpatched runs have nearly the same {over}`{metric.name}` ({np.mean(source):.4g} "
        f"and {np.mean(base):.4g}), so a normalized effect would divide by less than the noise "
        f"floor of {floor:g} ({metric.unit})."
    )
