"""Ties what is selected in one widget to what is selected in others."""

from threading import RLock
from typing import Any

from traitlets import HasTraits

from patchwidgets.errors import PatchwidgetsError

LOCK = RLock()
"""Held while any of our widgets' traits change. Traits are not safe to use from two threads, and a
kernel may handle a message from the page on another thread than the one that measures. One for
all, because a change in one widget sets the selection of another: two locks could wait for each
other. Nobody may wait for a measurement while holding it."""


def selecting(what: object) -> HasTraits:
    """Return the widget behind something that has a selection.

    Raises:
        PatchwidgetsError: It has none.
    """
    widget = what if isinstance(what, HasTraits) else getattr(what, "widget", None)
    if isinstance(widget, HasTraits) and widget.has_trait("selection"):
        return widget
    raise PatchwidgetsError(
        f"An object of type `{type(what).__name__}` has no selection to link with. Give a result, "
        "a comparison, a chart or a widget, such as `scatter.link(heads)` after "
        "`heads = study.sweep('heads')`."
    )


def link(one: HasTraits, other: HasTraits) -> None:
    """Keep the selections of two widgets the same from now on; the first one's holds at first."""
    for source, target in ((one, other), (other, one)):
        source.observe(_copier(target), "selection")
    _copier(other)({"new": one.trait_values()["selection"]})


def _copier(target: HasTraits) -> Any:
    def copy(change: Any) -> None:
        with LOCK:
            target.set_trait("selection", change["new"])

    return copy
