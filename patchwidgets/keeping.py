"""A study remembers what it measured, and writes it to a file that needs no model to be read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import FileError
from patchwidgets.opening import about_run
from patchwidgets.plans.plan import Plan
from patchwidgets.reports.html import page
from patchwidgets.results._document import Precision
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import OpenPaths, Result
from patchwidgets.saving._document import pack
from patchwidgets.saving._opened import opened_with
from patchwidgets.saving._picture import picture
from patchwidgets.saving._sizes import Sizes, sizes_of, written
from patchwidgets.saving._writing import write
from patchwidgets.views._explorer import key_of


class Keeping:
    """A study that remembers the results it started."""

    _session: Session
    _origin: dict[str, Any]
    _opened: dict[str, Any]
    _kept: list[str] | None
    _code: str
    _started: dict[tuple[Any, ...], Result]
    path: OpenPaths
    _metric_infos: Any
    _groups: Any

    @property
    def results(self) -> dict[str, Result]:
        """Everything that was started here, in order: sweeps by name, path maps by receivers.

        What is started again takes the place of what it was; several of one name are counted, as
        `heads`, `heads #2`.
        """
        named: dict[str, Result] = {}
        for result in list(self._started.values()):
            key = key_of(result)
            same = sum(other.split(" #")[0] == key for other in named)
            named[f"{key} #{same + 1}" if same else key] = result
        return named

    @property
    def provenance(self) -> dict[str, Any]:
        """What a result of this study remembers of it: everything needed to measure it again."""
        return self._origin | about_run(self._session) | {"code": self._code}

    def adopt(self, results: Iterable[Result]) -> None:
        """Take over results that were measured on this study's model and prompts elsewhere.

        Heads on them open path maps from now on.
        """
        for result in results:
            self._remember(result)

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

    def to_html(self, path: str | Path) -> Path:
        """Write everything that was measured as one page that needs no network; return where.

        Raises:
            FileError: Nothing was measured, or it cannot be written there.
        """
        header, block = picture(list(self._measured().values()))
        return write(page(header, block, header.title), path)

    def size(self, *, precision: Precision = "exact") -> Sizes:
        """Return how large everything measured is as a file, as a page and in a notebook.

        Raises:
            FileError: As in `save`.
        """
        drawn = picture(list(self._measured().values()), precision)
        return sizes_of(self._document(precision), *drawn)

    def _document(self, precision: Precision) -> dict[str, Any]:
        session = self._session
        names = [metric.name for metric in session.metrics]
        pairs = self._opened["behaviour"]
        given = list(pairs) if not isinstance(pairs, str) and hasattr(pairs, "table") else []
        opened = opened_with(self._opened, session.model.spec.name, given, names)
        if self._kept is not None:
            opened["kept"] = self._kept
        return pack(self._measured(), self._code, opened, precision)

    def _measured(self) -> dict[str, Result]:
        """Return what was measured, once it is; what failed is re-raised, as its reader would."""
        found = {key: result.wait() for key, result in self.results.items()}
        if not found:
            raise FileError(
                "Nothing was measured in this study yet, so there is nothing to save. Measure "
                "something first, such as `study.sweep('heads')`."
            )
        return found

    def _remember(self, result: Result) -> Result:
        result.open_paths = self.path
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
