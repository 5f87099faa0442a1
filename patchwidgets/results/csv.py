"""Tables as CSV files that a spreadsheet opens without running anything."""

from pathlib import Path
from typing import Any

import pandas as pd

from patchwidgets.results.writing import write_text

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What spreadsheets take for the beginning of a formula."""


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table and return where.

    A text that a spreadsheet could run as a formula gets an apostrophe in front, which makes it a
    text; numbers stay numbers.
    """
    safe = table.copy()
    for place, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            safe.isetitem(place, table.iloc[:, place].map(_safe))
    safe.columns = [_safe(name) for name in table.columns]
    return write_text(safe.to_csv(index=False, lineterminator="\r\n"), path)


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
