"""Results, comparisons, circuits and maps as figures for papers."""

from pathlib import Path
from typing import Any

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.registry import unknown_name
from patchwidgets.reports.circuit_figure import circuit_figure
from patchwidgets.reports.map_figure import figure_of, written
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.result import Result
from patchwidgets.views._chart import Chart, read_chart
from patchwidgets.views._circuit import circuit
from patchwidgets.views._comparison import comparison
from patchwidgets.views._explorer import caption_of, explorer, key_of
from patchwidgets.views._picture import heatmap
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.circuit import Circuit
from patchwidgets.views.heatmap import Heatmap


def of_result(
    result: Result,
    path: Path | None,
    format: str | None,
    map: str | None,
    metric: int,
    clipped: bool,
) -> Any:
    """Return a result as a figure, or where it was written."""
    shown, title = ArrayBlock(), explorer([result])[0].maps[0].title
    about = {"key": key_of(result), "title": title, "caption": caption_of(result)}
    drawn = heatmap(result, **about, block=shown, map=map)
    return _figure([[read_chart(drawn, shown.to_bytes(), metric)]], path, format, clipped)


def of_comparison(
    compared: Comparison, path: Path | None, format: str | None, clipped: bool
) -> Any:
    """Return all maps of a comparison as a figure, or where it was written."""
    header, block = comparison(compared)
    rows = [[read_chart(one, block, at) for at in range(len(one.metrics))] for one in header.maps]
    return _figure(rows, path, format, clipped)


def of_circuit(
    shown: CircuitResult, path: Path | None, format: str | None, metric: str | None
) -> Any:
    """Return a circuit as a figure, or where it was written."""
    header, _ = circuit(shown)
    names = [one.name for one in header.metrics]
    if metric not in (None, *names):
        raise unknown_name("metric", metric, names)
    chosen = header.metrics[names.index(metric) if metric else 0]
    figure = circuit_figure(header, chosen, _circuit_caption(shown, header, chosen.label))
    return figure if path is None else written(figure, path, format)


def of_map(
    drawn: Heatmap, block: bytes, path: Path | None, format: str | None, clipped: bool
) -> Any:
    """Return one map as a figure, or where it was written."""
    return _figure([[read_chart(drawn, block)]], path, format, clipped)


def _figure(rows: list[list[Chart]], path: Path | None, format: str | None, clipped: bool) -> Any:
    figure = figure_of(rows, _caption(rows), clipped=clipped)
    return figure if path is None else written(figure, path, format)


def _circuit_caption(shown: CircuitResult, header: Circuit, metric: str) -> str:
    """Return what a reader needs to redo a circuit."""
    forms = sorted({path.form for path in shown.paths if path.form})
    drawn, progress = shown.circuit.random, shown.progress
    parts = [
        caption_of(shown.measured),
        f"paths: form {', '.join(forms)}" if forms else "",
        f"{len(drawn)} random circuits, seed {shown.circuit.seed}" if drawn else "",
        f"metric {metric}",
        "" if progress.state == "done" else f"{progress.done} of {progress.total} runs measured",
    ]
    return " · ".join(part for part in (*parts, *header.remarks) if part)


def _caption(rows: list[list[Chart]]) -> str:
    """Return what a reader needs to redo the maps, said once where it is the same for all."""
    captions = dict.fromkeys(row[0].map.caption for row in rows)
    metrics = dict.fromkeys(
        f"metric {one.map.metrics[one.metric].label}"
        for row in rows
        for one in row
        if not one.map.metrics[one.metric].quantity
    )
    clipped = dict.fromkeys(note for row in rows for note in (_note(row[0]),) if note)
    return " · ".join(part for part in (*captions, ", ".join(metrics), *clipped) if part)


def _note(chart: Chart) -> str:
    """Return how far the measuring came, where not everything was measured."""
    progress = chart.map.progress
    return "" if progress.state == "done" else f"{progress.done} of {progress.total} cells measured"
