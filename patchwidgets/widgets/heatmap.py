"""A map of anybody's array in a notebook."""

import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from IPython.display import display, update_display

from patchwidgets.reports._figures import of_map
from patchwidgets.reports.html import page
from patchwidgets.results.csv import write_csv
from patchwidgets.results.writing import write_text
from patchwidgets.views._array_map import array_map, table_of
from patchwidgets.views._axes import Along
from patchwidgets.views._chart import read_chart
from patchwidgets.views._still import words
from patchwidgets.views.array_map import ArrayMap
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets._linking import link, selecting
from patchwidgets.widgets._showing import shown_as
from patchwidgets.widgets._terminal import in_terminal
from patchwidgets.widgets.widget import CarryingWidget

STORED_AFTER, STORED_AT_LEAST = 0.3, 5.0
"""Seconds until the notebook's stored output follows what is shown: after the last change, and
while changes go on. A page that looks for itself waits longer (js/src/lab/keep.ts)."""


class HeatmapWidget(CarryingWidget):
    """Carries one map of anybody's numbers; `heatmap` makes one.

    `selection` is the name of the selected cell, and can be linked with that of any other widget.
    """

    def __init__(self, array: Any, **about: Any) -> None:
        self._about = about
        self._turn = self._shown_turn = 0
        self._outputs: list[str] = []
        self._storing: threading.Timer | None = None
        self._one_stores = threading.Lock()
        self._sends = Newest(lambda _: self.send_bundle())
        self._changed_at = 0.0
        super().__init__(*array_map(array, **about), on_command=self._obey)

    def show(
        self,
        array: Any,
        rows: Along = None,
        columns: Along = None,
        *,
        title: str | None = None,
        caption: str | None = None,
        quantity: str | None = None,
        limit: float | int | None = None,
    ) -> None:
        """Draw another array in place; may be called from any thread, as often as wanted.

        What is left out stays as it was. Arguments and errors are those of `heatmap`.
        """
        given = {
            "rows": rows,
            "columns": columns,
            "title": title,
            "caption": caption,
            "quantity": quantity,
            "limit": limit,
        }
        with self._lock:
            about = self._about | {name: one for name, one in given.items() if one is not None}
            self._turn += 1
            turn = self._turn
        # Not under the lock, which all widgets share: a large array takes a while.
        header, block = array_map(array, **about, turn=turn)
        with self._lock:
            if turn < self._shown_turn:
                return  # another thread was faster with something newer
            self._about, self._shown_turn = about, turn
            self.draw(header, block)
            self._store_soon()

    def link(self, *others: Any) -> "HeatmapWidget":
        """Select the same name here and there from now on, and return this widget.

        Args:
            *others: Results, comparisons, charts, or widgets with a trait `selection`.

        Raises:
            PatchwidgetsError: One of them has no selection.
        """
        for other in [selecting(other) for other in others]:
            link(self, other)
        return self

    def save_html(self, path: str | Path) -> Path:
        """Write the map as one page that needs no network, and return where."""
        with self._lock:
            shown = self._header, self.block, self._map.title
        return write_text(page(*shown), Path(path))

    def figure(
        self, path: str | Path | None = None, *, format: str | None = None, clipped: bool = False
    ) -> Any:
        """Return the map as a matplotlib figure, or write it as SVG, PDF or PNG and return where.

        Args and errors are those of `Result.figure`.
        """
        with self._lock:
            drawn, block = self._map.maps[0], self.block
        return of_map(drawn, block, None if path is None else Path(path), format, clipped)

    def to_csv(self, path: str | Path) -> Path:
        """Write a line for every cell: its name, row, column and number; return where.

        Texts that a spreadsheet would run as formulas get an apostrophe in front.
        """
        with self._lock:
            chart = read_chart(self._map.maps[0], self.block)
        return write_csv(table_of(chart), Path(path))

    @property
    def _map(self) -> ArrayMap:
        assert isinstance(self._header, ArrayMap)
        return self._header

    def _store_soon(self) -> None:
        if not self._outputs:
            return
        waited = 0.0 if self._storing is None else time.monotonic() - self._changed_at
        if self._storing is None:
            self._changed_at = time.monotonic()
        elif waited > STORED_AT_LEAST:
            return
        else:
            self._storing.cancel()
        self._storing = threading.Timer(STORED_AFTER, self._store)
        self._storing.daemon = True
        self._storing.start()

    def _store(self) -> None:
        """Write what is shown into the outputs that show it, so that it is saved with them."""
        with self._one_stores:
            with self._lock:
                self._storing = None
                outputs = list(self._outputs)
            bundle = self.bundle()
            for identity in outputs:
                update_display(bundle, raw=True, display_id=identity)

    def _obey(self, command: dict[str, Any]) -> None:
        # The page's messages must not wait for a picture to be made.
        if command["command"] == "store":
            self._sends.ask(None)

    def __repr__(self) -> str:
        with self._lock:
            return words(self._header, self.block)

    def _ipython_display_(self) -> None:
        if in_terminal():
            print(f"\n{self!r}")
            return
        if shown_as(None) == "widget":
            display(self.widget_bundle(), raw=True)
            return
        with self._lock:
            identity = uuid4().hex
            self._outputs.append(identity)
            display(self.bundle(), raw=True, display_id=identity)


def heatmap(
    array: Any,
    rows: Along = None,
    columns: Along = None,
    *,
    title: str = "",
    caption: str = "",
    quantity: str = "",
    limit: float | int | None = None,
) -> HeatmapWidget:
    """Return a map of anybody's array: for a notebook, a page (`save_html`) or other widgets.

    Colours are symmetric around 0. NaN is drawn as not measured. Cells are called by their row and
    column: `L9H6` where rows are layers and columns heads, `L9@4` where columns are positions.

    Args:
        array: Numbers in one or two dimensions: a list of lists, a NumPy array, a DataFrame or
            Series, an xarray DataArray, a torch tensor, or what `transformer_lens.patching`
            returns. Labels are taken from its index or coordinates. Of a `PatchingResult` the mean
            over prompts is drawn: the effect where it has a baseline, else the metric.
        rows: What runs down the rows, such as `layer`; or a label for each; or both, as
            `{"layer": [...]}`.
        columns: The same for columns. Labels may repeat where it is called `position` or `token`.
        title: The question the map answers.
        caption: What a reader needs to redo it.
        quantity: What the numbers are, such as `attention`.
        limit: The end of the colour scale, so that several maps share one; by default the largest
            absolute value. Cells beyond it are marked.

    Raises:
        PatchwidgetsError: The array is empty or has no real numbers, has infinite ones, more than
            two axes or too many cells; labels that do not fit or names that repeat.

    Example:
        >>> heatmap([[0.1, -0.4], [0.0, 0.9]], rows="layer", columns="head").selection
        ''
    """
    return HeatmapWidget(
        array,
        rows=rows,
        columns=columns,
        title=title,
        caption=caption,
        quantity=quantity,
        limit=limit,
    )
