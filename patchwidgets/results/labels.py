"""Puts per-patch numbers on the axes of a map, with the labels and names that belong there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from patchwidgets.plans.plan import Plan, PlanMap
from patchwidgets.registry import unknown_name
from patchwidgets.results.measured import UNREACHABLE

NO_PATCH = -1
"""Stands for `None` in an array of patch indices."""


def find_map(plan: Plan, name: str | None) -> PlanMap:
    """Return the plan's map called `name`, or its first map.

    Raises:
        UnknownNameError: The plan has no map of that name; the message suggests the nearest one.
    """
    if name is None:
        return plan.maps[0]
    for plan_map in plan.maps:
        if plan_map.name == name:
            return plan_map
    raise unknown_name("map", name, [plan_map.name for plan_map in plan.maps])


def patch_indices(plan_map: PlanMap) -> np.ndarray:
    """Return the patch of each cell, shaped like the map; `NO_PATCH` where there is none."""
    cells = [NO_PATCH if cell is None else cell for cell in plan_map.cells]
    return np.array(cells, dtype=np.int64).reshape(plan_map.shape)


def spread(plan_map: PlanMap, per_patch: np.ndarray, empty: object = np.nan) -> np.ndarray:
    """Return `per_patch` (patches first) laid on the map's axes, `empty` where there is none."""
    last = np.full((1, *per_patch.shape[1:]), empty, dtype=per_patch.dtype)
    return np.asarray(np.concatenate([per_patch, last])[patch_indices(plan_map)])


def label_cells(
    plan: Plan,
    plan_map: PlanMap,
    per_patch: np.ndarray,
    status: np.ndarray,
    *,
    name: str,
    attrs: Mapping[str, Any],
    extra: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Return one number or row of numbers per patch as a labelled array.

    Args:
        plan: Whose patches these are.
        plan_map: On whose axes they are laid.
        per_patch: Patch by the dimensions of `extra`.
        status: Per patch, as in `Snapshot`.
        name: Of the array.
        attrs: Unit, direction, and what 0 and 1 mean.
        extra: Further dimensions after the map's axes, each with its coordinate.

    Returns:
        The map's axes, then `extra`. Coordinates `node` (written name, empty where the sender
        cannot reach the receiver) and `status` (as in `Snapshot`, or 3: cannot reach).
    """
    axes = [axis.name for axis in plan_map.axes]
    names = np.array(plan.names, dtype=np.str_)
    coords: dict[str, Any] = {axis.name: list(axis.labels) for axis in plan_map.axes}
    coords |= {
        "node": (axes, spread(plan_map, names, "")),
        "status": (axes, spread(plan_map, status, UNREACHABLE)),
    }
    extra = extra or {}
    return xr.DataArray(
        spread(plan_map, per_patch),
        dims=[*axes, *extra],
        coords=coords | dict(extra),
        name=name,
        attrs=dict(attrs),
    )
