"""What can be read off a circuit's runs at one moment, without waiting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patchwidgets.circuits.circuit import RUNS, Circuit
from patchwidgets.circuits.shares import (
    Areas,
    Chance,
    Share,
    areas_of,
    chance_of,
    share_of,
    why_no_share,
)
from patchwidgets.errors import MeasurementError
from patchwidgets.registry import unknown_name
from patchwidgets.results.measured import MetricInfo, Snapshot


@dataclass(frozen=True, eq=False)
class Reading:
    """The numbers of a circuit at one moment; NaN where nothing was measured.

    `metric` is the name of a metric, by default the first.

    Args:
        circuit: What is measured.
        metrics: What was read off every run.
        groups: The template or other group of each prompt pair.
        snapshot: Every run so far.
    """

    circuit: Circuit
    metrics: tuple[MetricInfo, ...]
    groups: tuple[str, ...]
    snapshot: Snapshot

    def runs(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per prompt pair: its group, and the metric in the model and in each run."""
        m = self._index(metric)
        columns: dict[str, object] = {"group": list(self.groups), "model": self.snapshot.base[m]}
        columns |= {name: self._cell(m, 0, place) for place, name in enumerate(RUNS)}
        return pd.DataFrame(columns).rename_axis("pair")

    def faithfulness(self, metric: str | None = None, **resampling: float | int) -> Share:
        """Return how much the circuit alone keeps."""
        return self._share(self._index(metric), self._cell(self._index(metric), 0, 1), resampling)

    def left(self, metric: str | None = None, **resampling: float | int) -> Share:
        """Return how much is left without the circuit."""
        return self._share(self._index(metric), self._cell(self._index(metric), 0, 2), resampling)

    def chance(self, metric: str | None = None) -> Chance:
        """Return how the circuit compares with random ones of its size."""
        m = self._index(metric)
        kept = [self._cell(m, 1, place) for place in range(len(self.circuit.random))]
        return chance_of(self._value(m, self._cell(m, 0, 1)), self._values(m, kept))

    def random_runs(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per random circuit: its nodes, the mean metric, and how much it keeps."""
        m = self._index(metric)
        kept = [self._cell(m, 1, place) for place in range(len(self.circuit.random))]
        return pd.DataFrame(
            {
                "nodes": [" + ".join(map(str, nodes)) for nodes in self.circuit.random],
                "mean": [float(one.mean()) for one in kept],
                "share": self._values(m, kept),
            }
        ).rename_axis("circuit")

    def curve(self, metric: str | None = None, **resampling: float | int) -> pd.DataFrame:
        """Return a row per size: the share kept with its interval, and the node added last."""
        m = self._index(metric)
        rows = []
        for place, size in enumerate(self.circuit.sizes):
            share = self._share(m, self._cell(m, 2, place), resampling)
            added = str(self.circuit.order[size - 1]) if size else ""
            part = size / len(self.circuit.universe)
            rows.append((size, part, share.value, share.low, share.high, share.effect, added))
        names = ["size", "part", "share", "low", "high", "effect", "added"]
        return pd.DataFrame(rows, columns=names).set_index("size")

    def values(self, metric: str | None, plan_map: int) -> np.ndarray:
        """Return the metric in every run of a map of the circuit's plan, by run and prompt pair."""
        m, places = self._index(metric), range(len(self.circuit.plan.maps[plan_map].cells))
        rows = [self._cell(m, plan_map, place) for place in places]
        return np.array(rows).reshape(len(rows), len(self.groups))

    def areas(self, metric: str | None = None) -> Areas:
        """Return the areas of the curve.

        Raises:
            MeasurementError: The curve does not go from nothing to the whole universe, was not
                measured to its end, or has no shares.
        """
        if not self.circuit.is_complete:
            first, last = self.circuit.sizes[0], self.circuit.sizes[-1]
            raise MeasurementError(
                f"The curve goes from {first} to {last} of {len(self.circuit.universe)} nodes, and "
                "an area is that of a curve from nothing to the whole universe, of nodes at all "
                "positions. Give the order of all of them, such as "
                "`study.circuit(nodes, order=study.sweep('heads'))`."
            )
        curve = self.curve(metric, n_resamples=1)
        if np.isnan(curve["share"].to_numpy()).any():
            m = self._index(metric)
            nothing = self._cell(m, 0, 0)
            raise MeasurementError(
                why_no_share(self.metrics[m], nothing, self.snapshot.base[m])
                or "The curve was not measured to its end, so it has no area. Measure it again "
                "and let it finish."
            )
        return areas_of(curve["part"].to_numpy(), curve["share"].to_numpy())

    def _index(self, metric: str | None) -> int:
        names = [info.name for info in self.metrics]
        if metric is None:
            return 0
        if metric not in names:
            raise unknown_name("metric", metric, names)
        return names.index(metric)

    def _cell(self, m: int, plan_map: int, place: int) -> np.ndarray:
        """Return the metric per prompt in one run; a circuit of everything is the model."""
        patch = self.circuit.plan.maps[plan_map].cells[place]
        return self.snapshot.base[m] if patch is None else self.snapshot.values[m, patch]

    def _share(self, m: int, kept: np.ndarray, resampling: dict[str, float | int]) -> Share:
        nothing, model = self._cell(m, 0, 0), self.snapshot.base[m]
        return share_of(self.metrics[m], kept, nothing, model, **resampling)  # type: ignore[arg-type]

    def _value(self, m: int, kept: np.ndarray) -> float:
        nothing, model = self._cell(m, 0, 0), self.snapshot.base[m]
        if why_no_share(self.metrics[m], nothing, model):
            return float("nan")
        return float((kept - nothing).mean() / (model - nothing).mean())

    def _values(self, m: int, kept: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([self._value(m, one) for one in kept])
