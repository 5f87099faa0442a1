"""Ratios of effects over layers: windows against their sum, one column of a map against another."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from patchwidgets.errors import MeasurementError
from patchwidgets.registry import unknown_name
from patchwidgets.results import stats
from patchwidgets.results.findings import Findings, towards_source
from patchwidgets.results.labels import find_map
from patchwidgets.results.measured import NOT_MEASURED
from patchwidgets.types import Unit

Layers = tuple[int, int]
"""First and last layer, both counted in."""


@dataclass(frozen=True)
class Ratio:
    """One effect divided by another, both towards the source run, with its interval over prompts.

    Args:
        value: 1 = both are the same; NaN where `why_not` says why.
        low: Lower end of the percentile bootstrap interval, for which whole prompts are redrawn
            and both effects are read anew.
        high: Upper end.
        numerator: In the metric's unit; mean over prompts, then the peak or the sum.
        denominator: The same.
        denominator_interval: Its bootstrap interval; of a peak, at the layer where it is.
        peaks: The layers of both peaks; `None` of sums.
        layers: First and last layer that were looked at.
        n_layers: How many layers the map has.
        unit: Of both effects.
        n_prompts: Prompt pairs that have a numerator, and that have a denominator.
        confidence: Share of resamples inside the interval.
        n_resamples: How often the prompts were redrawn.
        seed: Of the draws.
        why_not: Why there is no value; empty where there is one.
    """

    value: float
    low: float
    high: float
    numerator: float
    denominator: float
    denominator_interval: tuple[float, float]
    peaks: tuple[int, int] | None
    layers: Layers
    n_layers: int
    unit: Unit
    n_prompts: tuple[int, int]
    confidence: float
    n_resamples: int
    seed: int
    why_not: str = ""

    def __str__(self) -> str:
        first, last = self.layers
        all_of_them = last - first + 1 == self.n_layers
        among = "" if all_of_them else f", among L{first} to L{last} of {self.n_layers} layers"
        if self.why_not:
            return f"no ratio{among}: {self.why_not}"
        at = ["", ""] if self.peaks is None else [f" at L{layer}" for layer in self.peaks]
        return (
            f"{self.value:.3g} ({self.confidence:.0%} interval {self.low:.3g} to {self.high:.3g}): "
            f"{self.numerator:.3g}{at[0]} over {self.denominator:.3g}{at[1]} ({self.unit}){among}"
        )


class Ratios(Findings):
    """Ratios of effects over layers. Every method waits for the job.

    A ratio is NaN, with the reason in `why_not`, where the interval of its denominator includes 0,
    so that it could be anything.
    """

    def ratio_of_peaks(
        self,
        column: int | str | None = None,
        metric: str | None = None,
        *,
        layers: Layers | None = None,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        seed: int = 0,
    ) -> Ratio:
        """Return the largest effect of a window over the largest sum of a window's layers alone.

        Above 1, layers that are patched together do more than the sum of what they do alone. The
        first and the last eighth of the layers are left out unless `layers` has them, so that
        the peak may not be the largest number of the map; what is printed says which were looked
        at.

        Source: Zhang & Nanda 2024, section 5: 1.40, 1.75 and 1.59 for windows of 3, 5 and 10
            MLPs of GPT-2 XL at the last subject token (Gaussian noise, probability). Differs from
            the paper: it takes the peaks of middle layers without saying which these are.

        Args:
            column: Which position, role or bucket, such as `subject_last`; `None` where the map
                has none.
            metric: Name of a metric; the first by default.
            layers: First and last layer around which windows are compared. By default an eighth
                of the layers is left out at each end: in the first ones, sums exceed windows
                because every one of them alone restores most of what is to be restored.
            confidence: Share of resamples inside the interval, between 0 and 1.
            n_resamples: How often the prompts are redrawn.
            seed: Of the draws.

        Raises:
            MeasurementError: The sweep had no windows, was not measured to its end, has another
                axis such as heads, or has no such layers.
            UnknownNameError: No such metric or column.
        """
        if "window" not in [plan_map.name for plan_map in self.plan.maps]:
            raise MeasurementError(
                f"This {self.plan.name} map has no windows of layers to compare with the sum of "
                "their layers. Sweep with a window, such as `study.sweep('mlp', window=5)`."
            )
        together = self._by_layer(metric, "window", column)
        alone = self._by_layer(metric, "window", column, summed=True)
        n = len(together)
        first, last = _checked_layers(layers or (n // 8, n - 1 - n // 8), n)
        return _ratio(
            together,
            alone,
            peaks=True,
            layers=(first, last),
            unit=self.metrics[self._index(metric)].unit,
            draws=_Draws(confidence, n_resamples, seed),
        )

    def ratio_of_sums(
        self,
        over: int | str,
        under: int | str,
        metric: str | None = None,
        map: str | None = None,
        *,
        layers: Layers | None = None,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        seed: int = 0,
    ) -> Ratio:
        """Return the effects of one column summed over layers, over those of another.

        Each is the mean over the prompts that have that column, in the metric's unit.

        Source: Zhang & Nanda 2024, section 4.1: last over middle subject tokens, for windows of 5
            MLPs of GPT-2 XL; 4.33 (probability) and 1.22 (logit difference) under symmetric token
            replacement, 1.74 and 0.77 under Gaussian noise.

        Args:
            over: Position, role or bucket that is divided, such as `subject_last`.
            under: The one it is divided by, such as `subject_middle`.
            metric: Name of a metric; the first by default.
            map: Name of a map; the first by default, which with a window is that of windows.
            layers: First and last layer; all by default.
            confidence: Share of resamples inside the interval, between 0 and 1.
            n_resamples: How often the prompts are redrawn.
            seed: Of the draws.

        Raises:
            MeasurementError: The sweep was not measured to its end, has another axis such as
                heads, or has no such layers.
            UnknownNameError: No such metric, map or column.
        """
        above, below = self._by_layer(metric, map, over), self._by_layer(metric, map, under)
        first, last = _checked_layers(layers or (0, len(above) - 1), len(above))
        return _ratio(
            above,
            below,
            peaks=False,
            layers=(first, last),
            unit=self.metrics[self._index(metric)].unit,
            draws=_Draws(confidence, n_resamples, seed),
        )

    def _by_layer(
        self, metric: str | None, map: str | None, column: int | str | None, *, summed: bool = False
    ) -> np.ndarray:
        """Return effects towards the source run, layer by prompt; NaN where a prompt has none."""
        m, plan_map = self._index(metric), find_map(self.plan, map)
        axes = [axis.name for axis in plan_map.axes]
        if axes[:1] != ["layer"] or len(axes) > 2:
            raise MeasurementError(
                f"The map `{plan_map.name}` has the axes {axes}, and ratios over layers need one "
                "number per layer, or layer and column. Use a sweep of whole layers, such as `mlp`."
            )
        labelled = (self.summed if summed else self.effect)(metric, plan_map.name)
        if len(axes) == 2:
            known = plan_map.axes[1].labels
            if column not in known:
                raise unknown_name(axes[1], column, [str(label) for label in known])
            labelled = labelled.sel({axes[1]: column})
        elif column is not None:
            raise MeasurementError(
                f"The map `{plan_map.name}` has one number per layer and so no column {column!r}. "
                "Sweep by position, such as `positions='roles'` or `positions='buckets'`."
            )
        if (labelled["status"] == NOT_MEASURED).any():
            raise MeasurementError(
                "Some layers were not measured, so that a peak or a sum over layers would leave "
                "them out. Sweep again; what was measured is kept."
            )
        return towards_source(self.snapshot(), m, self.metrics[m].unit) * labelled.to_numpy()


class _Draws(NamedTuple):
    """How the interval of a ratio is drawn."""

    confidence: float
    n_resamples: int
    seed: int


def _ratio(
    over: np.ndarray, under: np.ndarray, *, peaks: bool, layers: Layers, unit: Unit, draws: _Draws
) -> Ratio:
    """Return the ratio of two effects, each layer by prompt, among some of the layers.

    Args:
        over: What is divided.
        under: What it is divided by.
        peaks: Whether the largest of the layers is taken of both; otherwise their sum.
        layers: First and last layer that are looked at.
        unit: Of the effects.
        draws: Of the interval.
    """
    (first, last), n_layers = layers, len(over)
    over, under = over[first : last + 1], under[first : last + 1]
    take = np.max if peaks else np.sum
    above, below = stats.mean(over), stats.mean(under)
    tops = int(above.argmax()), int(below.argmax())
    divisor = under[tops[1]] if peaks else under.sum(axis=0)
    interval = stats.bootstrap_interval(divisor[None], **draws._asdict())[0]
    why = _why_not(interval, over.shape[1], peaks, draws.confidence)
    low = high = np.nan
    if not why:
        redrawn = stats.bootstrap_weights(over.shape[1], draws.n_resamples, draws.seed)
        ratios = take(_means(over, redrawn), axis=1) / take(_means(under, redrawn), axis=1)
        bounds = [(1 - draws.confidence) / 2, (1 + draws.confidence) / 2]
        low, high = np.quantile(ratios[np.isfinite(ratios)], bounds)
    numerator, denominator = float(take(above)), float(take(below))
    return Ratio(
        value=np.nan if why else numerator / denominator,
        low=float(low),
        high=float(high),
        numerator=numerator,
        denominator=denominator,
        denominator_interval=(float(interval[0]), float(interval[1])),
        peaks=(first + tops[0], first + tops[1]) if peaks else None,
        layers=layers,
        n_layers=n_layers,
        unit=unit,
        n_prompts=(_present(over), _present(under)),
        why_not=why,
        **draws._asdict(),
    )


def _means(effect: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return resample by layer: means over prompts; NaN where a resample has no such prompt."""
    there = ~np.isnan(effect)
    share = weights @ there.T
    total = weights @ np.where(there, effect, 0.0).T
    return np.divide(total, share, out=np.full_like(total, np.nan), where=share > 0)


def _present(effect: np.ndarray) -> int:
    return int((~np.isnan(effect)).all(axis=0).sum())


def _why_not(interval: np.ndarray, n_prompts: int, peaks: bool, confidence: float) -> str:
    if n_prompts < 2 or np.isnan(interval).any():
        return stats.ONE_PROMPT
    low, high = interval
    if low > 0 or (high < 0 and not peaks):
        return ""
    what = "sum of layers alone at its peak" if peaks else "sum over layers that it is divided by"
    return (
        f"The {confidence:.0%} interval of the {what} is {low:.3g} to {high:.3g}, which "
        f"{'is not above' if high < 0 else 'includes'} 0. More prompt pairs may narrow it."
    )


def _checked_layers(layers: Layers, n_layers: int) -> Layers:
    first, last = layers
    if not 0 <= first <= last < n_layers:
        raise MeasurementError(
            f"`layers={layers!r}` is not a range of layers of this map, which has 0 to "
            f"{n_layers - 1}. Write the first and the last one, such as `layers=(0, "
            f"{n_layers - 1})`."
        )
    return first, last
