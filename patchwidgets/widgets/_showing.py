"""How views are shown in notebooks: as outputs that outlive their kernel, or as classic widgets."""

from typing import Any, Literal, get_args

from ipywidgets import DOMWidget

from patchwidgets.registry import one_of

Display = Literal["stored", "widget"]
"""`stored`: the whole view lies in the output, and JupyterLab draws it with or without a kernel.
`widget`: a classic anywidget view, for front ends without our extension that draw widgets."""

DISPLAYS = get_args(Display)

_chosen: list[Display] = ["stored"]


def display(way: str | None = None) -> Display:
    """Choose how views are shown from now on, and return how.

    VS Code, Colab and marimo do not have our JupyterLab extension, so that a stored output answers
    no clicks there that need the kernel. A classic widget does, in every front end that draws
    anywidgets; once its kernel is gone, it is a picture, or where a notebook is exported to HTML
    the page it would have stored, as it was when the cell was run.

    Args:
        way: `stored`, as it is at first, or `widget`; `None` leaves it as it is. One view alone is
            shown in another way by `show(display="widget")`.

    Raises:
        UnknownNameError: It is neither.

    Example:
        >>> display()
        'stored'
    """
    if way is not None:
        _chosen[0] = shown_as(way)
    return _chosen[0]


def shown_as(way: str | None) -> Display:
    """Return how one view is shown that was asked for this way; `None` for as all are.

    Raises:
        UnknownNameError: There is no such way.
    """
    return _chosen[0] if way is None else one_of("display", way, DISPLAYS)


def as_widget(widget: DOMWidget, stored: dict[str, Any], ours: str) -> dict[str, Any]:
    """Return an output that front ends without our extension draw as a classic widget.

    Args:
        widget: What is shown; closed, it is shown as it is stored.
        stored: Its stored output.
        ours: The type in it that our extension draws, and that would be drawn first.
    """
    if widget.comm is None:
        return stored
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    rest = {kind: content for kind, content in stored.items() if kind != ours}
    return {"application/vnd.jupyter.widget-view+json": view, **rest}
