"""A pytest plugin: which sentences of errors the tests look at whole.

`python -m pytest tests -p tests.prove._sentences` adds to `PATCHWIDGETS_SENTENCES` a line of JSON
for each error of ours that a test expects: where it was raised, what it says, and whether the test
compares all of it. Our package is imported inside functions only: the hook of jaxtyping is first.
"""

import json
import os
import re
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from _pytest.raises import RaisesExc

if TYPE_CHECKING:
    from patchwidgets.errors import PatchwidgetsError

PACKAGE = Path(__file__).parents[2] / "patchwidgets"

ANYTHING = re.compile(r"(?<!\\)\.[*+]")
"""What stands in a pattern for words that it does not look at."""


class _Compared(str):
    """What an error says, to a test that compares it."""

    error: "PatchwidgetsError"

    def __eq__(self, other: object) -> bool:
        same = str.__eq__(self, other)
        if same is True:
            _write(self.error, whole=True)
        return same

    __hash__ = str.__hash__


def _said(error: "PatchwidgetsError") -> str:
    said = _Compared(ValueError.__str__(error))
    said.error = error
    return said


def _matching(raises: Any, error: BaseException) -> bool:
    from patchwidgets.errors import PatchwidgetsError

    found = _check_match(raises, error)
    if found and raises.match is not None and isinstance(error, PatchwidgetsError):
        pattern = getattr(raises.match, "pattern", raises.match)
        ends = pattern.startswith("^") and pattern.endswith("$")
        _write(error, whole=ends and not ANYTHING.search(pattern))
    return found


_check_match = RaisesExc._check_match


def pytest_configure() -> None:
    """Look on from here, and not where the module is only imported."""
    from patchwidgets.errors import PatchwidgetsError

    setattr(RaisesExc, "_check_match", _matching)  # noqa: B010 - pyright wants pytest's own names
    setattr(PatchwidgetsError, "__str__", _said)  # noqa: B010


def _write(error: "PatchwidgetsError", *, whole: bool) -> None:
    line = {"at": _place(error.__traceback__), "says": ValueError.__str__(error), "whole": whole}
    with Path(os.environ["PATCHWIDGETS_SENTENCES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _place(traceback: TracebackType | None) -> str:
    """Return the file and the line of ours that raised."""
    place = ""
    while traceback is not None:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE):
            place = f"{file.relative_to(PACKAGE)}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
