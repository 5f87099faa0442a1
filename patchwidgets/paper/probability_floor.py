"""Why probability misses them: it ends at 0."""

import numpy as np

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._need import IOI, Need
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["probability_floor"]

ROUNDING = 1e-5
"""How far below the floor an effect may seem to be in single precision."""

_WHERE: dict[str, tuple[Need, str]] = {
    "replacement at S2": (IOI["S2"], "0.03"),
    "noise at S2": (IOI["S2"].noised, "0.129"),
    "replacement at S1+IO": (IOI["S1+IO"], "not given"),
    "replacement of all names": (IOI["ABC"], "0.0005"),
}


@claim(
    "4.2",
    "GPT-2 small",
    says="No effect on the probability can be below minus the corrupted run's probability. Where "
    "that is nearly 0, no negative head can be found; noise leaves it large enough.",
    how="The mean probability of the answer on the corrupted run, plus the bar for negative heads "
    "(2 SD below the mean): below 0, no head can reach the bar.",
    criterion="No effect goes below the floor; with all three names replaced the bar lies below "
    "it, and under noise at S2 above it.",
    needs=tuple(need for need, _ in _WHERE.values()),
)
def probability_floor(numbers: Numbers) -> Finding:
    """Why probability misses them: it ends at 0."""
    sheets = {where: numbers.read(need, "prob") for where, (need, _) in _WHERE.items()}

    def lowest(draw: Draw) -> float:
        return min(_room(draw, sheet, bar=False) for sheet in sheets.values())

    def names(draw: Draw) -> float:
        return _room(draw, sheets["replacement of all names"], bar=True)

    def noise(draw: Draw) -> float:
        return _room(draw, sheets["noise at S2"], bar=True)

    checks = (
        Check("lowest effect above the floor", "0 or more, always", number(lowest), -ROUNDING),
        Check(
            "all names replaced: bar above the floor", "no head found", number(names), 0, "below"
        ),
        Check("noise at S2: bar above the floor", "2 and more heads found", number(noise), 0),
    )
    rows = [_row(where, sheet, _WHERE[where][1]) for where, sheet in sheets.items()]
    columns = ("corruption", "P corrupted", "paper", "P clean", "bar", "negative heads")
    return Finding(checks, (Table("Room for negative effects", columns, tuple(rows)),))


def _room(draw: Draw, sheet: Sheet, *, bar: bool) -> float:
    means = draw.means(sheet)
    return means.corrupted + (means.low_bar if bar else float(np.min(means.effect)))


def _row(where: str, sheet: Sheet, paper: str) -> tuple[str, ...]:
    means = Draw().means(sheet)
    numbers = (f"{means.clean:.3g}", f"{means.low_bar:+.3g}", str(len(means.having(-1))))
    return where, f"{means.corrupted:.3g}", paper, *numbers
