"""A result as one xarray dataset."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from patchwidgets.plans.plan import Plan
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.labels import spread
from patchwidgets.results.measured import UNREACHABLE, MetricInfo, Snapshot


def build_dataset(
    plan: Plan,
    metrics: Sequence[MetricInfo],
    groups: Sequence[str],
    snapshot: Snapshot,
    estimate: Estimate | None = None,
) -> xr.Dataset:
    """Return the values of every map (metric, its axes, prompt) beside the two baselines.

    Variables: `<map>` and `<map>_status` for each map, `base` and `source` (metric, prompt). Where
    effects were estimated, `<map>_estimated` beside them, measured or not: effects in the metric's
    unit, 0 = nothing happens, where `<map>` has values of the metric itself; or
    `<map>_estimated_size` where the estimate has no sign.
    An axis whose labels differ from those of an earlier map is called `<map>_<axis>`.
    """
    coords: dict[str, object] = {
        "metric": [info.name for info in metrics],
        "unit": ("metric", [info.unit for info in metrics]),
        "prompt": np.arange(len(groups)),
        "group": ("prompt", list(groups)),
    }
    variables: dict[str, object] = {
        "base": (("metric", "prompt"), snapshot.base),
        "source": (("metric", "prompt"), snapshot.source),
    }
    patch_first = np.moveaxis(snapshot.values, 0, 1)
    for plan_map in plan.maps:
        dims: list[str] = []
        for axis in plan_map.axes:
            same = coords.setdefault(axis.name, list(axis.labels)) == list(axis.labels)
            dims.append(axis.name if same else f"{plan_map.name}_{axis.name}")
            coords[dims[-1]] = list(axis.labels)
        values = np.moveaxis(spread(plan_map, patch_first), -2, 0)
        variables[plan_map.name] = (("metric", *dims, "prompt"), values)
        variables[f"{plan_map.name}_status"] = (
            tuple(dims),
            spread(plan_map, snapshot.status, UNREACHABLE),
        )
        if estimate is not None:
            kind = "estimated" if estimate.signed else "estimated_size"
            guesses = spread(plan_map, np.moveaxis(estimate.values, 0, 1))
            variables[f"{plan_map.name}_{kind}"] = (
                ("metric", *dims, "prompt"),
                np.moveaxis(guesses, -2, 0),
                {"estimated": True, "method": estimate.method, **estimate.options},
            )
    return xr.Dataset(variables, coords=coords, attrs={"plan": plan.describe()})
