"""What a head attends to, in a notebook: measured anew when another head or pair is chosen."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import traitlets as t

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.result import Result
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.widget import ViewWidget

Pairs = int | Sequence[int] | None
"""One prompt pair, several, or all."""

Measured = Callable[[str, Pairs], Any]
"""Takes the name of a node and prompt pairs; returns header and arrays of the pattern."""


class AttentionWidget(ViewWidget):
    """Carries an attention pattern."""

    prompt = t.Int(0, min=0).tag(sync=True)
    """Which pair; without meaning where a mean is shown."""
    destination = t.Int(-1, min=-1).tag(sync=True)
    """The position that attends; -1 means the last."""
    matrix = t.Bool(False).tag(sync=True)
    """Whether all destinations are shown, as a map."""


class LiveAttention(LiveView[AttentionWidget]):
    """The pattern of one head.

    When `selection` or `prompt` of the widget becomes another head or pair, that one is measured
    and shown. What is no head leaves the pattern standing, with a note that says so.

    Args:
        measured: Measures a pattern.
        node: Written name of the head.
        pairs: Prompt pairs.
    """

    def __init__(self, measured: Measured, node: str, pairs: Pairs) -> None:
        super().__init__()
        self._measured = measured
        self._pairs = pairs
        self._shows = (node, pairs)
        self._chosen = Newest(self._look)
        self._now = measured(node, pairs)
        self.widget = AttentionWidget(*self._now, on_command=self._obey)
        self.widget.selection = node
        if isinstance(pairs, int):
            self.widget.prompt = pairs
        self.widget.observe(self._on_choice, ["selection", "prompt"])

    def _ipython_display_(self) -> None:
        self.show()

    def _picture(self) -> Any:
        return self._now

    def _shown(self) -> Collection[Result]:
        return []

    def _carry_out(self, command: dict[str, Any]) -> None:
        """Do nothing: there is nothing to stop or to open."""

    def _on_choice(self, _: Any) -> None:
        # Not measured here: nobody may wait for the model while the traits are locked.
        pairs = self.widget.prompt if isinstance(self._pairs, int) else self._pairs
        self._chosen.ask((self.widget.selection or self._shows[0], pairs))

    def _look(self, wanted: tuple[str, Pairs]) -> None:
        if wanted == self._shows:
            return
        try:
            now = self._measured(*wanted)
        except PatchwidgetsError as problem:
            header, block = self._now
            now = header.model_copy(update={"note": str(problem)}), block
        with self._lock:
            self._shows, self._now = wanted, now
        self._draw()
        self._store()
