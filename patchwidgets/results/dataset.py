"""A result as one xarray dataset."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from patchwidgets.plans.plan import Plan
from patchwidgets.results.labels import spread
from patchwidgets.results.measured import UNREACHABLE, MetricInfo, Snapshot


def build_dataset(
    plan: Plan, metrics: Sequence[MetricInfo], groups: Sequence[str], snapshot: Snapshot
) -> xr.Dataset:
    """Return the values of every map (metric, its axes, prompt) beside the two baselines.

    Variables: `<map>` and `<map>_status` for each map, `base` and `source` (metric, prompt).
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
    return xr.Dataset(variables, coords=coords, attrs={"plan": plan.describe()})
