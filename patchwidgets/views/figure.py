"""A chart that is no map, as a notebook output stores it: a still picture of the live figure."""

from typing import Any

from patchwidgets.views._wire import SCHEMA_VERSION, Wire

__all__ = ["Figure"]

FIGURE_MIME_TYPE = "application/vnd.patchwidgets.figure.v1+json"
"""The type under which a notebook output carries a `Figure`; one of its own, so that a front end
which does not know it shows the picture in the same output."""


class Figure(Wire):
    """Everything needed to look at a chart without a kernel."""

    title: str
    text: str
    """What it shows, in words."""
    picture: str
    """The chart as SVG, drawn from the same numbers; shown as an image, so that no script in it
    could run. Empty where there is none."""


def figure_bundle(header: Figure, live_id: str = "") -> dict[str, Any]:
    """Return what a notebook output stores.

    Args:
        header: What is shown.
        live_id: Model id of the widget that has the live figure while its kernel runs, or empty.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "header": header.model_dump(mode="json"),
        "live_id": live_id,
    }
