"""The result of a plan: values for every patch and prompt, both baselines, and provenance."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
import xarray as xr

from patchwidgets.errors import MeasurementError
from patchwidgets.plans.plan import Plan
from patchwidgets.results import storage
from patchwidgets.results._document import Precision
from patchwidgets.results.circumstances import Circumstances
from patchwidgets.results.csv import write_csv
from patchwidgets.results.dataset import build_dataset
from patchwidgets.results.estimate import Agreement, Estimate, compare
from patchwidgets.results.estimated import Estimated
from patchwidgets.results.labels import find_map
from patchwidgets.results.measured import MEASURED, NOT_MEASURED, Baseline, MetricInfo
from patchwidgets.results.one_pair import OnePair
from patchwidgets.results.table import build_table
from patchwidgets.types import Direction

if TYPE_CHECKING:
    from patchwidgets.advice import AdviceList, Rule
    from patchwidgets.charts._chart import Chart
    from patchwidgets.widgets.explorer import LiveExplorer
    from patchwidgets.widgets.prompt_effects import LiveEffects
    from patchwidgets.widgets.question import LiveQuestion
    from patchwidgets.widgets.widget import PatchWidget


@runtime_checkable
class Measures(Protocol):
    """What can measure more of the same: a study."""

    def path(self, receivers: str | Sequence[str], *, form: str = "pinned") -> "Result":
        """Start the path map into some receivers."""
        ...

    def detail(
        self, result: "Result", node: str, prompt: int = 0, *, wait: bool = True
    ) -> tuple[Any, bytes]:
        """Return what there is to know of one cell of a map, with its arrays."""
        ...

    def circuit(
        self,
        nodes: Sequence[str],
        *,
        paths: "Mapping[str, Result | None]",
        mlps: str = "live",
        order: "Result | None" = None,
    ) -> Any:
        """Measure how much of the behaviour some nodes carry."""
        ...

    def paths_from(self, sender: str, *, form: str = "pinned") -> "Result":
        """Start the map of what a sender writes to."""
        ...

    def cost_now(self, name: str, **options: Any) -> Any:
        """Return what a map takes, without waiting; `None` where that is not known."""
        ...

    def circuit_cost_now(
        self, nodes: Sequence[str], *, mlps: str = "live", order: "Result | None" = None
    ) -> Any:
        """Return what a circuit takes, in the same way."""
        ...


class Result(OnePair):
    """What a plan measured, labelled. Also its own future.

    Methods that return numbers wait for the job that measures them and re-raise what it raised;
    `snapshot`, `progress` and `done` do not wait. What was not measured when the job was
    cancelled is NaN, as is a cell measured on some of its prompts only, once averaged.

    Args:
        plan: Which patches were made and how they lie on maps.
        metrics: The metrics that were read off every run.
        direction: `denoising` or `noising`.
        baseline: The metrics on the two unpatched runs.
        groups: The template or other group of each prompt pair; empty strings where none.
        provenance: Everything needed to redo it, as JSON-able values.
        values: Metric by patch by row, where they are known already. A row is a prompt pair, or
            with several draws of noise one draw of it.
        status: Patch by row, 0 not measured, 1 measured, 2 zero by identity; by default 1 where
            all values are there.
        estimate: What was estimated before anything was measured, if anything was.
        draws: Rows of every prompt pair. Everything that is read off a result is averaged over
            them first, except `by_draw` and `draw_spread`.

    Attributes:
        study: What measured it and can measure more; `None` where no model is at hand. Never
            saved.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        metrics: Sequence[MetricInfo],
        direction: Direction,
        baseline: Baseline,
        groups: Sequence[str],
        provenance: Mapping[str, Any],
        values: np.ndarray | None = None,
        status: np.ndarray | None = None,
        estimate: Estimate | None = None,
        draws: int = 1,
    ) -> None:
        shape = (len(metrics), len(plan.patches), len(groups) * draws)
        known = np.full(shape, np.nan) if values is None else np.array(values, dtype=np.float64)
        if status is None:
            status = np.where(np.isnan(known).any(axis=0), NOT_MEASURED, MEASURED)
        given = (known.shape, status.shape, baseline.clean.shape, baseline.corrupted.shape)
        prompts = (shape[0], shape[2])
        if given != (shape, shape[1:], prompts, prompts):
            raise AssertionError(f"arrays of shapes {given} for a plan of {shape}")
        super().__init__(
            plan,
            metrics=tuple(metrics),
            direction=direction,
            groups=tuple(groups),
            baseline=baseline,
            values=known,
            status=status.astype(np.uint8),
            draws=draws,
        )
        self.provenance = dict(provenance)
        self.estimate = estimate
        self.study: Measures | None = None
        self._shown: LiveExplorer | None = None

    def record_estimate(self, estimate: Estimate) -> None:
        """Keep what was estimated, and let those who look draw it before anything is measured."""
        self.estimate = estimate
        if self._job is not None:
            self._job.advance()

    def table(self, map: str | None = None) -> pd.DataFrame:
        """Return a row per patch and some columns per metric, strongest first.

        Args:
            map: Rows of one map only; by default the patches of all maps.
        """
        snapshot = self.wait().snapshot()
        maps = self.plan.maps if map is None else (find_map(self.plan, map),)
        return build_table(self.plan, maps, self.metrics, snapshot, self.estimate)

    def to_csv(self, path: str | Path, map: str | None = None) -> Path:
        """Write `table()` as CSV, once it is measured, and return where.

        Texts that a spreadsheet would run as formulas get an apostrophe in front.

        Args:
            path: Where.
            map: Rows of one map only; by default the patches of all maps.
        """
        return write_csv(self.table(map), Path(path))

    def figure(
        self,
        path: str | Path | None = None,
        *,
        format: str | None = None,
        map: str | None = None,
        metric: str | None = None,
        clipped: bool = False,
    ) -> Any:
        """Return a map as a matplotlib figure, or write it as SVG, PDF or PNG and return where.

        It waits for the job, and has labels, a colour bar, and a caption with direction, form,
        corruption, number of pairs, seed and metric. Needs `pip install 'patchwidgets[figures]'`.

        Args:
            path: Where to write it; its ending says the format. By default nothing is written.
            format: `svg`, `pdf` or `png`, where the ending of `path` does not say.
            map: Name of a map; by default the first with all that fit beside it.
            metric: Name of a metric; the first by default.
            clipped: Whether the colour scale reaches as far as 99 % of the cells only, so that one
                huge cell does not hide the rest. Cells beyond it have darker colours.

        Raises:
            UnknownNameError: No such map or metric.
            PatchwidgetsError: The format is none of these, or matplotlib is not installed.
        """
        from patchwidgets.reports._figures import of_result

        place = None if path is None else Path(path)
        return of_result(self.wait(), place, format, map, self._index(metric), clipped)

    def estimated(self) -> Estimated:
        """Return the estimates that the cells were ordered by, labelled, measured or not.

        Raises:
            MeasurementError: Nothing was estimated.
        """
        estimate = self.wait().estimate
        if estimate is None:
            raise MeasurementError(
                f"Nothing was estimated before this {self.plan.name} map was measured. Ask for it "
                "with `study.sweep(..., estimate='attribution')` or "
                "`study.path(..., estimate='eap')`."
            )
        about = Circumstances.of(self.provenance, self.metrics, self.direction)
        return Estimated(self.plan, self.metrics, self.direction, self.groups, estimate, about)

    def agreement(self, metric: str | None = None) -> Agreement:
        """Return how well the estimates agree with the exact effects that were measured.

        Args:
            metric: Name of a metric; the first by default.

        Raises:
            MeasurementError: Nothing was estimated.
        """
        estimate, m = self.estimated().estimate, self._index(metric)
        return compare(estimate, self.plan, self.snapshot(), m, self.metrics[m])

    def chart(self, name: str, metric: str | None = None, **options: Any) -> "Chart":
        """Return a chart that is no map, linked in a notebook with this result's own view.

        It waits for the job. What it shows, and its options: the file of its name in `charts/`.

        Args:
            name: `windows` (layers patched together against their sum), `estimates` (what was
                estimated against what was measured) or `prompts` (what the strongest nodes do on
                every prompt pair).
            metric: Name of a metric; the first by default.
            **options: The chart's own.

        Raises:
            UnknownNameError: No such chart or metric.
            PlanError: The sweep had no windows, or an option fits no chart.
            MeasurementError: Nothing was estimated or measured, or it cannot be normalized.
        """
        from patchwidgets.charts._of_result import chart_of

        return chart_of(self, name, metric, options)

    def effects_view(self, node: str) -> "LiveEffects":
        """Return what one cell does to every prompt pair, as a view; it does not wait.

        Its widget's traits are `selection` (the cell), `prompt` and `metric`: linked with those of
        another widget, it shows what is selected there.

        Args:
            node: Written name of the cell, such as `"L20H0"`: one of `plan.names`.

        Raises:
            MeasurementError: The result has no such cell.
        """
        from patchwidgets.widgets.prompt_effects import LiveEffects

        return LiveEffects(self, node)

    def ask(self, question: str, **answer: Any) -> "LiveQuestion":
        """Return a question that is answered from this result; `pw.ask` says what it takes.

        `heads.ask("Which head brings most of the answer back?")` asks for a node of the map.
        """
        from patchwidgets.widgets.ask import ask

        return ask(question, self, **answer)

    def advice(
        self, *, silence: "str | Collection[str]" = (), also: "Sequence[Rule]" = ()
    ) -> "AdviceList":
        """Return what to mind in this result and its study, the most severe first.

        `advice/README.md` says more.

        Args:
            silence: Names of rules that are not asked.
            also: Rules of your own.

        Raises:
            UnknownNameError: `silence` names no rule.
        """
        from patchwidgets.advice._asking import about_result

        return about_result(self, silence, also)

    def to_xarray(self) -> xr.Dataset:
        """Return everything as one xarray dataset: a variable per map, and both baselines.

        What was estimated stands in variables of its own, `<map>_estimated`.
        """
        snapshot = self.wait().snapshot()
        dataset = build_dataset(self.plan, self.metrics, self.groups, snapshot, self.estimate)
        dataset.attrs |= {
            "direction": self.direction,
            "base": "corrupted" if self.direction == "denoising" else "clean",
            "draws": self.draws,
            "provenance": json.dumps(self.provenance, sort_keys=True),
        }
        return dataset

    def save(self, path: str | Path) -> Path:
        """Write the result as one JSON file, once it is measured, and return where."""
        return storage.write(self.wait().to_json(), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Result":
        """Return the result that `save` wrote.

        Raises:
            FileError: The file is not a result of ours, is damaged, or is too new.
        """
        return cls.from_json(storage.read(Path(path)), where=f"`{path}`")

    def to_json(self, precision: Precision = "float64") -> dict[str, Any]:
        """Return the result as a JSON document, as it is now, without waiting.

        Args:
            precision: Of its numbers: `float64`, `exact` (float32 where nothing is lost by it) or
                `float16`.

        Raises:
            FileError: A number is too large for `precision`.
        """
        return storage.pack(self._parts(), precision)

    def frozen(self) -> "Result":
        """Return a copy as it is now, which nobody fills any more, so that it never waits."""
        return Result(**self._parts())

    @classmethod
    def from_json(cls, data: object, where: str = "The document") -> "Result":
        """Return the result that `to_json` wrote; `where` is what messages call the document.

        Raises:
            FileError: The document is not a result of ours, is damaged, or is too new.
        """
        return cls(**storage.unpack(data, where))

    def _asked(self) -> int:
        return min(super()._asked(), self.provenance.get("top", super()._asked()))

    def _parts(self) -> dict[str, Any]:
        """Return the arguments that make this result again."""
        values, status, baseline = self.numbers()
        return {
            "plan": self.plan,
            "metrics": self.metrics,
            "direction": self.direction,
            "baseline": baseline,
            "groups": self.groups,
            "provenance": self.provenance,
            "values": values,
            "status": status,
            "estimate": self.estimate,
            "draws": self.draws,
        }

    @property
    def widget(self) -> "PatchWidget":
        """What a notebook shows; traits: `selection` (a node), `metric`, `prompt` and `alone`."""
        return self._live().widget

    @property
    def is_shown(self) -> bool:
        """Whether a notebook shows it, or has."""
        return self._shown is not None

    def show(self, display: str | None = None) -> None:
        """Show in the current cell; `display` is `stored` or `widget`, as in `pw.display`."""
        self._live().show(display)

    def show_with(self, other: "Result") -> None:
        """Add another result of the study to this one's view, where it has been shown."""
        if self._shown is not None:
            self._shown.take(other)

    def _live(self) -> "LiveExplorer":
        from patchwidgets.widgets.explorer import LiveExplorer

        if self._shown is None:
            self._shown = LiveExplorer([self])
        return self._shown

    def _ipython_display_(self) -> None:
        self.show()

    def _display_(self) -> Any:
        """Return what marimo shows, which knows neither our outputs nor IPython's."""
        return self.widget

    def __repr__(self) -> str:
        from patchwidgets.views._explorer import explorer
        from patchwidgets.views._text import summary

        text = summary(*explorer([self]))
        return text if self.done else f"{text}\n`.wait()` waits for the rest"
