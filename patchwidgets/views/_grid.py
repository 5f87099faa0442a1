"""Lays the maps of a plan on rows and columns, with the written name of every cell."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results.labels import NO_PATCH, find_map, patch_indices

NO_NODE = -2
"""In `Grid.cells`: the model has no such node, and nothing is drawn."""

_WRITTEN = {"layer": "L", "head": "H", "kv_head": "H"}
_SINGLE = {"mlp": ("MLP", ".mlp_out"), "mlp_in": ("MLP", ".mlp_in")}


@dataclass(frozen=True)
class Line:
    """One row or column: what is drawn at it, and its share of the written names."""

    label: str
    part: str


@dataclass(frozen=True, eq=False)
class Grid:
    """Where each patch of one or more maps is drawn.

    Args:
        row_axis: What runs down the rows, such as `layer`.
        column_axis: What runs along the columns, such as `head`; `sender` or `receiver` where maps
            are joined.
        rows: One per row; `rows[i].part + columns[j].part` is the written name of a cell.
        columns: One per column.
        cells: Row by column: patch index, -1 cannot reach the receiver, -2 no such node.
        names: Written names that the parts do not give, by row-major index.
    """

    row_axis: str
    column_axis: str
    rows: tuple[Line, ...]
    columns: tuple[Line, ...]
    cells: np.ndarray
    names: dict[int, str]

    def place(self, per_patch: np.ndarray, empty: float | int = np.nan) -> np.ndarray:
        """Return row by column: the number of each cell's patch; `empty` where there is none."""
        last = np.full(1, empty, dtype=per_patch.dtype)
        return np.concatenate([per_patch, last])[np.maximum(self.cells, NO_PATCH)]

    def stack(self, per_metric: Iterable[np.ndarray]) -> np.ndarray:
        """Return metric by row by column; NaN where there is no patch."""
        return np.stack([self.place(per_patch) for per_patch in per_metric])


def lay_out(plan: Plan, map: str | None = None) -> Grid:
    """Return the plan's first map as a grid, with those maps joined to it that fit.

    The last axis runs along the columns, the others down the rows (layer-major: `L9H6`). A map
    whose only axis is that of the rows becomes one more column (`MLP` beside the heads); a map
    without axes becomes one more row beside its label, on top (`embed` before layer 0) or, among
    the receivers of one sender, at the bottom (`logits`). Receivers of several kinds stand beside
    one another (`q`, `k` and `v`). A map that does not fit is drawn only when it is asked for by
    name.

    Args:
        plan: A plan with at least one map.
        map: Draw only this map.
    """
    first = find_map(plan, map)
    joined = [other for other in plan.maps if map is None and other is not first]
    across = first.axes[-1:] if len(first.axes) > 1 else ()
    down = first.axes[: len(first.axes) - len(across)]
    rows, columns = _lines(down), _lines(across) if across else [_single(first)]
    cells = patch_indices(first).reshape(len(rows), len(columns))
    beside = [] if plan.origin is None else [one for one in joined if _is_beside(one, down, across)]
    if beside:
        columns = _kinds([first, *beside])
        parts = [patch_indices(other).reshape(len(rows), -1) for other in beside]
        cells = np.column_stack([cells, *parts])
    for other in joined:
        if other.axes and other.axes == down:
            cells = np.column_stack([cells, patch_indices(other)])
            columns.append(_single(other))
    columns = [
        Line(column.label, _part(plan, rows, cells[:, j]) or column.part)
        for j, column in enumerate(columns)
    ]
    for other in joined:
        if first.axes and not other.axes:
            row = np.full(len(columns), NO_NODE)
            row[0] = patch_indices(other)
            last = plan.origin is not None
            cells = np.vstack([cells, row] if last else [row, cells])
            rows.insert(len(rows) if last else 0, Line(other.name, ""))
    return Grid(
        row_axis=down[-1].name if down else first.name,
        column_axis=_column_axis(plan, first, across, len(columns)),
        rows=tuple(rows),
        columns=tuple(columns),
        cells=cells,
        names=_other_names(plan, rows, columns, cells),
    )


def _lines(axes: tuple[Axis, ...]) -> list[Line]:
    lines: list[Line] = []
    for labels in product(*(axis.labels for axis in axes)):
        steps = [(_WRITTEN.get(a.name), str(v)) for a, v in zip(axes, labels, strict=True)]
        part = "".join(letter + label for letter, label in steps if letter)
        is_head = len(axes) == 1 and _WRITTEN.get(axes[0].name) == "H"
        shown = " ".join(label for letter, label in steps if not letter or is_head)
        lines.append(Line(shown if is_head else f"{part} {shown}".strip(), part))
    return lines


def _single(plan_map: PlanMap) -> Line:
    return Line(*_SINGLE.get(plan_map.name, (plan_map.name, "")))


def _is_beside(other: PlanMap, down: tuple[Axis, ...], across: tuple[Axis, ...]) -> bool:
    """Whether a map of heads has the rows of the first map, which is one too."""
    if not across or len(other.axes) != len(down) + 1 or other.axes[:-1] != down:
        return False
    return all(_WRITTEN.get(axis.name) == "H" for axis in (across[0], other.axes[-1]))


def _kinds(maps: list[PlanMap]) -> list[Line]:
    """Return the columns of maps of heads beside one another: `q0`, `q1`, `k0`."""
    return [
        Line(f"{one.name}{line.label}", line.part) for one in maps for line in _lines(one.axes[-1:])
    ]


def _column_axis(plan: Plan, first: PlanMap, across: tuple[Axis, ...], n_columns: int) -> str:
    if not across:
        return first.name
    joined = "sender" if plan.origin is None else "receiver"
    return across[0].name if n_columns == len(across[0].labels) else joined


def _part(plan: Plan, rows: list[Line], column: np.ndarray) -> str:
    """Return what most names of a column have after the part of their row."""
    ends = Counter(
        plan.names[patch].removeprefix(row.part)
        for row, patch in zip(rows, column, strict=True)
        if patch >= 0
    )
    part, times = ends.most_common(1)[0] if ends else ("", 0)
    return part if 2 * times > len(rows) else ""


def _other_names(
    plan: Plan, rows: list[Line], columns: list[Line], cells: np.ndarray
) -> dict[int, str]:
    names: dict[int, str] = {}
    for index, patch in enumerate(cells.flat):
        row, column = divmod(index, len(columns))
        if patch > NO_PATCH:
            written = plan.names[patch]
            if written != rows[row].part + columns[column].part:
                names[index] = written
    return names
