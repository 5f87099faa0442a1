"""The form of a study file: one JSON document with the results of a study and what draws them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.errors import FileError, MeasurementError, PlanError, clipped
from patchwidgets.results._document import Count, Part, Precision, damaged
from patchwidgets.results._reading import parsed, refuse_newer, validated
from patchwidgets.results.comparison import Comparison, Setting
from patchwidgets.results.result import Result
from patchwidgets.results.storage import refuse_not_json
from patchwidgets.saving._kept import Kept
from patchwidgets.types import Direction, Executor
from patchwidgets.views._wire import bundle, lean, packed

FORMAT = "patchwidgets-study"

SCHEMA_VERSION = 3
"""Raised whenever a field changes its meaning; older readers refuse newer files. The results inside
and what draws them have versions of their own.

2: there may be circuits and comparisons.
3: `known` may be null: all pairs are kept, and nothing is measured where the model knows none;
   there may be `drawn_pairs`.
"""

LARGEST = 100_000_000
"""Bytes of a file that is opened without being asked twice."""


class PairPart(Part):
    """A prompt pair of the author's own."""

    clean: str
    corrupted: str
    answers: list[str]
    wrong_answers: list[str]
    roles: dict[str, int | list[int]]
    group: str


class OpenedPart(Part):
    """What `opened_with` writes."""

    model: str
    n: Count
    seed: int
    at: str | None
    known: bool | str | None
    known_in: list[list[str | None]] | None = None
    direction: Direction
    prepend_bos: bool
    executor: Executor
    metric: Annotated[list[str], Field(min_length=1)]
    task: str | None = None
    pairs: list[PairPart] | None = None
    corruption: str | dict[str, Any] | None = None
    own: dict[str, str]
    kept: list[str] | None = None


class ComparedSettingPart(Part):
    """A setting of a comparison, and the key of its result."""

    corruption: str
    direction: Direction
    window: Annotated[int, Field(ge=1)]
    result: str


class ComparedPart(Part):
    """A comparison of results of the study."""

    code: str
    settings: Annotated[list[ComparedSettingPart], Field(min_length=1)]


DrawnPairs = dict[str, list[Count]]


class StudyPart(Part):
    """A study file."""

    format: str
    schema_version: int
    title: str
    code: str
    opened: OpenedPart
    precision: str
    provenance: dict[str, Any]
    """What the provenances of all results have in common."""
    results: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    """By key, the documents of results, without what is in `provenance`."""
    view: dict[str, Any]
    """What a page draws, without Python: as in a notebook output."""
    circuits: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    """Their documents, without what is in `provenance`."""
    comparisons: Annotated[list[ComparedPart], Field(default_factory=list)]
    below: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    """What a page draws below `view`: comparisons, then circuits."""
    drawn_pairs: Annotated[DrawnPairs, Field(default_factory=dict)]
    """By key of a result, the prompt pairs on which `view` has its map alone."""


def pack(
    kept: Kept,
    code: str,
    opened: Mapping[str, Any],
    precision: Precision = "exact",
) -> dict[str, Any]:
    """Return the document of a study.

    Args:
        kept: What one study has measured.
        code: Python that makes the study again.
        opened: What `opened_with` returned, and the groups that were `kept`.
        precision: Of the numbers.

    Raises:
        FileError: A number is too large for `precision`, or a provenance is not JSON.
    """
    documents = {key: result.to_json(precision) for key, result in kept.results.items()}
    circuits = [one.to_json(precision) for one in kept.circuits]
    every = [*documents.values(), *circuits]
    for one in every:
        refuse_not_json(one["provenance"])
    shared = _shared([one["provenance"] for one in every])
    for one in every:
        one["provenance"] = {k: v for k, v in one["provenance"].items() if k not in shared}
    drawn = kept.pictures(precision)
    view, *below = [lean(packed(bundle(header, block))) for header, block in drawn]
    alone = {key: list(one.drawn_pairs) for key, one in kept.results.items() if one.drawn_pairs}
    beside = {
        "drawn_pairs": alone,
        "circuits": circuits,
        "comparisons": [_written(one, kept) for one in kept.comparisons],
        "below": below,
    }
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "title": drawn[0][0].title,
        "code": code,
        "opened": dict(opened),
        "precision": precision,
        "provenance": shared,
        "results": documents,
        "view": view,
    } | {name: part for name, part in beside.items() if part}


def unpack(data: object, where: str) -> tuple[StudyPart, Kept]:
    """Return a checked document, and what was measured.

    Args:
        data: The document, parsed.
        where: What it is called in messages.

    Raises:
        FileError: It is not a study, is too new, or does not hold together.
    """
    _refuse_others(data, where)
    document = validated(data, StudyPart, where)

    def whole(one: dict[str, Any], field: str) -> dict[str, Any]:
        own = one.get("provenance")
        if not isinstance(own, dict):
            raise damaged(where, f"field `{field}.provenance`: input should be an object")
        return one | {"provenance": document.provenance | own}

    results = {
        key: Result.from_json(whole(one, f"results.{key}"), f"The result `{key}` of {where}")
        for key, one in document.results.items()
    }
    _draw_pairs(document.drawn_pairs, results, where)
    circuits = [
        CircuitResult.from_json(whole(one, f"circuits.{at}"), f"Circuit {at + 1} of {where}")
        for at, one in enumerate(document.circuits)
    ]
    compared = [_compared(one, results, where) for one in document.comparisons]
    return document, Kept(results, circuits, compared)


def read(path: Path, limit: int | None) -> object:
    """Return the parsed document in `path`.

    Raises:
        FileError: There is no such file, it is larger than `limit` bytes, or it is not JSON from
            beginning to end.
    """
    if path.is_dir():
        raise FileError(
            f"`{path}` is a folder, and a study is one file. Name the file in it that `study.save` "
            f"wrote, such as `{path / 'ioi.study.json'}`."
        )
    if not path.exists():
        raise FileError(f"There is no file `{path}`. `study.save(path)` writes one.")
    size = path.stat().st_size
    if limit is not None and size > limit:
        raise FileError(
            f"`{path}` has {size / 1e6:.0f} MB, more than the {limit / 1e6:.0f} MB that are opened "
            "without asking, because it must fit into memory several times over. If it is a study, "
            "pass `limit=None`."
        )
    return parsed(path)


def _written(compared: Comparison, kept: Kept) -> dict[str, Any]:
    settings = [
        {**setting._asdict(), "result": kept.key_of(result)}
        for setting, result in compared.results.items()
    ]
    return {"code": compared.code, "settings": settings}


def _draw_pairs(found: DrawnPairs, results: Mapping[str, Result], where: str) -> None:
    for key, pairs in found.items():
        if key not in results:
            raise damaged(where, f"prompt pairs are drawn of a result `{key}` that is not there")
        try:
            results[key].draw_pairs(pairs)
        except MeasurementError as problem:
            raise damaged(where, f"field `drawn_pairs`: {str(problem).split(': ')[0]}") from None


def _compared(part: ComparedPart, results: Mapping[str, Result], where: str) -> Comparison:
    by_setting = {}
    for one in part.settings:
        if one.result not in results:
            raise damaged(where, f"a comparison is of a result `{one.result}` that is not there")
        setting = Setting(one.corruption, one.direction, one.window)
        by_setting[setting] = results[one.result]
    try:
        return Comparison(by_setting, part.code)
    except PlanError as problem:
        raise damaged(where, f"field `comparisons`: {str(problem).split('. ')[0]}") from None


def _shared(provenances: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what all have in common."""
    first, *others = provenances
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


OTHERS = {
    "patchwidgets-result": "one result: `pw.Result.load` opens it",
    "patchwidgets-comparison": "a comparison: `Comparison.load` opens it",
}


def _refuse_others(data: object, where: str) -> None:
    found = data.get("format") if isinstance(data, dict) else None
    if isinstance(data, dict) and found == FORMAT:
        refuse_newer(data, "studies", SCHEMA_VERSION, where)
        return
    if isinstance(data, dict) and "nbformat" in data:
        what = "a notebook, whose outputs hold what was measured: open it in JupyterLab"
    else:
        what = OTHERS.get(
            str(found), f"something else: its `format` is {clipped(repr(found))}, not {FORMAT!r}"
        )
    raise FileError(
        f"{where} is not a patchwidgets study but {what}. `pw.open_study` opens what "
        "`study.save(path)` wrote."
    )
