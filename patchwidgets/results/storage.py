"""Results on disk: one JSON document with base64 arrays, which needs no Python to be read."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from patchwidgets.errors import FileError, PatchwidgetsError, clipped
from patchwidgets.plans.plan import Plan
from patchwidgets.results._document import (
    ArrayPart,
    Document,
    NodesPart,
    PathPart,
    Precision,
    SendersPart,
    damaged,
)
from patchwidgets.results._reading import parsed, refuse_newer, validated
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.measured import IDENTITY, Baseline, MetricInfo
from patchwidgets.results.writing import write_text

FORMAT = "patchwidgets-result"

SCHEMA_VERSION = 4
"""Raised whenever a field changes its meaning; older readers refuse newer files.

2: arrays have a row per draw of noise, `draws` of them for every prompt pair.
3: nodes may be at buckets of positions, which not every prompt pair has.
4: numbers may be float32 or float16, and packed; paths into the same receivers written together.
"""


def pack(parts: Mapping[str, Any], precision: Precision = "float64") -> dict[str, Any]:
    """Return the document of a result, which older versions read where they know all it has.

    Args:
        parts: The arguments of `Result`, `plan`, `values` and `status` included.
        precision: Of its numbers; an estimate's are left as they are.

    Raises:
        FileError: A number is too large for `precision`.
    """
    baseline: Baseline = parts["baseline"]
    estimate: Estimate | None = parts["estimate"]
    draws: int = parts["draws"]
    arrays = {
        "values": parts["values"],
        "status": parts["status"],
        "clean": baseline.clean,
        "corrupted": baseline.corrupted,
    }
    document = {
        "format": FORMAT,
        "schema_version": _version(parts["plan"], draws, precision),
        "plan": _written_plan(parts["plan"], precision),
        "metrics": [asdict(metric) for metric in parts["metrics"]],
        "direction": parts["direction"],
        "groups": list(parts["groups"]),
        "provenance": dict(parts["provenance"]),
        "arrays": {name: ArrayPart.pack(array, precision) for name, array in arrays.items()},
    }
    if draws > 1:
        document["draws"] = draws
    return document if estimate is None else document | {"estimate": estimate.to_json()}


def unpack(data: object, where: str) -> dict[str, Any]:
    """Return the arguments of the `Result` that `pack` was given.

    Args:
        data: The document, parsed.
        where: What the document is called in messages.

    Raises:
        FileError: The document is not a result, is too new, or does not hold together.
    """
    document = _validate(data, where)
    plan = _plan(document, where)
    n_metrics, n_rows = len(document.metrics), len(document.groups) * document.draws
    shapes = {
        "values": (n_metrics, len(plan.patches), n_rows),
        "status": (len(plan.patches), n_rows),
        "clean": (n_metrics, n_rows),
        "corrupted": (n_metrics, n_rows),
    }
    estimated = (n_metrics, len(plan.patches), len(document.groups))
    arrays: dict[str, np.ndarray] = {
        name: getattr(document.arrays, name).unpack(name, shape, where)
        for name, shape in shapes.items()
    }
    if (arrays["status"] > IDENTITY).any():
        raise damaged(where, "array `status` holds a number that has no meaning")
    part = document.estimate
    return {
        "plan": plan,
        "estimate": None if part is None else Estimate.of_part(part, estimated, where),
        "metrics": [MetricInfo(**metric.model_dump()) for metric in document.metrics],
        "direction": document.direction,
        "baseline": Baseline(clean=arrays["clean"], corrupted=arrays["corrupted"]),
        "groups": document.groups,
        "provenance": document.provenance.as_saved(),
        "values": arrays["values"],
        "status": arrays["status"],
        "draws": document.draws,
    }


def write(document: Mapping[str, Any], path: Path) -> Path:
    """Write the document of a result, or of a comparison, and return where.

    Raises:
        FileError: The provenance holds something that JSON does not know.
    """
    results = [one["result"] for one in document.get("settings", [])] or [document]
    for result in results:
        refuse_not_json(result["provenance"])
    return write_text(json.dumps(document, allow_nan=False), path)


def read(path: Path) -> object:
    """Return the parsed document in `path`.

    Raises:
        FileError: There is no such file, or it is not JSON from beginning to end.
    """
    if not path.is_file():
        raise FileError(f"There is no file `{path}`. `result.save(path)` writes one.")
    return parsed(path)


def _written_plan(plan: Plan, precision: Precision) -> dict[str, Any]:
    """Return a plan; where older readers give up anyway, receivers that all paths have once."""
    written = plan.to_json()
    patches = written["patches"]
    rest = [{name: one[name] for name in one if name != "sender"} for one in patches]
    if precision == "float64" or not rest or "receivers" not in rest[0]:
        return written
    if any(one != rest[0] for one in rest):
        return written
    senders = [one["sender"] for one in patches]
    return written | {"patches": {"senders": senders, **rest[0]}}


def _version(plan: Plan, draws: int, precision: Precision) -> int:
    """Return the oldest version that has everything a result has."""
    if precision != "float64":
        return 4
    if plan.buckets is not None:
        return 3
    return 1 if draws == 1 else 2


def refuse_not_json(provenance: Mapping[str, Any]) -> None:
    """Check that a provenance can be written.

    Raises:
        FileError: It holds something that JSON does not know.
    """
    for key, value in provenance.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise FileError(
                f"`provenance[{key!r}]` is {value!r}, which cannot be written to a result file. "
                "JSON knows text, finite numbers, `True`, `False`, `None`, lists and dicts with "
                "text as keys. Put one of these there, or remove it."
            ) from None


def _validate(data: object, where: str) -> Document:
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(data, dict) or found != FORMAT:
        raise FileError(
            f"{where} is not a patchwidgets result: its `format` is {clipped(repr(found))}, not "
            f"{FORMAT!r}. "
            "`Result.load` opens what `Result.save` wrote; a study is opened with `open_study`."
        )
    refuse_newer(data, "results", SCHEMA_VERSION, where)
    return validated(data, Document, where)


def _is_at(patch: NodesPart | PathPart, buckets: Sequence[str]) -> bool:
    """Whether all nodes of a patch are at one bucket."""
    if isinstance(patch, PathPart) or not patch.nodes:
        return False
    places = {node.partition("@")[2] for node in patch.nodes}
    return len(places) == 1 and places <= set(buckets)


def _refuse_twice(names: Sequence[object], what: str, where: str) -> None:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise damaged(where, f"the {what} {twice!r} is there twice")


def _plan(document: Document, where: str) -> Plan:
    patches = document.plan.patches
    if isinstance(patches, SendersPart):
        patches = patches.paths()
    n_patches = len(patches)
    _refuse_twice([part.name for part in document.plan.maps], "map", where)
    _refuse_twice([metric.name for metric in document.metrics], "metric", where)
    for part in document.plan.maps:
        for name, labels in part.axes:
            _refuse_twice(labels, f"label of `{name}` in map `{part.name}`", where)
        needed = math.prod(len(labels) for _, labels in part.axes)
        if len(part.cells) != needed:
            raise damaged(
                where, f"map `{part.name}` has {len(part.cells)} cells instead of {needed}"
            )
        if any(cell is not None and cell >= n_patches for cell in part.cells):
            raise damaged(where, f"map `{part.name}` has a cell beyond the {n_patches} patches")
        measured = [cell for cell in part.cells if cell is not None]
        if len(set(measured)) < len(measured):
            raise damaged(where, f"map `{part.name}` has one patch in two cells")
    buckets = document.plan.buckets
    if buckets is not None and (
        [len(places) for places in buckets.places] != [len(document.groups)] * len(buckets.names)
        or any(not _is_at(part, buckets.names) for part in patches)
    ):
        raise damaged(where, "field `plan.buckets` does not fit the patches and the prompts")
    try:
        listed = [patch.model_dump() for patch in patches]
        return Plan.from_json(document.plan.model_dump() | {"patches": listed})
    except PatchwidgetsError as error:
        raise damaged(where, f"field `plan`: {str(error).split('. ')[0]}") from None
