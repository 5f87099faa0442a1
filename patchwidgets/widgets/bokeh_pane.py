"""The widget that carries a Bokeh figure between Python and the page."""

from typing import Any

import traitlets as t
from ipywidgets import Widget

from patchwidgets.charts._bokehjs import bokehjs
from patchwidgets.reports.figure import image
from patchwidgets.views.figure import FIGURE_MIME_TYPE, Figure, figure_bundle
from patchwidgets.widgets._linking import LOCK, link, selecting
from patchwidgets.widgets._showing import as_widget, shown_as
from patchwidgets.widgets._stub import StubWidget

CODE = {"command": "bokehjs"}
"""What a page sends that has no BokehJS yet."""


class BokehPane(StubWidget):
    """Shows a Bokeh figure, tied to maps by the node that is selected.

    A data source of the figure with a column `node` (written names, such as `L9H6`) makes its
    dots nodes: a click on one sets `selection`, and setting `selection` marks them. A column
    `says` is read out beside the name. The page asks the kernel for BokehJS once, whatever number
    of panes it shows, and nothing comes from a network; no notebook stores it.

    Args:
        figure: Any Bokeh model that can be drawn.
        title: What it shows, in a line; for screen readers and saved notebooks.
        text: The same in more words.
        picture: SVG of the same numbers, which is what a saved notebook shows; without one it
            shows title and text.
    """

    header = t.Dict().tag(sync=True)
    """Title, text and still picture."""
    figure = t.Dict().tag(sync=True)
    """The figure as the JSON that BokehJS draws."""
    selection = t.Unicode().tag(sync=True)
    """Written name of the selected node, or empty."""

    def __init__(
        self, figure: Any, *, title: str = "Bokeh figure", text: str = "", picture: str = ""
    ) -> None:
        from patchwidgets.charts._figure import item_of

        self._picture = Figure(title=title, text=text, picture=picture)
        super().__init__(header=self._picture.model_dump(mode="json"), figure=item_of(figure))
        self.on_msg(self._receive)

    def link(self, *others: Any) -> "BokehPane":
        """Select the same node here and there from now on, and return this pane.

        Args:
            *others: Results, comparisons, charts, or widgets with a trait `selection`.

        Raises:
            PatchwidgetsError: One of them has no selection.
        """
        for other in [selecting(other) for other in others]:
            link(self, other)
        return self

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page says; called by ipywidgets."""
        with LOCK:
            super().set_state(sync_data)

    def bundle(self) -> dict[str, Any]:
        """Return the notebook output: our own type, HTML and SVG with a still picture, and text.

        A closed widget gives an output that no kernel answers.
        """
        live_id = self.pw_id if self.comm is not None else ""
        stored = {
            FIGURE_MIME_TYPE: figure_bundle(self._picture, live_id),
            "text/html": image(self._picture),
            "text/plain": f"{self._picture.title}\n{self._picture.text}",
        }
        if self._picture.picture:
            stored["image/svg+xml"] = self._picture.picture
        return stored

    def widget_bundle(self) -> dict[str, Any]:
        """Return the output for front ends that know widgets but not our type, such as VS Code."""
        return as_widget(self, self.bundle(), FIGURE_MIME_TYPE)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return (self.widget_bundle() if shown_as(None) == "widget" else self.bundle()), {}

    def _receive(self, _: Widget, content: object, __: object) -> None:
        if content == CODE:
            self.send({"kind": "bokehjs"}, buffers=[bokehjs().encode()])
