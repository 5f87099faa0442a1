"""What a study shows of itself before anything is patched: prompts, baselines, corruption."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import xarray as xr

from patchwidgets.engine.attending import attention
from patchwidgets.engine.corrupting import Noising
from patchwidgets.engine.corruption_report import CorruptionReport, corruption_report
from patchwidgets.engine.session import Session
from patchwidgets.metrics import Metric
from patchwidgets.opening import corruption_names, shape_of, written_study
from patchwidgets.plans.shape import PromptShape
from patchwidgets.prompts.tokens import TokenPairs
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.types import Direction
from patchwidgets.undone import Undone


class Described:
    """A study's prompts, and its two unpatched runs."""

    _session: Session
    _baseline: Baseline
    _origin: dict[str, Any]
    _noising: Noising | None
    _undone: Undone | None

    @property
    def prompts(self) -> TokenPairs:
        """The prompt pairs as tokens; `study.prompts.show()` prints them aligned."""
        return self._session.prompts

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is read off every run."""
        return self._session.metrics

    @property
    def direction(self) -> Direction:
        """Which run is patched with the other's values."""
        return self._session.direction

    @property
    def shape(self) -> PromptShape:
        """Lengths and roles of the prompts, for sweeps."""
        return shape_of(self.prompts)

    def baselines(self) -> pd.DataFrame:
        """Return a row per prompt pair: group, metrics on both runs, and whether clean is right."""
        columns: dict[str, Any] = {"group": [pair.group for pair in self.prompts.pairs]}
        for index, metric in enumerate(self.metrics):
            columns[f"{metric.name} clean"] = self._baseline.clean[index]
            columns[f"{metric.name} corrupted"] = self._baseline.corrupted[index]
        columns["right"] = self._session.right()
        return pd.DataFrame(columns).rename_axis("pair")

    def corruption_report(self, *others: "Described") -> CorruptionReport:
        """Return how far the corrupted runs are from the clean ones, a row for each study.

        Args:
            *others: Studies of the same behaviour, corrupted in other ways.
        """
        studies = [self, *others]
        names = corruption_names([(study._origin, study._noising) for study in studies])
        sessions = [study._session for study in studies]
        return corruption_report(dict(zip(names, sessions, strict=True)))

    def attention(self, to: Sequence[str], of: str = "END") -> xr.DataArray:
        """Return how much the role `of` attends to other roles, in both unpatched runs.

        Args:
            to: Roles that are attended to, such as `["IO", "S1"]`.
            of: The role that attends.

        Returns:
            `run` (clean, corrupted), `layer`, `head`, `role`, `prompt`: the share of a head's
            attention, 0 = none, 1 = all. Draws of noise are averaged over.

        Raises:
            PlanError: Some prompt lacks a role.
            ModelError: The model has no attention pattern.
        """
        return attention(self._session, self.shape, to, of)

    def by_group(self) -> pd.DataFrame:
        """Return a row per group of prompts (template): pairs, mean metrics, share right."""
        groups = self.baselines().groupby("group")
        table = pd.DataFrame(groups.mean()).rename(columns={"right": "share right"})
        table["pairs"] = groups.size()
        return table

    def __repr__(self) -> str:
        return written_study(self._session, self._baseline, self._origin, self._undone)

    def _refuse_undone(self) -> None:
        """Refuse to measure where the model is right on no clean prompt.

        Raises:
            PromptError: It is, and the study was not opened to measure all the same.
        """
        if self._undone is not None:
            self._undone.refuse()

    def _metric_infos(self) -> list[MetricInfo]:
        return [MetricInfo(metric.name, metric.label, metric.unit) for metric in self.metrics]

    def _groups(self) -> list[str]:
        return [pair.group for pair in self.prompts.pairs]
