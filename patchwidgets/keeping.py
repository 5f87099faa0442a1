"""A study remembers what it measured, and writes it to a file that needs no model to be read."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from patchwidgets.baking import (
    Baking,
    BakingCost,
    Level,
    baking_cost,
    level_of,
    pairs_of,
    receivers_of,
)
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.engine.cost import Cost
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import FileError, PlanError
from patchwidgets.opening import about_run
from patchwidgets.plans.plan import Plan
from patchwidgets.results._document import Precision
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from patchwidgets.saving._charts import Charts, chosen_charts, foot_of
from patchwidgets.saving._document import pack
from patchwidgets.saving._kept import Kept, as_page
from patchwidgets.saving._opened import opened_with
from patchwidgets.saving._sizes import Sizes, sizes_of, written
from patchwidgets.saving._writing import write
from patchwidgets.views._explorer import key_among
from patchwidgets.views._keys import corrupted_how, key_of


class Keeping:
    """A study that remembers the results it started."""

    _session: Session
    _origin: dict[str, Any]
    _opened: dict[str, Any]
    _kept: list[str] | None
    _code: str
    _started: dict[tuple[Any, ...], Result]
    _circuits: dict[str, CircuitResult]
    _comparisons: dict[str, Comparison]
    path: Callable[..., Result]
    paths_from: Callable[..., Result]
    detail: Callable[..., Any]
    circuit: Callable[..., Any]
    plan: Callable[..., Plan]
    cost: Callable[..., Cost]
    sweep: Callable[..., Result]
    cost_now: Callable[..., Any]
    circuit_cost_now: Callable[..., Any]
    _metric_infos: Any
    _groups: Any

    @property
    def results(self) -> dict[str, Result]:
        """Everything that was started here, in order: sweeps by name, path maps by receivers.

        What is started again takes the place of what it was; several of one name are counted, as
        `heads`, `heads #2`.
        """
        named: dict[str, Result] = {}
        started = list(self._started.values())
        for result in started:
            key = key_among(result, started[0])
            same = sum(other.split(" #")[0] == key for other in named)
            named[f"{key} #{same + 1}" if same else key] = result
        return named

    @property
    def provenance(self) -> dict[str, Any]:
        """What a result of this study remembers of it: everything needed to measure it again."""
        return self._origin | about_run(self._session) | {"code": self._code}

    def adopt(
        self,
        results: Iterable[Result],
        circuits: Iterable[CircuitResult] = (),
        comparisons: Iterable[Comparison] = (),
    ) -> None:
        """Take over what was measured on this study's model and prompts elsewhere.

        Heads on them open path maps from now on, where they were measured in this study's
        direction, with its corruption and its metrics.
        """
        own = self._session.direction, [metric.name for metric in self._metric_infos()]
        prompts = corrupted_how(self._origin)
        for result in results:
            same = (result.direction, [metric.name for metric in result.metrics]) == own
            if same and corrupted_how(result.provenance) == prompts:
                self._remember(result)
            else:
                self._started[result.provenance.get("code", ""), result.plan] = result
        self._circuits |= {one.code: one for one in circuits}
        self._comparisons |= {one.code: one for one in comparisons}

    @property
    def circuits(self) -> list[CircuitResult]:
        """Every circuit that was measured here, in order; one that is measured again once."""
        return list(self._circuits.values())

    @property
    def comparisons(self) -> list[Comparison]:
        """Every comparison that was made here, in order; their maps are in `results`."""
        return list(self._comparisons.values())

    def save(self, path: str | Path, *, precision: Precision = "exact") -> Path:
        """Write everything that was measured as one file, once it is measured; return where.

        `pw.open_study(path)` opens it without a model, and JupyterLab by a double-click. A reader
        sees the old file or the whole new one. `size()` says how large it is.

        Args:
            path: Ends in `.study.json` where JupyterLab shall open it.
            precision: `exact` loses nothing; `float16` rounds all numbers to three or four digits
                (logits between 16 and 32 to steps of 0.016), and the file says so.

        Raises:
            FileError: Nothing was measured, it cannot be written there, or a number is too large
                for `precision`.
        """
        return write(written(self._document(precision)), path)

    def to_html(self, path: str | Path, *, charts: Charts = False) -> Path:
        """Write everything that was measured as one page that needs no network; return where.

        Args:
            path: Where.
            charts: Bokeh charts below the maps: `True` for one of every sweep, comparison and
                circuit that has one, or a list, such as `[heads.chart("prompts")]`. The page then
                holds BokehJS, 1.3 MB.

        Raises:
            FileError: Nothing was measured, it cannot be written there, or what is in `charts` is
                no chart.
        """
        kept = self._measured()
        return write(as_page(kept.pictures(), foot_of(chosen_charts(charts, kept))), path)

    def size(self, *, precision: Precision = "exact") -> Sizes:
        """Return how large everything measured is as a file, as a page and in a notebook.

        Raises:
            FileError: As in `save`.
        """
        return sizes_of(self._document(precision), self._measured().pictures(precision))

    def bake(
        self,
        depth: int = 1,
        top: int = 5,
        inputs: Sequence[str] = ("q", "k", "v"),
        *,
        pairs: Sequence[int] | str = (),
    ) -> Baking:
        """Measure what feeds the strongest heads, so that it is in what is saved.

        Returns once the head map is measured (the study's first; a plain one is started where it
        has none), and measures path maps in a thread, one after another; what is measured already
        is not measured again. Printing what it returns says how far it is.

        Args:
            depth: Path maps one behind another: 2 opens the strongest senders of each map too.
            top: How many heads of each map, by the size of their effect by the first metric.
            inputs: Some of `q`, `k` and `v`. Heads that share a key/value head share two of them.
            pairs: Prompt pairs, from 0, that a reader can then see alone in the head map and in
                these path maps; `"all"` for every pair. That measures nothing, and makes the file
                larger by about one map for every map and pair.

        Raises:
            PlanError: That is nothing, or far too much; or the study's map has no heads.
            MeasurementError: There is no such pair.
        """
        asked = level_of(depth, top, inputs)
        first = self._head_map()
        alone = pairs_of(first, pairs)
        shared = self._heads_per_kv_head()
        return Baking(
            first,
            self._opened_path,
            lambda result: receivers_of(result, asked, shared),
            depth,
            self._baking_cost(first, asked),
            alone,
        )

    def bake_cost(
        self, depth: int = 1, top: int = 5, inputs: Sequence[str] = ("q", "k", "v")
    ) -> BakingCost:
        """Return what `bake` would take, once the head map is measured; printing it says so.

        Args:
            depth: As in `bake`.
            top: As in `bake`.
            inputs: As in `bake`.

        Raises:
            PlanError: As in `bake`.
        """
        return self._baking_cost(self._head_map(), level_of(depth, top, inputs))

    def _head_map(self) -> Result:
        for result in self._own():
            nodes = [node for patch in result.plan.patches for node in patch.nodes]
            if any(node.site == "z" and node.position is None for node in nodes):
                return result.wait()
        return self.sweep("heads").wait()

    def _own(self) -> list[Result]:
        """Return what was measured as this study was opened, and not in a setting compared."""
        return [one for one in self._started.values() if one.study is self]

    def _heads_per_kv_head(self) -> int:
        spec = self._session.model.spec
        return spec.n_heads // spec.n_kv_heads

    def _baking_cost(self, first: Result, asked: Level) -> BakingCost:
        costs = []
        for name in receivers_of(first, asked, self._heads_per_kv_head()):
            if self._known_path(name) is None:
                plan = self._path_plan(name)
                costs += [] if plan is None else [(name, self.cost(plan))]
        return baking_cost(costs, asked)

    def _opened_path(self, receiver: str) -> Result | None:
        """Return the path map into a receiver, measured or just started; `None` if nothing can."""
        known = self._known_path(receiver)
        if known is not None or self._path_plan(receiver) is None:
            return known
        return self.path([receiver])

    def _known_path(self, receiver: str) -> Result | None:
        known = [one for one in self._own() if key_of(one) == receiver]
        return next((one for one in known if one.progress.state in ("done", "running")), None)

    def _path_plan(self, receiver: str) -> Plan | None:
        try:
            return self.plan("path", receivers=[receiver])
        except PlanError:  # nothing is before it
            return None

    def _document(self, precision: Precision) -> dict[str, Any]:
        session = self._session
        names = [metric.name for metric in session.metrics]
        pairs = self._opened["behaviour"]
        given = list(pairs) if not isinstance(pairs, str) and hasattr(pairs, "table") else []
        opened = opened_with(self._opened, session.model.spec.name, given, names)
        if self._kept is not None:
            opened["kept"] = self._kept
        return pack(self._measured(), self._code, opened, precision)

    def _measured(self) -> Kept:
        """Return what was measured, once it is; what failed is re-raised, as its reader would."""
        found = {key: result.wait() for key, result in self.results.items()}
        if not found:
            raise FileError(
                "Nothing was measured in this study yet, so there is nothing to save. Measure "
                "something first, such as `study.sweep('heads')`."
            )
        circuits = [one.wait() for one in self.circuits if one.progress.state != "cancelled"]
        return Kept(found, circuits, [one.wait() for one in self.comparisons])

    def _remember(self, result: Result) -> Result:
        result.study = self
        self._started[result.provenance.get("code", ""), result.plan] = result
        return result

    def _new_result(self, plan: Plan, call: str, source: Source | None, top: int | None) -> Result:
        """Return an empty result of a plan, which this study remembers."""
        session = self._session
        asked: dict[str, Any] = {"source": "other" if source is None else source.key}
        asked |= {} if top is None else {"top": top}
        asked["code"] = f"{self._code}\nresult = {call}"
        metrics: list[MetricInfo] = self._metric_infos()
        return Result(
            plan,
            metrics=metrics,
            direction=session.direction,
            baseline=Baseline.unmeasured(len(metrics), session.prompts.n_rows),
            groups=self._groups(),
            draws=session.prompts.draws,
            provenance=self._origin | about_run(session) | asked,
        )
