"""A chart: its numbers, its Bokeh figure, and its place in a notebook or on a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from patchwidgets.charts._drawing import Drawing
from patchwidgets.charts._still import still
from patchwidgets.results.writing import write_text
from patchwidgets.views.figure import Figure

if TYPE_CHECKING:
    from patchwidgets.widgets.bokeh_pane import BokehPane


class Chart:
    """A chart that is no map. Its last line in a notebook cell shows it.

    Args:
        drawing: Its numbers.
        beside: What its dots are nodes of, a result or a comparison: a node selected there is
            selected here, and the other way round. `None` for neither.
    """

    def __init__(self, drawing: Drawing, beside: Any = None) -> None:
        self.drawing = drawing
        self._beside = beside
        self._shown: BokehPane | None = None

    @property
    def figure(self) -> Any:
        """A new Bokeh figure of it, to change or to lay out with others."""
        from patchwidgets.charts._figure import figure_of

        return figure_of(self.drawing)

    @property
    def picture(self) -> str:
        """The chart as SVG: the same numbers, without BokehJS."""
        return still(self.drawing)

    @property
    def widget(self) -> "BokehPane":
        """What is shown in a notebook; its trait `selection` is the name of the chosen node."""
        if self._shown is None:
            from patchwidgets.widgets.bokeh_pane import BokehPane

            header = self._header()
            self._shown = BokehPane(
                self.figure, title=header.title, text=header.text, picture=header.picture
            )
            if self._beside is not None:
                self._shown.link(self._beside)
        return self._shown

    def link(self, *others: Any) -> "Chart":
        """Select the same node here and there from now on, and return this chart.

        Args:
            *others: Results, comparisons, charts, or widgets with a trait `selection`.

        Raises:
            PatchwidgetsError: One of them has no selection.
        """
        self.widget.link(*others)
        return self

    def table(self) -> pd.DataFrame:
        """Return a row per dot: `node`, `x`, `y`, `group` and what is `said` of it."""
        dots, groups = self.drawing.dots, self.drawing.groups
        return pd.DataFrame(
            {
                "node": dots.node,
                "x": dots.x,
                "y": dots.y,
                "group": [groups[at].label for at in dots.group],
                "said": dots.says,
            }
        )

    def save_html(self, path: str | Path) -> Path:
        """Write the chart as a page that needs no network, 1.3 MB of it BokehJS.

        Returns:
            Where it was written.
        """
        from patchwidgets.charts._bokehjs import bokehjs
        from patchwidgets.reports.figure import figure_page

        page = figure_page([self.stored()], self.drawing.title, bokehjs())
        return write_text(page, Path(path))

    def stored(self) -> tuple[Figure, dict[str, Any]]:
        """Return the still picture and the Bokeh figure as JSON, which pages hold."""
        from patchwidgets.charts._figure import figure_of, item_of

        return self._header(), item_of(figure_of(self.drawing))

    def _header(self) -> Figure:
        text = self.drawing.summary().partition("\n")[2]
        return Figure(title=self.drawing.title, text=text, picture=self.picture)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.widget._repr_mimebundle_()

    def _display_(self) -> Any:
        """Return what marimo shows, which knows neither our outputs nor IPython's."""
        return self.widget

    def __repr__(self) -> str:
        return self.drawing.summary()
