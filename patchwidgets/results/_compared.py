"""Comparisons on disk: one JSON document that holds the documents of all results."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from patchwidgets.errors import FileError, clipped
from patchwidgets.results._document import Part, damaged
from patchwidgets.results._reading import refuse_newer, validated
from patchwidgets.results.result import Result
from patchwidgets.types import Direction

FORMAT = "patchwidgets-comparison"

SCHEMA_VERSION = 1
"""Raised whenever a field changes its meaning; older readers refuse newer files. The results
inside have a version of their own."""


class SettingPart(Part):
    """A setting, and the document of its result."""

    corruption: str
    direction: Direction
    window: Annotated[int, Field(ge=1)]
    result: dict[str, Any]


class ComparisonPart(Part):
    """A saved comparison."""

    format: str
    schema_version: int
    code: str
    settings: Annotated[list[SettingPart], Field(min_length=1)]


def pack(settings: Sequence[tuple[tuple[str, str, int], Result]], code: str) -> dict[str, Any]:
    """Return the document of a comparison.

    Args:
        settings: Corruption, direction and window of every result.
        code: Python that makes it again.
    """
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "code": code,
        "settings": [
            {
                "corruption": corruption,
                "direction": direction,
                "window": window,
                "result": result.to_json(),
            }
            for (corruption, direction, window), result in settings
        ],
    }


def unpack(data: object, where: str) -> tuple[list[tuple[SettingPart, Result]], str]:
    """Return the settings with their results, and the code, that `pack` was given.

    Args:
        data: The document, parsed.
        where: What the document is called in messages.

    Raises:
        FileError: The document is not a comparison, is too new, or does not hold together.
    """
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(data, dict) or found != FORMAT:
        raise FileError(
            f"{where} is not a patchwidgets comparison: its `format` is "
            f"{clipped(repr(found))}, not {FORMAT!r}. "
            "`Comparison.load` opens what `Comparison.save` wrote; a single result is opened with "
            "`Result.load`."
        )
    refuse_newer(data, "comparisons", SCHEMA_VERSION, where)
    document = validated(data, ComparisonPart, where)
    results = [(one, Result.from_json(one.result, where)) for one in document.settings]
    settings = [(one.corruption, one.direction, one.window) for one in document.settings]
    if len(set(settings)) < len(settings):
        raise damaged(where, "one of its settings is there twice")
    names = {tuple(metric.name for metric in result.metrics) for _, result in results}
    if len(names) > 1:
        raise damaged(where, "its results have different metrics")
    return results, document.code
