"""A method of a comparison by what a reader would call it."""

from typing import TYPE_CHECKING, Any

from patchwidgets.errors import PlanError, UnknownNameError

if TYPE_CHECKING:
    from patchwidgets.results.comparison import Comparison, Method

SHOWN = 6
"""Methods that a message lists at most."""


def chosen_method(
    comparison: "Comparison", axis: str, what: "str | tuple[Any, ...] | Method"
) -> "Method":
    """Return the one method that is called `what`.

    Args:
        comparison: Which has it.
        axis: What messages call the argument.
        what: A method, a row of the comparison's tables, or any words of it that only one method
            has: `"prob"`, `"gaussian_noise prob"`, `("gaussian_noise k=3 at S2", "prob")`.

    Raises:
        UnknownNameError: No method is called so.
        PlanError: Several are.
    """
    written = [label_of(comparison, method) for method in comparison.methods]
    fitting = [method for method in comparison.methods if _fits(method, what)]
    if not fitting and isinstance(what, str):
        named = list(zip(comparison.methods, written, strict=True))
        words = set(what.split(" "))
        fitting = [method for method, label in named if label == what] or [
            method for method, label in named if words <= set(label.split(" "))
        ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UnknownNameError(
            f"No method of this comparison is called {what!r}, which was given for `{axis}`. A "
            f"method is named by a row of its tables, or by a part that no other has: "
            f"{_listed(written)}."
        )
    several = [label_of(comparison, method) for method in fitting]
    raise PlanError(
        f"{what!r}, given for `{axis}`, fits {len(several)} methods, and an axis shows one. Name "
        f"one of them whole, as in `{axis}={several[0]!r}`: {_listed(several)}."
    )


def label_of(comparison: "Comparison", method: "Method") -> str:
    """Return a method as its row in the comparison's tables, its parts with spaces between."""
    return " ".join(str(getattr(method, name)) for name in comparison.varying)


def readable(comparison: "Comparison", method: "Method") -> str:
    """Return a method as figures call it: the metric's label, then what else differs."""
    metrics = {info.name: info.label for info in comparison.result(method).metrics}
    parts = [metrics[method.metric]] if "metric" in comparison.varying else []
    if "window" in comparison.varying:
        parts.append(f"window {method.window}")
    parts += [
        getattr(method, name).replace("_", " ")
        for name in ("corruption", "direction")
        if name in comparison.varying
    ]
    return ", ".join(parts)


def _fits(method: "Method", what: "str | tuple[Any, ...] | Method") -> bool:
    if method == what:
        return True
    parts = what if isinstance(what, tuple) else (what,)
    fields = [str(field) for field in method]
    return bool(parts) and all(str(part) in fields for part in parts)


def _listed(labels: list[str]) -> str:
    more = len(labels) - SHOWN
    shown = ", ".join(f"`{label}`" for label in labels[:SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
