"""What one patch does to every prompt pair, in a notebook."""

from collections.abc import Collection
from typing import Any

import traitlets as t

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.result import Result
from patchwidgets.views._prompt_effects import find_patch, prompt_effects
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.widget import ViewWidget


class EffectsWidget(ViewWidget):
    """Carries the effects of one patch on every pair."""

    metric = t.Unicode().tag(sync=True)
    """Name of the metric that is drawn; empty means the first."""
    prompt = t.Int(0, min=0).tag(sync=True)
    """Which pair is marked."""
    grouped = t.Bool(False).tag(sync=True)
    """Whether every group of prompts has a row of its own."""


class LiveEffects(LiveView[EffectsWidget]):
    """The effects of one cell of a result, drawn as they are measured.

    When `selection` of the widget becomes the name of another cell, those of that cell are shown.

    Args:
        result: What is being measured, or was.
        node: Written name of the cell.

    Raises:
        MeasurementError: The result has no such cell.
    """

    def __init__(self, result: Result, node: str) -> None:
        super().__init__()
        self._result = result
        self._node = node
        self._clicked = Newest(self._look_at)
        self.widget = EffectsWidget(*self._picture(), on_command=self._obey)
        self.widget.selection = node
        self.widget.observe(self._on_selection, "selection")
        self._follow([result])

    def _ipython_display_(self) -> None:
        self.show()

    def _picture(self) -> Any:
        block = ArrayBlock()
        header = prompt_effects(self._result, self._node, block)
        return header, block.to_bytes()

    def _shown(self) -> Collection[Result]:
        return [self._result]

    def _carry_out(self, command: dict[str, Any]) -> None:
        if command["command"] == "cancel":
            self._result.cancel()

    def _on_selection(self, change: Any) -> None:
        # Not here: the lock on the traits is held, and drawing waits for that on the result.
        self._clicked.ask(change["new"])

    def _look_at(self, node: str) -> None:
        try:
            if find_patch(self._result, node) is None:
                return
        except PatchwidgetsError:
            return  # another map's cell: what is shown stays
        with self._lock:
            self._node = node
        self._draw()
        self._store()
