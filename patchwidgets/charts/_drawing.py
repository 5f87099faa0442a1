"""What a chart shows, as plain numbers: the one source of the live figure and the still picture."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Marker = Literal["circle", "square", "triangle", "inverted_triangle", "diamond"]


@dataclass(frozen=True)
class Group:
    """Dots that mean the same; told apart by shape as well as by colour.

    Args:
        label: As the legend says it.
        marker: Their shape.
        color: Hexadecimal, at least 3 to 1 against white and against the dark theme.
        filled: Whether they are filled; an outline stands for what is of less interest.
    """

    label: str
    marker: Marker
    color: str
    filled: bool = True


@dataclass(frozen=True, eq=False)
class Dots:
    """Points, each of which stands for a node.

    Args:
        node: Written name of each; several may have the same.
        x: Finite numbers.
        y: Finite numbers.
        group: Index of the group of each.
        says: What is said of each besides its name.
    """

    node: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    says: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.node), len(self.x), len(self.y), len(self.group), len(self.says)}
        if len(lengths) > 1:
            raise AssertionError(f"dots of lengths {sorted(lengths)}")
        if not (np.isfinite(self.x).all() and np.isfinite(self.y).all()):
            raise AssertionError("a dot without a place")

    def of(self, group: int) -> np.ndarray:
        """Return which dots are in a group, as indices."""
        return np.flatnonzero(self.group == group)


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, in the order given; NaN breaks it.

    Args:
        x: Numbers.
        y: Numbers.
        color: Hexadecimal; empty for the colour of text.
        dashed: Whether it is broken.
    """

    x: np.ndarray
    y: np.ndarray
    color: str = ""
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Drawing:
    """A chart as plain data.

    Args:
        title: What it shows, in a line.
        note: What to know besides: how much is left out, and why.
        x_label: With the unit.
        y_label: With the unit.
        groups: In the order of the legend.
        dots: The last ones lie on top.
        lines: Under the dots.
        legend: What the groups are told apart by; empty where their names say it.
        diagonal: Whether x = y is drawn: both axes have one unit.
        x_names: What stands at 0, 1, 2, … across instead of these numbers; empty for numbers.
    """

    title: str
    note: str
    x_label: str
    y_label: str
    groups: tuple[Group, ...]
    dots: Dots
    lines: tuple[Line, ...] = ()
    legend: str = ""
    diagonal: bool = False
    x_names: tuple[str, ...] = ()

    def reach(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return where x and y begin and end, with room around the dots and 0 inside.

        Both are the same where there is a diagonal, so that it runs from corner to corner.
        """
        x = _span([self.dots.x, *(line.x for line in self.lines)])
        y = _span([self.dots.y, *(line.y for line in self.lines)])
        if self.diagonal:
            x = y = (min(x[0], y[0]), max(x[1], y[1]))
        return x, y

    def summary(self) -> str:
        """Return the chart in words, for places that show no picture."""
        counts = [(group.label, len(self.dots.of(at))) for at, group in enumerate(self.groups)]
        shown = ", ".join(f"{label}: {count}" for label, count in counts if count)
        shown = f"{self.legend} {shown}".strip()
        across = f"{self.x_label} across, {self.y_label} upwards"
        return "\n".join(part for part in (self.title, across, shown, self.note) if part)


def _span(parts: list[np.ndarray]) -> tuple[float, float]:
    known = np.concatenate([[0.0], *parts])
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room
