"""What every widget of ours is: an id, a stub that lists it in the page, and the shared code."""

from typing import Any
from uuid import uuid4

import anywidget
import traitlets as t

from patchwidgets.views._static import static_text


class _Runtime(anywidget.AnyWidget):
    """Holds the code that all widgets of a page share, so that none of them carries it."""

    _esm = t.Unicode().tag(sync=True)

    @t.default("_esm")
    def _read_code(self) -> str:
        return static_text("widget.js")


_runtimes: list[_Runtime] = []


def _shared_runtime() -> _Runtime:
    """Return the runtime of this kernel; a new one where the last was closed."""
    if not _runtimes or _runtimes[-1].comm is None:
        _runtimes[:] = [_Runtime()]
    return _runtimes[-1]


class StubWidget(anywidget.AnyWidget):
    """A widget whose code is the stub: what draws it is in the page's one runtime.

    Args:
        **traits: What it carries.
    """

    pw_id = t.Unicode().tag(sync=True)
    _esm = t.Unicode().tag(sync=True)
    _runtime = anywidget.WidgetTrait().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        # The page reads its id before anything that is set after this call reaches it.
        identity = uuid4().hex
        super().__init__(model_id=identity, pw_id=identity, _runtime=_shared_runtime(), **traits)

    @t.default("_esm")
    def _read_code(self) -> str:
        return static_text("stub.js")

    def close(self) -> None:
        """Close it, and the layout that ipywidgets makes for every widget and keeps for ever."""
        layout = self.layout
        super().close()
        layout.close()
