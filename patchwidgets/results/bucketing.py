"""From patches at single positions to the buckets of a map: one mean per prompt."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from patchwidgets.plans.plan import Plan, at_position
from patchwidgets.results.measured import IDENTITY, MEASURED, NOT_MEASURED


class Block(NamedTuple):
    """Rows whose prompts have the same positions in one bucket."""

    patch: int
    rows: np.ndarray
    singles: list[int]


class Filled(NamedTuple):
    """One patch at a bucket, on rows of which every position is measured."""

    patch: int
    rows: np.ndarray
    values: np.ndarray
    status: np.ndarray


def lacking(plan: Plan, n_pairs: int, draws: int) -> np.ndarray:
    """Return patch by row: which rows are of prompts without a position in the patch's bucket."""
    if plan.buckets is None:
        return np.zeros((len(plan.patches), n_pairs * draws), dtype=bool)
    without = {
        name: np.repeat([not places for places in plan.buckets.of(name)], draws)
        for name in plan.buckets.names
    }
    return np.array([without[plan.bucket_of(patch)] for patch in range(len(plan.patches))])


class Singles:
    """What was measured at every position by itself, of a plan that has buckets.

    A mean is taken once, over all positions in their order, so that the order in which they are
    measured changes no bit of it.

    Args:
        plan: A plan with buckets.
        n_metrics: How many numbers every patch has on a row.
        n_pairs: Prompt pairs.
        draws: Rows of every pair.
    """

    def __init__(self, plan: Plan, n_metrics: int, n_pairs: int, draws: int) -> None:
        assert plan.buckets is not None
        place = {patch: index for index, patch in enumerate(plan.measured.patches)}
        shape = (n_metrics, len(place), n_pairs * draws)
        self._values = np.full(shape, np.nan)
        self._status = np.full(shape[1:], NOT_MEASURED, dtype=np.uint8)
        self._blocks: dict[int, list[Block]] = defaultdict(list)
        rows_of = {
            name: _rows_by_places(plan.buckets.of(name), draws) for name in plan.buckets.names
        }
        for index, patch in enumerate(plan.patches):
            for positions, rows in rows_of[plan.bucket_of(index)].items():
                singles = [place[at_position(patch, position)] for position in positions]
                for single in singles:
                    self._blocks[single].append(Block(index, rows, singles))

    @property
    def done(self) -> int:
        """How many patches at single positions are measured on every row."""
        return int((self._status != NOT_MEASURED).all(axis=1).sum())

    def record(
        self, single: int, values: np.ndarray, rows: np.ndarray, identity: bool
    ) -> list[Filled]:
        """Keep one patch at a single position, and return the means that are complete with it.

        Args:
            single: Index into `plan.measured.patches`.
            values: Metric by row.
            rows: Which rows they are for.
            identity: Whether nothing was run.
        """
        self._values[:, single, rows] = values
        self._status[single, rows] = IDENTITY if identity else MEASURED
        given = np.zeros(self._status.shape[1], dtype=bool)
        given[rows] = True
        filled = []
        for patch, among, singles in self._blocks[single]:
            here = among[given[among]]
            here = here[(self._status[singles][:, here] != NOT_MEASURED).all(axis=0)]
            if here.size:
                means = self._values[:, singles][:, :, here].mean(axis=1)
                same = (self._status[singles][:, here] == IDENTITY).all(axis=0)
                filled.append(Filled(patch, here, means, np.where(same, IDENTITY, MEASURED)))
        return filled

    def forget(self) -> None:
        """Empty it."""
        self._values[:] = np.nan
        self._status[:] = NOT_MEASURED


def _rows_by_places(
    places: tuple[tuple[int, ...], ...], draws: int
) -> dict[tuple[int, ...], np.ndarray]:
    rows: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for pair, positions in enumerate(places):
        if positions:
            rows[positions] += range(pair * draws, (pair + 1) * draws)
    return {positions: np.array(there) for positions, there in rows.items()}
