"""The results of a study as the explorer that shows them all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from patchwidgets.results._document import Precision
from patchwidgets.results.result import Result
from patchwidgets.views._explorer import by_key, explorer
from patchwidgets.views._keys import setting_of
from patchwidgets.views._wire import ArrayRef, read_array
from patchwidgets.views.explorer import Explorer, Fact

ROUNDED = "3 to 4 digits"


def picture(results: Sequence[Result], precision: Precision = "exact") -> tuple[Explorer, bytes]:
    """Return header and arrays of an explorer of some results of one study.

    Args:
        results: In the order they were started. Of results with one key, the last is shown.
        precision: With `float16`, numbers are rounded and the header says so.
    """
    shown = _in_order(results)
    if precision == "float16":
        shown = [_rounded(result, precision) for result in shown]
    header, block = explorer(shown)
    # A reader without a model is told what to run for a head that was not opened.
    changed: dict[str, Any] = {"drills": header.drills or _rank(shown[0]) == 0}
    if precision == "float16":
        block = rounded(header, block)
        changed["facts"] = [*header.facts, Fact(label="stored with", value=ROUNDED)]
    return header.model_copy(update=changed), block


def _rounded(result: Result, precision: Precision) -> Result:
    fewer = Result.from_json(result.to_json(precision))
    fewer.draw_pairs(result.drawn_pairs)
    return fewer


def _in_order(results: Sequence[Result]) -> list[Result]:
    """Return what is in the setting of the first, sweeps before path maps, heads before all."""
    own = setting_of(results[0])
    return sorted(by_key(results).values(), key=lambda one: (setting_of(one) != own, _rank(one)))


def _rank(result: Result) -> int:
    if result.plan.form is not None:
        return 2
    nodes = (node for patch in result.plan.patches for node in patch.nodes)
    return 0 if any(node.site == "z" and node.position is None for node in nodes) else 1


def rounded(header: BaseModel, block: bytes) -> bytes:
    """Return the arrays with float numbers of no more digits than float16 has."""
    fewer = bytearray(block)
    for reference in _references(header.model_dump()):
        if reference.dtype == "float32":
            with np.errstate(over="ignore"):
                numbers = read_array(reference, block).astype(np.float16).astype("<f4")
            raw = numbers.tobytes()
            fewer[reference.offset : reference.offset + len(raw)] = raw
    return bytes(fewer)


def _references(part: Any) -> list[ArrayRef]:
    """Return every array that a header names."""
    if isinstance(part, list):
        return [found for one in part for found in _references(one)]
    if not isinstance(part, dict):
        return []
    if part.keys() == ArrayRef.model_fields.keys():
        return [ArrayRef(**part)]
    return [found for one in part.values() for found in _references(one)]
