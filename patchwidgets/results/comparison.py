"""Do different methods find the same nodes? Several results of one sweep, side by side."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from patchwidgets.errors import PlanError
from patchwidgets.results import storage
from patchwidgets.results._compared import pack, unpack
from patchwidgets.results.agreeing import disagreed, shared
from patchwidgets.results.compared_dataset import Tabled
from patchwidgets.results.detection import Cells, Detection
from patchwidgets.results.estimate import rank_correlation
from patchwidgets.results.result import Result
from patchwidgets.types import Direction

if TYPE_CHECKING:
    from patchwidgets.advice import AdviceList, Rule
    from patchwidgets.charts._chart import Chart
    from patchwidgets.widgets.comparison import LiveComparison
    from patchwidgets.widgets.widget import ComparisonWidget


class Setting(NamedTuple):
    """What takes forward passes of its own; every metric is read off the same ones.

    Args:
        corruption: Name of the corruption, with its site where sites are compared.
        direction: `denoising` or `noising`.
        window: Neighbouring layers patched together; 1 for single layers.
    """

    corruption: str
    direction: Direction
    window: int


class Method(NamedTuple):
    """One way to measure the same map: a setting, and a metric."""

    corruption: str
    metric: str
    direction: Direction
    window: int

    @property
    def setting(self) -> Setting:
        """The setting whose runs it reads."""
        return Setting(self.corruption, self.direction, self.window)


class Comparison(Tabled):
    """Results of one sweep under several settings, each read by several metrics.

    Tables have a row per method, labelled by what differs between methods. Effects are counted
    towards the source run, so that positive means the same for every metric and direction. Every
    table waits for the jobs that measure it.

    Denoising and noising side by side tell apart nodes of which each is needed (noising finds
    them, denoising one alone restores little) and nodes of which any is enough (denoising finds
    them, noising one alone destroys little): Heimersheim & Nanda 2024, arXiv 2404.15255.

    Source: Zhang & Nanda 2024, arXiv 2309.16042, tables 1 and 5 (which heads each method detects).

    Args:
        results: By setting; all of the same metrics.
        code: Python that makes it again.

    Raises:
        PlanError: There are fewer than two methods.
    """

    def __init__(self, results: Mapping[Setting, Result], code: str = "") -> None:
        self.results = dict(results)
        self.code = code
        self._shown: LiveComparison | None = None
        self.methods = [
            Method(setting.corruption, metric.name, setting.direction, setting.window)
            for setting, result in self.results.items()
            for metric in result.metrics
        ]
        require_several(len(self.methods))

    def result(self, method: Method) -> Result:
        """Return the result that a method is read off."""
        return self.results[method.setting]

    def wait(self) -> "Comparison":
        """Wait until everything is measured."""
        for result in self.results.values():
            result.wait()
        return self

    @property
    def done(self) -> bool:
        """Whether everything is measured, or stopped."""
        return all(result.done for result in self.results.values())

    def cancel(self) -> "Comparison":
        """Ask every sweep to stop soon; what is not measured stays NaN."""
        for result in self.results.values():
            result.cancel()
        return self

    def frozen(self) -> "Comparison":
        """Return a copy as it is now, which nobody fills any more, so that it never waits."""
        copies = {setting: result.frozen() for setting, result in self.results.items()}
        return Comparison(copies, self.code)

    @property
    def varying(self) -> list[str]:
        """What differs between the methods: `corruption`, `metric`, `direction`, `window`."""
        return [
            name
            for name in Method._fields
            if len({getattr(method, name) for method in self.methods}) > 1
        ]

    def effects(self, map: str | None = None, *, normalized: bool = True) -> pd.DataFrame:
        """Return the mean effect of every node: a row per method, a column per node.

        Args:
            map: Name of a map; the first by default.
            normalized: In shares of the gap between the two runs, so that methods can be
                compared: 0 = nothing happened, 1 = moved all the way to the source run.
                Otherwise in each metric's unit, positive towards the source run.

        Returns:
            NaN where a node was not measured, or is not in that method's map.

        Raises:
            MeasurementError: `normalized`, and the two runs nearly coincide by some method.
        """
        return pd.DataFrame(
            [self.means(method, map, normalized) for method in self.methods], index=self._index()
        )

    def means(self, method: Method, map: str | None = None, normalized: bool = True) -> pd.Series:
        """Return the row of `effects` for one method, of the nodes that it has.

        Args:
            method: One of `methods`.
            map: As in `effects`.
            normalized: As in `effects`.

        Raises:
            MeasurementError: `normalized`, and the two runs nearly coincide by this method.
        """
        result = self.result(method)
        if normalized:
            labelled = result.normalized(method.metric, map)
            numbers = pd.Series(labelled.to_numpy().ravel(), labelled["node"].to_numpy().ravel())
            return pd.Series(numbers[numbers.index != ""])
        cells: Cells = result.cells(method.metric, map)
        return pd.Series(cells.effect.mean(axis=1), cells.names)

    def detections(self, rule: str = "sd", map: str | None = None, **options: Any) -> pd.DataFrame:
        """Return who finds which node: 1 positive, -1 negative, 0 not detected.

        A row per method, a column per node that any method detects, the most agreed on first;
        missing where a node is not in that method's map.

        Args:
            rule: As in `Result.detect`.
            map: Name of a map.
            **options: As in `Result.detect`.
        """
        found = self._found(rule, map, options)
        nodes = list(dict.fromkeys(node for signs in found for node, sign in signs.items() if sign))
        table = pd.DataFrame(found, index=self._index(), columns=nodes).astype("Int8")
        agreed = table.abs().sum().sort_values(ascending=False, kind="stable")
        return pd.DataFrame(table[list(agreed.index)])

    def rank_correlations(self, map: str | None = None) -> pd.DataFrame:
        """Return Spearman's rank correlation of the mean effects, method by method.

        1 = the same order, 0 = unrelated orders. Over the nodes that both have measured; NaN with
        fewer than three of them.

        Args:
            map: Name of a map.
        """
        effects = self.effects(map, normalized=False).to_numpy()
        return self._square(lambda one, other: _correlation(effects[one], effects[other]))

    def overlap(self, rule: str = "sd", map: str | None = None, **options: Any) -> pd.DataFrame:
        """Return how far two methods detect the same nodes with the same sign, from 0 to 1.

        Nodes that both detect, divided by nodes that either detects (Jaccard); NaN where neither
        detects any.

        Args:
            rule: As in `Result.detect`.
            map: Name of a map.
            **options: As in `Result.detect`.
        """
        return shared(self.detections(rule, map, **options))

    def flips(self, rule: str = "sd", map: str | None = None, **options: Any) -> pd.DataFrame:
        """Return the nodes on which methods disagree, those with opposite signs first.

        Columns: `positive`, `negative` and `not detected`, in how many methods; `opposite`,
        whether some methods say positive and others negative.

        Args:
            rule: As in `Result.detect`.
            map: Name of a map.
            **options: As in `Result.detect`.
        """
        return disagreed(self.detections(rule, map, **options))

    def scatter(
        self,
        x: "str | tuple[Any, ...] | Method",
        y: "str | tuple[Any, ...] | Method",
        *,
        map: str | None = None,
        normalized: bool = True,
        rule: str = "sd",
        **options: Any,
    ) -> "Chart":
        """Return a chart of two methods' mean effects against each other, a dot per node.

        In a notebook a node that is selected there is selected in this comparison's own view, and
        the other way round; `scatter.link(heads)` ties it to another map. It waits for the jobs,
        as the tables do. What it shows, and what the arguments mean: `charts/scatter.py`.

        Args:
            x: A method, by the row of a table or a part that only one has, such as `"prob"`.
            y: Another.
            map: Name of a map.
            normalized: In shares of the gap between the two runs; otherwise in metrics' units.
            rule: As in `Result.detect`: who detects a node is its shape and colour.
            **options: As in `Result.detect`.

        Raises:
            UnknownNameError: No method is called `x` or `y`.
            PlanError: Several are, or both are the same one.
            MeasurementError: `normalized`, and the two runs nearly coincide by one of them; or no
                node was measured by both.
        """
        from patchwidgets.charts._chart import Chart
        from patchwidgets.charts.scatter import scatter

        drawing = scatter(self, x, y, map=map, normalized=normalized, rule=rule, **options)
        return Chart(drawing, self)

    def advice(
        self, *, silence: "str | Collection[str]" = (), also: "Sequence[Rule]" = ()
    ) -> "AdviceList":
        """Return what to mind in this comparison, the most severe first.

        Args:
            silence: Names of rules that are not asked.
            also: Rules of your own.

        Raises:
            UnknownNameError: `silence` names no rule.
        """
        from patchwidgets.advice._asking import about_comparison

        return about_comparison(self, silence, also)

    def __repr__(self) -> str:
        from patchwidgets.views._comparison import comparison
        from patchwidgets.views._still import words

        return words(*comparison(self))

    def save(self, path: str | Path) -> Path:
        """Write the comparison as one JSON file, once it is measured, and return where."""
        return storage.write(pack(list(self.wait().results.items()), self.code), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Comparison":
        """Return the comparison that `save` wrote.

        Raises:
            FileError: The file is not a comparison of ours, is damaged, or is too new.
        """
        found, code = unpack(storage.read(Path(path)), f"`{path}`")
        return cls(
            {Setting(one.corruption, one.direction, one.window): result for one, result in found},
            code,
        )

    @property
    def widget(self) -> "ComparisonWidget":
        """What is shown in a notebook; its trait `selection` is the name of the chosen node."""
        return self._live().widget

    def show(self, display: str | None = None) -> None:
        """Show in the current cell; the maps fill in as they are measured.

        Args:
            display: `stored` or `widget`, as in `pw.display`; as chosen there if `None`.
        """
        self._live().show(display)

    def save_html(self, path: str | Path) -> Path:
        """Write what is shown as one page that needs no network, once it is measured.

        Returns:
            Where it was written.
        """
        from patchwidgets.reports.comparison import save

        return save(self.wait(), Path(path))

    def figure(
        self, path: str | Path | None = None, *, format: str | None = None, clipped: bool = False
    ) -> Any:
        """Return all maps as a matplotlib figure, or write it; as `Result.figure`.

        A row for every setting, a column for every metric, each map on a scale of its own.
        """
        from patchwidgets.reports._figures import of_comparison

        return of_comparison(self.wait(), None if path is None else Path(path), format, clipped)

    def _live(self) -> "LiveComparison":
        from patchwidgets.widgets.comparison import LiveComparison

        if self._shown is None:
            self._shown = LiveComparison(self)
        return self._shown

    def _ipython_display_(self) -> None:
        self.show()

    def _display_(self) -> Any:
        """Return what marimo shows, which knows neither our outputs nor IPython's."""
        return self.widget

    def _found(
        self, rule: str, map: str | None, options: Mapping[str, Any]
    ) -> list[dict[str, int]]:
        """Return for every method the sign with which it detects each node of its map."""
        found = []
        for method in self.methods:
            result = self.result(method)
            detected: Detection = result.detect(rule, method.metric, map, **options)
            signs = dict.fromkeys(result.cells(method.metric, map).names, 0)
            signs |= dict.fromkeys(detected.positive, 1) | dict.fromkeys(detected.negative, -1)
            found.append(signs)
        return found

    def _square(self, between: Any) -> pd.DataFrame:
        each = range(len(self.methods))
        numbers = [[between(one, other) for other in each] for one in each]
        return pd.DataFrame(numbers, index=self._index(), columns=self._index())

    def _index(self) -> pd.Index:
        if len(self.varying) == 1:
            return pd.Index([label for (label,) in self._labels()], name=self.varying[0])
        return pd.MultiIndex.from_tuples(self._labels(), names=self.varying)

    def _labels(self) -> list[tuple[str, ...]]:
        return [
            tuple(str(getattr(method, name)) for name in self.varying) for method in self.methods
        ]


def require_several(methods: int) -> None:
    """Check that there is something to compare.

    Raises:
        PlanError: There are fewer than two methods.
    """
    if methods < 2:
        raise PlanError(
            f"There is {methods} method to compare, and a comparison needs two or more. Name "
            "several corruptions, metrics, directions or windows, such as "
            "`study.compare(metrics=['logit_diff', 'prob'])`."
        )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    return rank_correlation(one[both], other[both])
