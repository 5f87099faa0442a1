"""A plan: which patches a sweep makes and how they lie on the map. Pure data."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

from patchwidgets.errors import PlanError
from patchwidgets.nodes import Path, parse_node
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.patch import Patch, written_name

Form = Literal["pinned", "direct", "pinned_all"]
"""Which nodes are frozen while a sender's change travels to its receivers.

`pinned`: every other attention head stays at its base value, MLPs and norms are recomputed (Wang
et al. 2022, App. B). `pinned_all`: MLPs stay at their base values too. `direct`: the change is
added at each receiver's own input and everything else is live. For one receiver the last two are
the same.
"""

PATHS_FROM = "paths_from"
"""Name of a plan whose paths all begin at one sender, and whose cells are receivers."""


@runtime_checkable
class Costed(Protocol):
    """What a plan takes on one machine, in words by `str`; `engine/cost.py` makes it."""

    @property
    def plan(self) -> str:
        """Name of the plan."""
        ...

    @property
    def cells(self) -> int:
        """Its patches."""
        ...


@dataclass(frozen=True)
class Axis:
    """One axis of a map.

    Args:
        name: `layer`, `head`, `position`, `role` or `bucket`.
        labels: One per coordinate, as drawn and as xarray coordinate.
    """

    name: str
    labels: tuple[str | int, ...]


@dataclass(frozen=True)
class PlanMap:
    """How some of a plan's patches lie on axes.

    Args:
        name: `heads`, `residual`, `mlp`, `embed` ...; unique within the plan.
        axes: Axes, slowest first; none for a single number.
        cells: Index into the plan's patches for each cell in row-major order; `None` where the
            sender cannot reach the receiver, so that there is nothing to measure.
    """

    name: str
    axes: tuple[Axis, ...]
    cells: tuple[int | None, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of coordinates on each axis."""
        return tuple(len(axis.labels) for axis in self.axes)

    def __post_init__(self) -> None:
        if len(self.cells) != math.prod(self.shape):
            raise AssertionError(f"map {self.name!r}: {len(self.cells)} cells for {self.shape}")


@dataclass(frozen=True)
class Plan:
    """An ordered set of patches.

    Args:
        name: The sweep it came from, `path` or `paths_from`.
        patches: In no particular order; the engine chooses the order of measuring.
        maps: How the patches lie on axes; the first map is the one shown by default.
        form: Which nodes are frozen, for path patches; otherwise `None`.
        buckets: Where nodes are at buckets of positions: all the nodes of a patch are at one. Such
            a patch is not made as it is written, but once at each position: see `measured`.
    """

    name: str
    patches: tuple[Patch, ...]
    maps: tuple[PlanMap, ...]
    form: Form | None = None
    buckets: Buckets | None = None

    @cached_property
    def measured(self) -> "Plan":
        """The patches that are made: this plan, or one patch for every position of a bucket.

        A position that a prompt does not have is not patched in it.
        """
        if self.buckets is None:
            return self
        ordered = sorted(
            (position, index)
            for index, patch in enumerate(self.patches)
            for position in self.buckets.positions(self.bucket_of(index))
        )
        patches = (at_position(self.patches[index], position) for position, index in ordered)
        return Plan(self.name, tuple(dict.fromkeys(patches)), ())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each patch is of: its nodes, or the sender of its path.

        Where all paths have one sender, their receivers.
        """
        if self.origin is None:
            return tuple(map(written_name, self.patches))
        paths = (patch.path for patch in self.patches)
        return tuple(", ".join(map(str, path.receivers)) for path in paths if path)

    @property
    def origin(self) -> str | None:
        """The sender, and stops on the way, from which all paths of a forward map go."""
        path = self.patches[0].path if self.patches else None
        if self.name != PATHS_FROM or path is None:
            return None
        return " -> ".join([str(path.sender), *(", ".join(map(str, s)) for s in path.through)])

    def bucket_of(self, patch: int) -> str:
        """Return the bucket that a patch of this plan is at."""
        return str(self.patches[patch].nodes[0].position)

    def describe(self, cost: Costed | None = None) -> str:
        """Return a sentence on what will be measured.

        A plan knows no machine. `study.cost(plan)` says in how many chunks it would be measured,
        for how long and in how much memory, before anything runs: `print(study.cost(plan))`, or
        `print(plan.describe(study.cost(plan)))` for both.

        Args:
            cost: What `study.cost` returned for this plan; said below the sentence.

        Raises:
            PlanError: It is the cost of another plan.
        """
        shapes = ", ".join(
            f"{plan_map.name} ({' x '.join(axis.name for axis in plan_map.axes) or 'one number'})"
            for plan_map in self.maps
        )
        form = f", form {self.form}" if self.form else ""
        singles = "" if self.buckets is None else f", {len(self.measured.patches)} to measure"
        said = f"{self.name}: {len(self.patches)} patches in {shapes}{form}{singles}"
        if cost is None:
            return said
        if (cost.plan, cost.cells) != (self.name, len(self.measured.patches)):
            raise PlanError(
                f"The cost is of another plan (`{cost.plan}`, {cost.cells} patches) than this one "
                f"({said}). Type `plan.describe(study.cost(plan))`."
            )
        return f"{said}\n{cost}"

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain lists, dicts and strings."""
        written: dict[str, Any] = {
            "name": self.name,
            "form": self.form,
            "patches": [_patch_to_json(patch) for patch in self.patches],
            "maps": [
                {
                    "name": plan_map.name,
                    "axes": [[axis.name, list(axis.labels)] for axis in plan_map.axes],
                    "cells": list(plan_map.cells),
                }
                for plan_map in self.maps
            ],
        }
        return written if self.buckets is None else written | {"buckets": self.buckets.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Plan":
        """Return the plan that `to_json` wrote."""
        return cls(
            name=data["name"],
            form=data["form"],
            patches=tuple(_patch_from_json(patch) for patch in data["patches"]),
            maps=tuple(
                PlanMap(
                    name=entry["name"],
                    axes=tuple(Axis(name, tuple(labels)) for name, labels in entry["axes"]),
                    cells=tuple(entry["cells"]),
                )
                for entry in data["maps"]
            ),
            buckets=Buckets.from_json(data["buckets"]) if data.get("buckets") else None,
        )


def at_position(patch: Patch, position: int) -> Patch:
    """Return a patch of nodes with all of them at one position."""
    return Patch(tuple(replace(node, position=position) for node in patch.nodes))


def _patch_to_json(patch: Patch) -> dict[str, Any]:
    if patch.path is None:
        return {"nodes": [str(node) for node in patch.nodes]}
    written: dict[str, Any] = {
        "sender": str(patch.path.sender),
        "receivers": [str(node) for node in patch.path.receivers],
    }
    if patch.path.through:
        written["through"] = [[str(node) for node in stop] for stop in patch.path.through]
    return written


def _patch_from_json(data: dict[str, Any]) -> Patch:
    if "nodes" in data:
        return Patch(nodes=tuple(map(parse_node, data["nodes"])))
    receivers = tuple(map(parse_node, data["receivers"]))
    through = tuple(tuple(map(parse_node, stop)) for stop in data.get("through", ()))
    return Patch(path=Path(parse_node(data["sender"]), receivers, through))
