"""What a claim reads: one map by one metric, pair by pair, and its means over redrawn pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from patchwidgets.paper._check import NothingToMeasure, Number
from patchwidgets.results.detection import beyond
from patchwidgets.results.stats import bootstrap_weights

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Sheet:
    """One map by one metric.

    Args:
        nodes: Written name of each cell.
        effect: Cell by pair, in the metric's unit, positive towards the clean run.
        clean: The metric on the clean run, per pair.
        corrupted: The metric on the corrupted run, per pair.
        groups: Template or other group of each pair.
    """

    nodes: tuple[str, ...]
    effect: np.ndarray
    clean: np.ndarray
    corrupted: np.ndarray
    groups: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """Number of prompt pairs."""
        return self.effect.shape[1]

    def of_group(self, group: str) -> "Sheet":
        """Return what was measured on the pairs of one group.

        Raises:
            NothingToMeasure: There are none.
        """
        inside = np.array([one == group for one in self.groups])
        if not inside.any():
            raise NothingToMeasure(f"no pair of the group `{group}` is known to the model")
        return self._of(inside)

    def complete(self) -> "Sheet":
        """Return what was measured on the pairs that have a number in every cell.

        Raises:
            NothingToMeasure: There are none.
        """
        inside = np.asarray(np.isfinite(self.effect).all(axis=0))
        if not inside.any():
            raise NothingToMeasure("no prompt pair has a number in every cell")
        return self._of(inside)

    def _of(self, inside: np.ndarray) -> "Sheet":
        return Sheet(
            self.nodes,
            self.effect[:, inside],
            self.clean[inside],
            self.corrupted[inside],
            tuple(np.array(self.groups)[inside].tolist()),
        )


@dataclass(frozen=True, eq=False)
class Attention:
    """What heads attend to from the last position.

    Args:
        heads: Written name of each.
        clean: Role to head by pair: attention in the clean run, from 0 to 1.
        corrupted: Likewise in the corrupted run.
    """

    heads: tuple[str, ...]
    clean: dict[str, np.ndarray]
    corrupted: dict[str, np.ndarray]

    def rows(self, chosen: Sequence[str]) -> list[int]:
        """Return where these heads are."""
        return [self.heads.index(head) for head in chosen]


class Means:
    """A sheet averaged over pairs.

    Args:
        nodes: Written name of each cell.
        effect: Mean effect of each cell.
        clean: Mean of the metric on the clean run.
        corrupted: Mean of the metric on the corrupted run.
    """

    def __init__(
        self, nodes: tuple[str, ...], effect: np.ndarray, clean: float, corrupted: float
    ) -> None:
        self.nodes = nodes
        self.effect = effect
        self.clean = clean
        self.corrupted = corrupted

    @property
    def normalized(self) -> np.ndarray:
        """Effects in shares of the gap between the runs; NaN where there is none."""
        gap = abs(self.clean - self.corrupted)
        return self.effect / gap if gap > 0 else np.full_like(self.effect, np.nan)

    @cached_property
    def signs(self) -> dict[str, int]:
        """The detected nodes, 1 positive and -1 negative: 2 SD from the mean over the map."""
        high, low = (found[0] for found in beyond(self.effect[None], "sd", 2))
        return {
            node: 1 if up else -1
            for node, up, down in zip(self.nodes, high, low, strict=True)
            if up or down
        }

    @property
    def found(self) -> set[tuple[str, int]]:
        """Detected nodes, each with its sign."""
        return set(self.signs.items())

    def having(self, sign: int) -> set[str]:
        """Return the detected nodes of one sign."""
        return {node for node, found in self.signs.items() if found == sign}

    @property
    def low_bar(self) -> float:
        """At or below which a node is negative."""
        return float(self.effect.mean() - 2 * self.effect.std())


class Draw:
    """One draw of the prompt pairs; pairs that two sheets share are drawn alike.

    Args:
        index: Which of the resamples; `None` takes every pair once.
    """

    def __init__(self, index: int | None = None) -> None:
        self.index = index
        self.used: list[int] = []

    def means(self, sheet: Sheet) -> Means:
        """Return a sheet averaged over the drawn pairs."""
        weights = self._weights(sheet.pairs)
        return Means(
            sheet.nodes,
            sheet.effect @ weights,
            float(sheet.clean @ weights),
            float(sheet.corrupted @ weights),
        )

    def mean(self, per_pair: np.ndarray) -> float:
        """Return the mean over the drawn pairs of one number per pair."""
        return float(per_pair @ self._weights(len(per_pair)))

    def _weights(self, pairs: int) -> np.ndarray:
        self.used.append(pairs)
        if self.index is None:
            return np.full(pairs, 1 / pairs)
        return bootstrap_weights(pairs, RESAMPLES, 0)[self.index]


def number(statistic: Callable[[Draw], float | int]) -> Number:
    """Return a statistic of the pairs, and its 95 % percentile bootstrap interval.

    Everything that the statistic chooses, such as a peak or which nodes are detected, is chosen
    anew in every resample. It is NaN, end by end, where the statistic is NaN in any of them.
    """
    whole = Draw()
    value = float(statistic(whole))
    drawn = [float(statistic(Draw(index))) for index in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Number(value, float(low), float(high), min(whole.used))
