"""What can be read off a result: effects, normalized effects and their errors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from patchwidgets.errors import MeasurementError
from patchwidgets.plans.plan import PlanMap
from patchwidgets.registry import unknown_name
from patchwidgets.results import meanings, normalizing, stats
from patchwidgets.results.draws import (
    by_pair,
    labelled_draws,
    labelled_spread,
    require_draws,
)
from patchwidgets.results.labels import find_map, label_cells
from patchwidgets.results.live import Live
from patchwidgets.results.measured import (
    NOT_MEASURED,
    Snapshot,
    not_normalizable,
)


class Readings(Live):
    """The numbers of a result as labelled arrays. Every method waits for the job.

    `metric` is the name of a metric, by default the first; `map` the name of one of the plan's
    maps, by default the first.
    """

    def patched(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return the metric under each patch, per prompt: the map's axes, then `prompt`."""
        m, plan_map, snapshot = self._read(metric, map)
        attrs = meanings.patched_attrs(self.metrics[m], self.direction)
        return self._per_prompt(plan_map, snapshot, snapshot.values[m], "patched", attrs)

    def effect(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return patched minus base per prompt, in the metric's unit; 0 = nothing happened.

        At a bucket of positions it is the mean over them, each patched by itself: the average
        indirect effect by kind of token of Meng et al. 2022, arXiv 2202.05262, section 2.1, and
        of Zhang & Nanda 2024, figure 4. Differs from the papers: theirs is a mean over all tokens
        of a kind, in which a prompt with many of them counts more; here it is taken within each
        prompt first.

        Returns:
            The map's axes, then `prompt`; NaN on prompts that lack a bucket. How many have each
            is in `attrs["prompts_with_bucket"]`.
        """
        m, plan_map, snapshot = self._read(metric, map)
        attrs = meanings.effect_attrs(self.metrics[m], self.direction)
        return self._per_prompt(plan_map, snapshot, snapshot.effect(m), "effect", attrs)

    def summed(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return the sum of the effects that the nodes of each patch have alone, per prompt.

        For a window or a joint set: what to compare `effect` with. Where patching together does
        more than the sum, the nodes work together; where it does less, they stand in for one
        another. NaN where a node was not patched alone in this sweep.

        Source: Zhang & Nanda 2024, section 5 (sliding windows against summed single layers).

        Returns:
            The map's axes, then `prompt`, in the metric's unit.
        """
        m, plan_map, snapshot = self._read(metric, map)
        effect = snapshot.effect(m)
        alone = {p.nodes[0]: i for i, p in enumerate(self.plan.patches) if len(p.nodes) == 1}
        sums = np.full_like(effect, np.nan)
        for index, patch in enumerate(self.plan.patches):
            if patch.nodes and all(node in alone for node in patch.nodes):
                sums[index] = effect[[alone[node] for node in patch.nodes]].sum(axis=0)
        attrs = meanings.effect_attrs(self.metrics[m], self.direction)
        return self._per_prompt(plan_map, snapshot, sums, "summed", attrs)

    def normalized(
        self, metric: str | None = None, map: str | None = None, how: str = "ratio_of_means"
    ) -> xr.DataArray:
        """Return (patched - base) / (source - base) over prompts, on the map's axes.

        0 = nothing happened, 1 = moved all the way to the source run. Values outside [0, 1] are
        possible and no error. Of KL divergence it is the normalized KL: 1 where the source run's
        divergence from clean is restored.

        Source: Zhang & Nanda 2024, section 2.1. Differs from the paper: it does not say which
        mean it takes; KL divergence and probability are normalized here as well.

        Args:
            metric: Name of a metric.
            map: Name of a map.
            how: `ratio_of_means`, `mean_of_ratios`, `median_of_ratios`, `least_squares` or
                `mean_of_groups`: see `results/normalizing.py`. The two with ratios leave out the
                prompts whose two runs agree and count them in `attrs["prompts_left_out"]`.

        Raises:
            MeasurementError: The two runs nearly coincide, so that there is nothing to divide by.
        """
        chosen = normalizing.known_how(how)
        m, plan_map, snapshot = self._read(metric, map)
        base, source = snapshot.base[m], snapshot.source[m]
        why = normalizing.why_not(chosen, self.metrics[m], base, source, self.groups)
        if why is not None:
            raise _cannot_normalize(why)
        gap = snapshot.gap(m)
        numbers = normalizing.normalize(chosen, snapshot.effect(m), gap, self.groups)
        attrs = meanings.normalized_attrs(self.metrics[m], self.direction, how)
        if how in ("mean_of_ratios", "median_of_ratios"):
            attrs |= meanings.ratio_attrs(gap)
        return self._label(plan_map, snapshot, numbers, "normalized", attrs)

    def normalizable(self, metric: str | None = None) -> str | None:
        """Return why `normalized` would refuse, or `None`; waits only for the baseline."""
        m = self._index(metric)
        if np.isnan(self.baseline.clean).any() or np.isnan(self.baseline.corrupted).any():
            self.wait()
        base, source = self.baseline.base(self.direction), self.baseline.source(self.direction)
        return not_normalizable(self.metrics[m], base[m], source[m])

    def stderr(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return the standard error of the mean effect over prompts, in the metric's unit."""
        m, plan_map, snapshot = self._read(metric, map)
        attrs = meanings.patched_attrs(self.metrics[m], self.direction) | self._note()
        numbers = stats.standard_error(snapshot.effect(m))
        return self._label(plan_map, snapshot, numbers, "stderr", attrs)

    def by_draw(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return the effect under each draw of noise, averaged over prompts, in its unit.

        Returns:
            The map's axes, then `draw`. What differs along it is due to the draws alone.

        Raises:
            MeasurementError: Every prompt pair was corrupted once.
        """
        plan_map, status, effect, attrs = self._by_draw(metric, map)
        return labelled_draws(self.plan, plan_map, effect, status, attrs)

    def draw_spread(self, metric: str | None = None, map: str | None = None) -> xr.Dataset:
        """Return how much of an effect depends on the draw of the noise, per cell of the map.

        Variables: `effect`, the mean; `sd_draws`, the standard deviation over draws for the same
        prompt pair; `sd_pairs`, that over pairs once draws are averaged out; `share_draws`, the
        part of the variance of one prompt under one draw that is due to the draw (0 = another
        draw changes nothing, 1 = pairs are all alike; NaN where nothing varies); `stderr_draws`,
        the part of the standard error of `effect` that more draws would remove.

        Raises:
            MeasurementError: Every prompt pair was corrupted once.
        """
        plan_map, status, effect, attrs = self._by_draw(metric, map)
        return labelled_spread(self.plan, plan_map, effect, status, attrs)

    def interval(
        self,
        metric: str | None = None,
        map: str | None = None,
        *,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        seed: int = 0,
        of: str = "normalized",
    ) -> xr.DataArray:
        """Return a percentile bootstrap interval per cell: the map's axes, then `bound`.

        It covers the sampling of prompts, one cell at a time: with many cells, some intervals
        miss 0 by chance.

        Args:
            metric: Name of a metric.
            map: Name of a map.
            confidence: Share of resamples inside the interval, between 0 and 1.
            n_resamples: How often the prompts are redrawn.
            seed: Of the draws.
            of: `normalized` (ratio of means) or `effect` (in the metric's unit).

        Raises:
            MeasurementError: The effects cannot be normalized.
            PatchwidgetsError: `confidence` is not a share, or there are no resamples.
        """
        if of not in ("normalized", "effect"):
            raise unknown_name("number to take an interval of", of, ["normalized", "effect"])
        m, plan_map, snapshot = self._read(metric, map)
        info, gap = self.metrics[m], None
        attrs = meanings.effect_attrs(info, self.direction)
        if of == "normalized":
            self._must_normalize(m, snapshot)
            gap = snapshot.gap(m)
            attrs = meanings.normalized_attrs(info, self.direction, "ratio_of_means")
        cells = [cell for cell in plan_map.cells if cell is not None]
        used = [cell for cell in cells if snapshot.status[cell] != NOT_MEASURED]
        numbers = np.full((len(self.plan.patches), 2), np.nan)
        numbers[used] = stats.bootstrap_interval(
            snapshot.effect(m)[used],
            gap,
            confidence=confidence,
            n_resamples=n_resamples,
            seed=seed,
        )
        attrs |= {"of": of, "method": "percentile bootstrap over prompts", "seed": seed}
        attrs |= {"confidence": confidence, "n_resamples": n_resamples} | self._note()
        return self._label(
            plan_map, snapshot, numbers, "interval", attrs, {"bound": ["low", "high"]}
        )

    def by_group(
        self, metric: str | None = None, map: str | None = None, of: str = "normalized"
    ) -> xr.DataArray:
        """Return a number per cell within each group of prompts: `group`, then the axes.

        Whether a node matters under every template, or under some only. `attrs["n"]` counts the
        prompts of each group.

        Args:
            metric: Name of a metric.
            map: Name of a map.
            of: `normalized` (ratio of means; `attrs["not_normalizable"]` holds the reason for
                each group that is NaN because its two runs nearly coincide), `effect` (mean
                effect in the metric's unit) or `stderr` (its standard error over the group's
                prompts, NaN for one).

        Raises:
            MeasurementError: No group can be normalized.
        """
        if of not in ("normalized", "effect", "stderr"):
            known = ["normalized", "effect", "stderr"]
            raise unknown_name("number to take within groups", of, known)
        m, plan_map, snapshot = self._read(metric, map)
        info, names = self.metrics[m], list(dict.fromkeys(self.groups))
        numbers = np.full((len(self.plan.patches), len(names)), np.nan)
        refused: dict[str, str] = {}
        for column, name in enumerate(names):
            inside = np.array(self.groups) == name
            effect, gap = snapshot.effect(m)[:, inside], snapshot.gap(m)[inside]
            why = not_normalizable(info, snapshot.base[m, inside], snapshot.source[m, inside])
            if of == "effect":
                numbers[:, column] = stats.mean(effect)
            elif of == "stderr":
                numbers[:, column] = stats.standard_error(effect)
            elif why is None:
                one = [name] * len(gap)
                numbers[:, column] = normalizing.normalize("ratio_of_means", effect, gap, one)
            else:
                refused[name] = why
        if len(refused) == len(names):
            raise _cannot_normalize(refused[names[0]])
        attrs = meanings.effect_attrs(info, self.direction)
        if of == "normalized":
            attrs = meanings.normalized_attrs(info, self.direction, "ratio_of_means")
            attrs["not_normalizable"] = refused
        attrs |= {"of": of, "n": {name: self.groups.count(name) for name in names}}
        labelled = self._label(plan_map, snapshot, numbers, "by_group", attrs, {"group": names})
        return labelled.transpose("group", ...)

    def _by_draw(
        self, metric: str | None, map: str | None
    ) -> tuple[PlanMap, np.ndarray, np.ndarray, dict[str, Any]]:
        """Return a map, the status per patch, effects (patch, pair, draw), and what they mean."""
        require_draws(self.draws)
        m, plan_map, snapshot = self._read(metric, map)
        values, _, baseline = self.numbers()
        effect = by_pair(values[m] - baseline.base(self.direction)[m], self.draws)
        attrs = meanings.effect_attrs(self.metrics[m], self.direction)
        return plan_map, snapshot.status, effect, attrs

    def _read(self, metric: str | None, map: str | None) -> tuple[int, PlanMap, Snapshot]:
        m, plan_map = self._index(metric), find_map(self.plan, map)
        return m, plan_map, self.wait().snapshot()

    def _index(self, metric: str | None) -> int:
        names = [info.name for info in self.metrics]
        if metric is None:
            return 0
        if metric not in names:
            raise unknown_name("metric", metric, names)
        return names.index(metric)

    def _label(
        self,
        plan_map: PlanMap,
        snapshot: Snapshot,
        per_patch: np.ndarray,
        name: str,
        attrs: Mapping[str, Any],
        extra: Mapping[str, Any] | None = None,
    ) -> xr.DataArray:
        """Label means over prompts: a cell that lacks some of its prompts is NaN."""
        complete = np.where(snapshot.status == NOT_MEASURED, np.nan, per_patch.T).T
        attrs = {**attrs, **self._prompts_with_buckets()}
        return label_cells(
            self.plan, plan_map, complete, snapshot.status, name=name, attrs=attrs, extra=extra
        )

    def _per_prompt(
        self,
        plan_map: PlanMap,
        snapshot: Snapshot,
        numbers: np.ndarray,
        name: str,
        attrs: Mapping[str, Any],
    ) -> xr.DataArray:
        prompts = {"prompt": np.arange(len(self.groups))}
        attrs = {**attrs, **self._prompts_with_buckets()}
        labelled = label_cells(
            self.plan, plan_map, numbers, snapshot.status, name=name, attrs=attrs, extra=prompts
        )
        return labelled.assign_coords(group=("prompt", list(self.groups)))

    def _prompts_with_buckets(self) -> dict[str, Any]:
        """Return how many prompt pairs have each bucket, where the plan has buckets."""
        buckets = self.plan.buckets
        return {} if buckets is None else {"prompts_with_bucket": buckets.counts()}

    def _must_normalize(self, metric: int, snapshot: Snapshot) -> None:
        base, source = snapshot.base[metric], snapshot.source[metric]
        why = not_normalizable(self.metrics[metric], base, source)
        if why is not None:
            raise _cannot_normalize(why)

    def _note(self) -> dict[str, str]:
        return {"note": stats.ONE_PROMPT} if len(self.groups) < 2 else {}


def _cannot_normalize(why: str) -> MeasurementError:
    return MeasurementError(
        f"{why} Read `effect()` instead, or use prompt pairs on which the two runs differ."
    )
