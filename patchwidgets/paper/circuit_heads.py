"""Which heads are found depends on the method."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import (
    class_counts,
    detections,
    is_papers,
    methods,
    reproduced,
)
from patchwidgets.paper._need import IOI
from patchwidgets.paper._published import IOI_S2
from patchwidgets.paper._sheet import Draw, number

__all__ = ["circuit_heads"]


@claim(
    "3.2, 4.2; tables 1 and 5",
    "GPT-2 small",
    says="On the same IOI prompts, two corruptions and three metrics do not find the same heads: "
    "of nine heads found by some method, four are found by all six.",
    how="Every head patched at all positions; S2 replaced by IO, or noised; heads 2 SD from the "
    "mean over all heads (SD over all of them, ddof 0).",
    criterion="More than a quarter of the heads that some method finds are missed, or found with "
    "another sign, by another. On the paper's own model also: more than half of the heads in table "
    "5 are found again.",
    needs=(IOI["S2"], IOI["S2"].noised),
)
def circuit_heads(numbers: Numbers) -> Finding:
    """Which heads are found depends on the method."""
    sheets = methods(numbers, IOI["S2"])

    def disputed(draw: Draw) -> float:
        found = [draw.means(sheet).found for sheet in sheets.values()]
        some = set.union(*found)
        return 1 - len(set.intersection(*found)) / len(some) if some else float("nan")

    check = Check("share of found heads not found by all", "5 of 9", number(disputed), 0.25)
    same = is_papers(numbers, "GPT-2 small")
    table = detections("Heads found, S2 (table 5)", sheets, IOI_S2, same)
    if not same:
        return Finding((check,), (table,))
    again = reproduced(sheets, IOI_S2, "table 5")
    return Finding((check, again), (table, class_counts(sheets)))
