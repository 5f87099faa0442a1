"""The form of a study file: one JSON document with the results of a study and what draws them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from patchwidgets.errors import FileError, clipped
from patchwidgets.results._document import Count, Part, Precision, damaged
from patchwidgets.results.result import Result
from patchwidgets.results.storage import refuse_not_json
from patchwidgets.saving._picture import picture
from patchwidgets.types import Direction, Executor
from patchwidgets.views._wire import bundle, lean, packed

FORMAT = "patchwidgets-study"

SCHEMA_VERSION = 1
"""Raised whenever a field changes its meaning; older readers refuse newer files. The results inside
and what draws them have versions of their own."""

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
    known: bool | str
    direction: Direction
    prepend_bos: bool
    executor: Executor
    metric: Annotated[list[str], Field(min_length=1)]
    task: str | None = None
    pairs: list[PairPart] | None = None
    corruption: str | dict[str, Any] | None = None
    own: dict[str, str]
    kept: list[str] | None = None


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


def pack(
    results: Mapping[str, Result],
    code: str,
    opened: Mapping[str, Any],
    precision: Precision = "exact",
) -> dict[str, Any]:
    """Return the document of a study.

    Args:
        results: By key; of one study, measured.
        code: Python that makes the study again.
        opened: What `opened_with` returned, and the groups that were `kept`.
        precision: Of the numbers.

    Raises:
        FileError: A number is too large for `precision`, or a provenance is not JSON.
    """
    documents = {key: result.to_json(precision) for key, result in results.items()}
    for one in documents.values():
        refuse_not_json(one["provenance"])
    shared = _shared([one["provenance"] for one in documents.values()])
    for one in documents.values():
        one["provenance"] = {k: v for k, v in one["provenance"].items() if k not in shared}
    header, block = picture(list(results.values()), precision)
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "title": header.title,
        "code": code,
        "opened": dict(opened),
        "precision": precision,
        "provenance": shared,
        "results": documents,
        "view": lean(packed(bundle(header, block))),
    }


def unpack(data: object, where: str) -> tuple[StudyPart, dict[str, Result]]:
    """Return a checked document, and its results by key.

    Args:
        data: The document, parsed.
        where: What it is called in messages.

    Raises:
        FileError: It is not a study, is too new, or does not hold together.
    """
    _refuse_others(data, where)
    try:
        document = StudyPart.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"])
        raise damaged(where, f"field `{field}`: {first['msg'].rstrip('.').lower()}") from None
    results = {}
    for key, one in document.results.items():
        own = one.get("provenance")
        if not isinstance(own, dict):
            raise damaged(where, f"field `results.{key}.provenance`: input should be an object")
        whole = one | {"provenance": document.provenance | own}
        results[key] = Result.from_json(whole, f"The result `{key}` of {where}")
    return document, results


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
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
    except OSError as problem:
        raise FileError(f"`{path}` cannot be read: {problem.strerror or problem}.") from None
    except UnicodeDecodeError:
        raise damaged(f"`{path}`", "it is not text") from None
    except (ValueError, RecursionError) as error:
        raise damaged(f"`{path}`", f"it is not complete JSON ({error})") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it has {name}, which JSON does not know")


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
        version = data.get("schema_version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise FileError(
                f"{where} has schema version {version}, but this patchwidgets reads studies up to "
                f"version {SCHEMA_VERSION}, and a field of a newer version may mean something "
                "else. Upgrade with `pip install --upgrade patchwidgets`."
            )
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
