"""What the rules say of results: asked when there is something new, never while it is measured."""

from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from patchwidgets.advice import AdviceList
from patchwidgets.advice._advice import SEVERITIES
from patchwidgets.advice._asking import ask
from patchwidgets.advice._facts import facts_of
from patchwidgets.advice._silence import silenced
from patchwidgets.results.result import Result
from patchwidgets.views.advice import Advice

__all__ = ["advice_on", "written"]


class _Said(NamedTuple):
    """What was said of a result, and of its study, when this much was known and silent."""

    moment: tuple[object, ...]
    of_study: AdviceList
    of_result: AdviceList


_said: WeakKeyDictionary[Result, _Said] = WeakKeyDictionary()


def advice_on(results: Mapping[str, Result]) -> list[Advice]:
    """Return the advice on results of one study as they are now, without waiting.

    Rules about results read numbers that are not there before the end, and take longer than a
    picture may (a tenth of a second on 270 cells): they are asked once, when a result is
    complete. Before that only the study is looked at.

    Args:
        results: By the key of their map, the first map first.
    """
    first, *_ = results.values()
    found = written(_ask(first).of_study)
    for key, result in results.items():
        found += written(_ask(result).of_result, key)
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.name))


def written(given: AdviceList, map: str = "") -> list[Advice]:
    """Return advice as it travels.

    Args:
        given: As the rules gave it.
        map: Key of the map that it is about; empty where it is about all that is shown.
    """
    return [
        Advice(
            name=one.name,
            severity=one.severity,
            sentence=one.sentence,
            reason=one.reason,
            source=one.source,
            todo=one.todo,
            map=map,
        )
        for one in given
    ]


def _ask(result: Result) -> _Said:
    complete = result.progress.state in ("done", "cancelled")
    measured = not np.isnan(result.baseline.clean).any()
    moment = (silenced(), complete, measured)
    said = _said.get(result)
    if said is None or said.moment != moment:
        of_study = ask({"study": facts_of(result)}, (), ())
        of_result = ask({"result": result}, (), ()) if complete else AdviceList(())
        said = _said[result] = _Said(moment, of_study, of_result)
    return said
