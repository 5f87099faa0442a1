"""The charts of everything a study has measured, for its page."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from patchwidgets.charts._chart import Chart
from patchwidgets.errors import FileError, MeasurementError
from patchwidgets.reports.figure import figures
from patchwidgets.reports.html import Foot
from patchwidgets.results.result import Result
from patchwidgets.saving._kept import Kept

Charts = bool | Sequence[Chart]
"""All that there are, none, or those that are given."""


def chosen_charts(charts: Any, kept: Kept) -> list[Chart]:
    """Return the charts that a page was asked to have.

    Args:
        charts: As `Study.to_html` takes it.
        kept: What was measured.

    Raises:
        FileError: One that was given is no chart.
    """
    if isinstance(charts, bool):
        return charts_of(kept) if charts else []
    given = list(charts) if isinstance(charts, list | tuple) else [charts]
    others = [type(one).__name__ for one in given if not isinstance(one, Chart)]
    if others:
        raise FileError(
            f"`charts` has a `{others[0]}`, which is no chart, so the page cannot draw it. Write "
            "`charts=True` for every chart of what was measured, or name some, such as "
            "`charts=[heads.chart('prompts')]`."
        )
    return given


def foot_of(charts: Sequence[Chart]) -> Foot | None:
    """Return charts as a page has them below its maps, with BokehJS; nothing for no charts."""
    if not charts:
        return None
    from patchwidgets.charts._bokehjs import bokehjs

    return figures([chart.stored() for chart in charts], bokehjs())


def charts_of(kept: Kept) -> list[Chart]:
    """Return every chart of a study that can be drawn: of sweeps, comparisons, then circuits.

    Path maps have none, as they are one for every drill-down. A comparison is drawn by its first
    two methods.
    """
    return [chart for make in _makers(kept) if (chart := _made(make)) is not None]


def _makers(kept: Kept) -> Iterator[Callable[[], Chart]]:
    for result in kept.results.values():
        if result.plan.form is None:
            yield from (lambda name=name, of=result: of.chart(name) for name in _names(result))
    for comparison in kept.comparisons:
        yield lambda of=comparison: of.scatter(*of.methods[:2], normalized=False)
    for circuit in kept.circuits:
        yield lambda of=circuit: of.chart()


def _names(result: Result) -> list[str]:
    windows = "window" in [plan_map.name for plan_map in result.plan.maps]
    # Windows by position are a chart for each position.
    narrow = windows and all(len(one.axes) == 1 for one in result.plan.maps)
    return [
        "prompts",
        *(["windows"] if narrow else []),
        *(["estimates"] if result.estimate is not None else []),
    ]


def _made(make: Callable[[], Chart]) -> Chart | None:
    """Return a chart; none where too little was measured for it."""
    try:
        return make()
    except MeasurementError:
        return None
