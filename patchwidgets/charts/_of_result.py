"""The charts of one result, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from patchwidgets.charts._chart import Chart
from patchwidgets.charts._drawing import Drawing
from patchwidgets.charts.estimates import estimates
from patchwidgets.charts.prompts import prompts
from patchwidgets.charts.windows import windows
from patchwidgets.registry import unknown_name
from patchwidgets.results.result import Result

CHARTS: dict[str, Callable[..., Drawing]] = {
    "estimates": estimates,
    "prompts": prompts,
    "windows": windows,
}


def chart_of(result: Result, name: str, metric: str | None, options: Mapping[str, Any]) -> Chart:
    """Return a chart of a result: see `Result.chart`."""
    if name not in CHARTS:
        raise unknown_name("chart of a result", name, list(CHARTS))
    return Chart(CHARTS[name](result, metric, **options), result)
