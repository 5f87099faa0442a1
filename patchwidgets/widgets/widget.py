"""The widgets that carry what is shown between Python and the page."""

import logging
from collections.abc import Callable
from typing import Any

import traitlets as t
from ipywidgets import Widget
from pydantic import ValidationError

from patchwidgets.views._still import Shown
from patchwidgets.views._wire import MIME_TYPE
from patchwidgets.views.explorer import COMMANDS
from patchwidgets.widgets._bundle import mime_bundle
from patchwidgets.widgets._linking import LOCK
from patchwidgets.widgets._showing import as_widget, shown_as
from patchwidgets.widgets._stub import StubWidget

STORE = {"command": "store"}
"""What a page sends that was loaded after the outputs it shows."""

logger = logging.getLogger(__name__)


class CarryingWidget(StubWidget):
    """Carries one view, whatever it is made of.

    Args:
        header: What is drawn, except for its arrays.
        block: The arrays.
        on_command: Called with a command of the view, such as `{"command": "cancel", "key": ...}`,
            when a reader asks for it, and with `{"command": "store"}` when a page
            stores less than it shows and wants `send_bundle`. It runs on whichever thread the
            kernel handles messages, so it should only hand the work on.
    """

    header = t.Dict().tag(sync=True)
    """The view as JSON."""
    block = t.Bytes().tag(sync=True)
    """The arrays of the view."""
    selection = t.Unicode().tag(sync=True)
    """Written name of the selected node in the map last touched, or empty."""

    def __init__(
        self,
        header: Shown,
        block: bytes,
        *,
        on_command: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        # Traits are not safe to use from two threads, and a kernel may handle a message from the
        # page on another thread than the one that measures.
        self._lock = LOCK
        self._header = header
        self._on_command = on_command
        super().__init__(header=header.model_dump(mode="json"), block=block)
        self.on_msg(self._receive)

    def draw(self, header: Shown, block: bytes) -> None:
        """Draw something else in place; may be called from any thread."""
        with self._lock:
            self._header = header
            with self.hold_sync():
                self.header = header.model_dump(mode="json")
                self.block = block

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page says; called by ipywidgets."""
        with self._lock:
            super().set_state(sync_data)

    def bundle(self) -> dict[str, Any]:
        """Return the notebook output: our own type, HTML, a picture and text.

        A closed widget gives an output that no kernel answers.
        """
        with self._lock:
            live_id = self.pw_id if self.comm is not None else ""
            shown = self._header, self.block, live_id, self._still_key()
        # Not under the lock, which all widgets share: clicks wait for it, and a picture takes time.
        return mime_bundle(*shown)

    def send_bundle(self) -> None:
        """Send the output to the pages that show it, for them to store."""
        bundle = self.bundle()
        with self._lock:
            self.send({"kind": "store", "bundle": bundle})

    def widget_bundle(self) -> dict[str, Any]:
        """Return the output for front ends that know widgets but not our type, such as VS Code.

        Once the kernel is gone, they show the picture; HTML that is made of the notebook has all.
        """
        return as_widget(self, self.bundle(), MIME_TYPE)

    def _still_key(self) -> str:
        """Return which map stands for the view where only one can be seen; empty for none."""
        return ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return (self.widget_bundle() if shown_as(None) == "widget" else self.bundle()), {}

    def _receive(self, _: Widget, content: object, __: object) -> None:
        try:
            # A page, not a reader, asks for `store`, so it is none of the view's commands.
            command = STORE if content == STORE else COMMANDS.validate_python(content).model_dump()
        except ValidationError as error:
            logger.warning("Ignored a command that is none of ours: %r. %s", content, error)
            return
        if self._on_command is not None:
            self._on_command(command)


class ViewWidget(CarryingWidget):
    """Carries what was measured."""

    def show(self, header: Shown, block: bytes) -> None:
        """Draw something else in place; may be called from any thread."""
        self.draw(header, block)


class PatchWidget(ViewWidget):
    """Carries one explorer."""

    trail = t.List(t.Unicode()).tag(sync=True)
    """Keys of the maps from the first to the last one opened; empty means the first map only."""
    metric = t.Unicode().tag(sync=True)
    """Name of the metric that is drawn; empty means the first."""
    prompt = t.Int(0, min=0).tag(sync=True)
    """Which pair the token strip shows, attention patterns are on, and the maps where `alone`."""
    alone = t.Bool(False).tag(sync=True)
    """Whether the maps show the pair `prompt` alone; otherwise the mean over all pairs."""
    estimates = t.Bool(True).tag(sync=True)
    """Whether cells that were not measured show what was estimated of them."""
    form = t.Unicode().tag(sync=True)
    """Form of the path maps that are opened next; empty means `pinned`."""
    pins = t.List(t.Unicode()).tag(sync=True)
    """Nodes that were pinned into a circuit, and paths between them, as `L5H1 -> L9H6.q`."""

    def _still_key(self) -> str:
        return self.trail[-1] if self.trail else ""


class ComparisonWidget(ViewWidget):
    """Carries one comparison."""

    rule = t.Unicode().tag(sync=True)
    """Name of the rule by which nodes are marked; empty means the first."""
    scale = t.Enum(["metric", "all", "each"], "metric").tag(sync=True)
    """Which maps share a colour scale: those of one metric, all normalized ones, or none."""


class CircuitWidget(ViewWidget):
    """Carries one circuit."""

    metric = t.Unicode().tag(sync=True)
    """Name of the metric that is shown; empty means the first."""
