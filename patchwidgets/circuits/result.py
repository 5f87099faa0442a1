"""A circuit that is measured: how much of the behaviour it carries. Also its own future."""

import asyncio
from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from patchwidgets.circuits.choices import choices_of
from patchwidgets.circuits.circuit import Circuit
from patchwidgets.circuits.dataset import build_dataset
from patchwidgets.circuits.pinned import Drawn
from patchwidgets.circuits.reading import Reading
from patchwidgets.circuits.shares import Areas, Chance, Share
from patchwidgets.circuits.storage import pack, unpack
from patchwidgets.circuits.words import LIVE, NODES, sentences
from patchwidgets.jobs import Job
from patchwidgets.nodes import Node
from patchwidgets.results import storage
from patchwidgets.results._document import Precision
from patchwidgets.results.csv import write_csv
from patchwidgets.results.measured import MetricInfo, Progress
from patchwidgets.results.result import Result

if TYPE_CHECKING:
    from patchwidgets.advice import AdviceList, Rule
    from patchwidgets.charts._chart import Chart
    from patchwidgets.widgets.circuit import LiveCircuit
    from patchwidgets.widgets.widget import CircuitWidget


class CircuitResult:
    """How much of a behaviour a circuit carries, and what is left without it.

    Methods that return numbers wait for the job that measures them and re-raise what it raised;
    `now`, `progress` and `done` do not wait. What was not measured when the job was cancelled is
    NaN. `metric` is the name of a metric, by default the first.

    Args:
        circuit: The nodes and what is measured of them.
        measured: The runs, each a patch of the clean run.
        effects: The nodes with the effects they have by themselves, where these are known.
        paths: Paths that were pinned, with their effects. They are drawn and not tested.
    """

    def __init__(
        self,
        circuit: Circuit,
        measured: Result,
        effects: Sequence[Drawn] = (),
        paths: Sequence[Drawn] = (),
    ) -> None:
        self.circuit = circuit
        self.measured = measured
        self.effects = tuple(effects)
        self.paths = tuple(paths)
        self._shown: LiveCircuit | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The circuit."""
        return self.circuit.nodes

    @property
    def metrics(self) -> tuple[MetricInfo, ...]:
        """What was read off every run."""
        return self.measured.metrics

    @property
    def choices(self) -> dict[str, str]:
        """The six choices by which measurements of circuits differ (Miller et al. 2024)."""
        return choices_of(self.circuit, self.measured.provenance)

    @property
    def provenance(self) -> dict[str, Any]:
        """Everything needed to measure it again."""
        return self.measured.provenance

    @property
    def code(self) -> str:
        """Python that measures it again."""
        return str(self.provenance.get("code", ""))

    def faithfulness(self, metric: str | None = None, **resampling: float | int) -> Share:
        """Return how much of the behaviour the circuit carries when all else is overwritten.

        On the clean prompt every node of the universe outside the circuit is set to its value in
        the corrupted run: (m(circuit) - m(nothing)) / (m(model) - m(nothing)), where in m(nothing)
        the whole universe is. A ratio of means over prompts.

        Source: Hanna et al. 2024 (arXiv 2403.17806), section 2; Mueller et al. 2025 (MIB, arXiv
            2504.13151). Differs from both: nodes are overwritten, and not edges.

        Args:
            metric: Name of a metric.
            **resampling: `confidence`, `n_resamples` and `seed` of the interval.
        """
        return self._waited().faithfulness(metric, **resampling)

    def left(self, metric: str | None = None, **resampling: float | int) -> Share:
        """Return how much of the behaviour is left where the circuit itself is overwritten.

        0 = as with the whole universe overwritten: nothing outside the circuit does the same work.
        1 = as the model: the circuit is not needed.

        Source: Wang et al. 2022 (arXiv 2211.00593), section 4, ask of a complete circuit that
            without it nothing is left. Differs from the paper: the circuit is overwritten as a
            whole only, and not each of its subsets; and with the values of the corrupted run, not
            with means.

        Args:
            metric: Name of a metric.
            **resampling: As in `faithfulness`.
        """
        return self._waited().left(metric, **resampling)

    def chance(self, metric: str | None = None) -> Chance:
        """Return how the circuit's faithfulness compares with that of random circuits."""
        return self._waited().chance(metric)

    def random_runs(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per random circuit: its nodes, the mean metric, and its faithfulness."""
        return self._waited().random_runs(metric)

    def curve(self, metric: str | None = None, **resampling: float | int) -> pd.DataFrame:
        """Return the faithfulness of the first nodes of the order, a row per number of nodes.

        Returns:
            By `size`: `part` of the universe, `share` with `low` and `high`, `effect` in the
            metric's unit, and the node that is `added` last.
        """
        return self._waited().curve(metric, **resampling)

    def areas(self, metric: str | None = None) -> Areas:
        """Return the areas CPR and CMD of the curve.

        Raises:
            MeasurementError: The curve does not go from nothing to the whole universe, was not
                measured to its end, or has no shares.
        """
        return self._waited().areas(metric)

    def chart(self, metric: str | None = None) -> "Chart":
        """Return the curve as a chart, linked in a notebook with the circuit's own view.

        It waits for the job; `charts/faithfulness.py` says what it shows.

        Args:
            metric: Name of a metric; the first by default.

        Raises:
            UnknownNameError: No such metric.
            MeasurementError: No share was measured, or none can be computed.
        """
        from patchwidgets.charts._chart import Chart
        from patchwidgets.charts.faithfulness import faithfulness

        return Chart(faithfulness(self, metric), self)

    def runs(self, metric: str | None = None) -> pd.DataFrame:
        """Return a row per prompt pair: its group, and the metric in each run.

        Returns:
            `group`, `model`, and what is kept of the universe: `nothing`, `circuit` and `without`
            (all but the circuit), in the metric's unit.
        """
        return self._waited().runs(metric)

    def table(self) -> pd.DataFrame:
        """Return a row per metric: what the circuit carries, what is left, and chance."""
        reading, rows = self._waited(), []
        for metric in self.metrics:
            kept, left = reading.faithfulness(metric.name), reading.left(metric.name)
            chance, means = reading.chance(metric.name), reading.runs(metric.name)
            rows.append(
                {
                    "metric": metric.name,
                    **{name: means[name].mean() for name in means.columns if name != "group"},
                    "faithfulness": kept.value,
                    "low": kept.low,
                    "high": kept.high,
                    "left": left.value,
                    "random": chance.mean,
                    "as well": chance.as_well,
                    "p": chance.p,
                }
            )
        return pd.DataFrame(rows).set_index("metric")

    def to_csv(self, path: str | Path) -> Path:
        """Write `table()` as CSV, once it is measured, and return where.

        Texts that a spreadsheet would run as formulas get an apostrophe in front.

        Args:
            path: Where.
        """
        return write_csv(self.table().reset_index(), Path(path))

    def to_xarray(self) -> xr.Dataset:
        """Return everything as one xarray dataset: every run by prompt, and the shares they keep.

        `circuits/dataset.py` says what its variables are.
        """
        return build_dataset(self._waited(), self.choices, self.provenance)

    def figure(
        self,
        path: str | Path | None = None,
        *,
        format: str | None = None,
        metric: str | None = None,
    ) -> Any:
        """Return graph and curve as a matplotlib figure, or write it; as `Result.figure`.

        The graph has a row per layer, the inputs lowest. Above the curve over the number of nodes
        stands what was found in sentences, and beneath it the caption.

        Args:
            path: Where to write it; its ending says the format. By default nothing is written.
            format: `svg`, `pdf` or `png`, where the ending of `path` does not say.
            metric: Name of a metric; the first by default.

        Raises:
            UnknownNameError: No such metric.
            PatchwidgetsError: The format is none of these, or matplotlib is not installed.
        """
        from patchwidgets.reports._figures import of_circuit

        return of_circuit(self.wait(), None if path is None else Path(path), format, metric)

    def words(self, metric: str | None = None) -> str:
        """Return what was found in sentences, as of now, without waiting."""
        live = [LIVE] if self.circuit.mlps == "live" else []
        found = sentences(self.now(), metric) or ["Nothing is measured yet."]
        return " ".join([*found, *live, *([NODES] if self.paths else [])])

    def advice(
        self, *, silence: "str | Collection[str]" = (), also: "Sequence[Rule]" = ()
    ) -> "AdviceList":
        """Return what to mind in this circuit, the most severe first.

        Args:
            silence: Names of rules that are not asked.
            also: Rules of your own.

        Raises:
            UnknownNameError: `silence` names no rule.
        """
        from patchwidgets.advice._asking import about_circuit

        return about_circuit(self, silence, also)

    def now(self) -> Reading:
        """Return the numbers as they are now, without waiting."""
        measured = self.measured
        return Reading(self.circuit, measured.metrics, measured.groups, measured.snapshot())

    @property
    def done(self) -> bool:
        """Whether nothing is being measured any more: done, cancelled or failed."""
        return self.measured.done

    @property
    def progress(self) -> Progress:
        """How far the measuring has come, without waiting."""
        return self.measured.progress

    def wait(self) -> "CircuitResult":
        """Wait until the job has ended and return this; re-raise what the job raised."""
        self.measured.wait()
        return self

    def cancel(self) -> "CircuitResult":
        """Ask the job to stop soon and return this; what is not measured stays NaN."""
        self.measured.cancel()
        return self

    def listen(self, listener: Callable[[Job], None]) -> None:
        """Call `listener(job)` after every chunk and at the end, in the thread that measures."""
        self.measured.listen(listener)

    def __await__(self) -> Generator[Any, None, "CircuitResult"]:
        return asyncio.to_thread(self.wait).__await__()

    def frozen(self) -> "CircuitResult":
        """Return a copy as it is now, which nobody fills any more, so that it never waits."""
        return CircuitResult(self.circuit, self.measured.frozen(), self.effects, self.paths)

    def save(self, path: str | Path) -> Path:
        """Write the circuit as one JSON file, once it is measured, and return where."""
        return storage.write(self.wait().to_json(), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "CircuitResult":
        """Return the circuit that `save` wrote.

        Raises:
            FileError: The file is not a circuit of ours, is damaged, or is too new.
        """
        return cls.from_json(storage.read(Path(path)), where=f"`{path}`")

    def to_json(self, precision: Precision = "float64") -> dict[str, Any]:
        """Return the circuit as a JSON document, as it is now, without waiting.

        Args:
            precision: Of its numbers; as in `Result.to_json`.

        Raises:
            FileError: A number is too large for `precision`.
        """
        drawn = {"effects": self.effects, "paths": self.paths}
        return pack(self.circuit, self.measured, drawn, precision)

    def rounded(self) -> "CircuitResult":
        """Return a copy whose numbers have the three to four digits of `float16`."""
        return CircuitResult.from_json(self.to_json("float16"))

    @classmethod
    def from_json(cls, data: object, where: str = "The document") -> "CircuitResult":
        """Return the circuit that `to_json` wrote; `where` is what messages call the document.

        Raises:
            FileError: The document is not a circuit of ours, is damaged, or is too new.
        """
        circuit, measured, drawn = unpack(data, where)
        return cls(circuit, measured, **drawn)

    @property
    def widget(self) -> "CircuitWidget":
        """What is shown in a notebook; its trait `selection` is the name of the chosen node."""
        return self._live().widget

    def show(self, display: str | None = None) -> None:
        """Show in the current cell; `display` is `stored` or `widget`, as in `pw.display`."""
        self._live().show(display)

    def _live(self) -> "LiveCircuit":
        from patchwidgets.widgets.circuit import LiveCircuit

        if self._shown is None:
            self._shown = LiveCircuit(self)
        return self._shown

    def _ipython_display_(self) -> None:
        self.show()

    def _display_(self) -> Any:
        """Return what marimo shows, which knows neither our outputs nor IPython's."""
        return self.widget

    def _waited(self) -> Reading:
        return self.wait().now()

    def __repr__(self) -> str:
        progress = self.progress
        nodes = ", ".join(map(str, self.nodes))
        if progress.state == "done":
            return f"<CircuitResult {nodes}: {self.words()}>"
        return (
            f"<CircuitResult {nodes}: {progress.done} of {progress.total} runs measured "
            f"({progress.state})>"
        )
