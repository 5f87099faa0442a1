"""The fast engine was not used."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["one_cell_at_a_time"]


@rule(
    "result",
    "note",
    reason=(
        "The reference executor runs the whole model for every cell. The numbers are the same, "
        "and take several times as long."
    ),
    source="Our own; both executors are compared in every sweep that the fast one measures",
    todo=(
        "Leave `executor` out if you asked for it; otherwise nothing has to be done, and the "
        "reason helps us if you report it."
    ),
)
def one_cell_at_a_time(result: Result) -> Found | None:
    """The fast engine was not used."""
    name, _, why = str(result.provenance.get("executor", "")).partition(": ")
    if name != "reference":
        return None
    cells = len(result.plan.patches)
    because = f" ({why})" if why else ""
    return cells, f"{counted(cells, 'cell')} were measured one at a time{because}."
