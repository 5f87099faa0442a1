"""Estimates laid on the axes of their plan, under a name that no measurement has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from patchwidgets.plans.plan import Plan
from patchwidgets.registry import unknown_name
from patchwidgets.results import meanings
from patchwidgets.results.circumstances import Circumstances
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.labels import find_map, label_cells
from patchwidgets.results.measured import NOT_MEASURED, MetricInfo
from patchwidgets.types import Direction


@dataclass(frozen=True, eq=False, repr=False)
class Estimated:
    """What a plan's patches would do by estimate; nothing in it was measured.

    Args:
        plan: The patches and their maps.
        metrics: In the order of the values.
        direction: Which run is patched.
        groups: The template or other group of each prompt pair.
        estimate: The numbers and how they were made.
        holds_for: The model, the prompts and the rest of the question.
    """

    plan: Plan
    metrics: Sequence[MetricInfo]
    direction: Direction
    groups: Sequence[str]
    estimate: Estimate
    holds_for: Circumstances

    def effect(self, metric: str | None = None, map: str | None = None) -> xr.DataArray:
        """Return the estimated effect per prompt, in the metric's unit; 0 = nothing happens.

        Args:
            metric: Name of a metric; the first by default.
            map: Name of one of the plan's maps; the first by default.

        Returns:
            The map's axes, then `prompt`, named `estimated effect` or `estimated effect size`. NaN
            where the sender cannot reach the receiver, or the method has no estimate.
        """
        m, plan_map = self._index(metric), find_map(self.plan, map)
        estimate = self.estimate
        attrs = meanings.effect_attrs(self.metrics[m], self.direction)
        attrs |= {"estimated": True, "method": estimate.method, **estimate.options}
        return label_cells(
            self.plan,
            plan_map,
            estimate.values[m],
            np.full(len(self.plan.patches), NOT_MEASURED, dtype=np.uint8),
            name="estimated effect" if estimate.signed else "estimated effect size",
            attrs=attrs,
            extra={"prompt": np.arange(len(self.groups))},
        )

    def strongest(self, n: int = 10, metric: str | None = None) -> list[str]:
        """Return the names of the patches with the largest mean estimate, either sign."""
        order = self.estimate.order(self._index(metric))
        return [self.plan.names[patch] for patch in order[:n]]

    def _index(self, metric: str | None) -> int:
        names = [info.name for info in self.metrics]
        if metric is not None and metric not in names:
            raise unknown_name("metric", metric, names)
        return 0 if metric is None else names.index(metric)

    def __repr__(self) -> str:
        return (
            f"<Estimate by {self.estimate.method} of {self.plan.name}: {len(self.plan.patches)} "
            f"patches, none measured; largest {', '.join(self.strongest(5))}>"
        )
