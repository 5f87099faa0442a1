"""The rows and columns of anybody's array: what they are called, and the names of cells."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.views._words import cut
from patchwidgets.views.heatmap import Axis

BETWEEN = " × "
"""Between row and column in the name of a cell that has no written name."""

LETTERS = {"layer": "L", "head": "H", "head_index": "H", "kv_head": "H"}
POSITIONS = ("position", "pos", "token", "src_pos", "dest_pos")

Along = str | Iterable[Any] | Mapping[str, Iterable[Any]] | None
"""What a caller says of rows or columns: a name, labels, or labels by their name."""


def named(given: Along, side: str, count: int, own: tuple[str, list[str]]) -> tuple[str, list[str]]:
    """Return name and labels of rows or columns: as the caller says, else the array's own.

    Args:
        given: What the caller says.
        side: `rows` or `columns`.
        count: How many there are.
        own: What the array itself calls them.

    Raises:
        PatchwidgetsError: There are more or fewer labels than rows or columns.
    """
    name, labels = own
    if isinstance(given, str):
        name = given
    elif isinstance(given, Mapping):
        if len(given) != 1:
            raise PatchwidgetsError(
                f"`{side}` names {len(given)} axes, and a map has one along its {side}. Give one "
                f"name with its labels, such as `{side}={{'layer': range(12)}}`."
            )
        name, labels = next((str(key), words(value)) for key, value in given.items())
    elif given is not None:
        labels = words(given)
    if len(labels) != count:
        raise PatchwidgetsError(
            f"There are {len(labels)} labels for {count} {side if count != 1 else side[:-1]}. "
            f"Every one needs its own label: give {count} in `{side}`, or leave them out and they "
            "are numbered."
        )
    return name, labels


def words(labels: Any) -> list[str]:
    """Return labels as texts, cut where one is very long."""
    return [_word(label) for label in labels]


def axes(rows: tuple[str, list[str]], columns: tuple[str, list[str]]) -> tuple[Axis, Axis]:
    """Return both axes, with what each row and column adds to the names of its cells.

    Raises:
        PatchwidgetsError: Two rows or two columns would have the same name.
    """
    (row_name, row_labels), (column_name, column_labels) = rows, columns
    row_parts, column_parts = _parts(row_name, row_labels), _parts(column_name, column_labels)
    letters = _letter(row_name, row_labels), _letter(column_name, column_labels)
    written = all(letters) and letters[0] != "@"
    if len(column_labels) == 1:
        column_parts = [""]
    elif len(row_labels) == 1:
        row_parts = [""]
    elif not written:
        row_parts = [f"{part}{BETWEEN}" for part in row_parts]
    _check_unique("rows", row_labels, row_parts)
    _check_unique("columns", column_labels, column_parts)
    return (
        Axis(name=row_name, labels=_drawn(row_name, row_labels), parts=row_parts),
        Axis(name=column_name, labels=column_labels, parts=column_parts),
    )


def _letter(name: str, labels: list[str]) -> str:
    """Return what written names have before the number of a row or column, or nothing."""
    if name in POSITIONS:
        return "@"
    letter = LETTERS.get(name, "")
    return letter if all(label.removeprefix(letter).isdecimal() for label in labels) else ""


def _parts(name: str, labels: list[str]) -> list[str]:
    """Return what each row or column adds to the names of its cells."""
    letter = _letter(name, labels)
    if letter == "@":
        return [f"@{at}" for at in range(len(labels))]
    return [letter + label.removeprefix(letter) for label in labels] if letter else labels


def _drawn(name: str, labels: list[str]) -> list[str]:
    if name == "layer" and all(label.isdecimal() for label in labels):
        return [f"L{label}" for label in labels]
    return labels


def _word(label: Any) -> str:
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    if isinstance(label, tuple):
        label = ", ".join(str(part) for part in label)
    if isinstance(label, float | np.floating) and float(label).is_integer():
        label = int(label)
    return cut(str(label).encode("utf-8", "replace").decode("utf-8"))


def _check_unique(side: str, labels: list[str], parts: list[str]) -> None:
    seen: dict[str, int] = {}
    for at, part in enumerate(parts):
        if part in seen:
            raise PatchwidgetsError(
                f"Two {side} are called {labels[at]!r}: {seen[part]} and {at}. A cell is selected "
                "by its name, so names must differ. Number them, or say that they are tokens at "
                f"positions: `{side}={{'position': labels}}`."
            )
        seen[part] = at
