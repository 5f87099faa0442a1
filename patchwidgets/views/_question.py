"""What can be answered to a question, computed from what was measured: never waits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.registry import unknown_name
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.findings import towards_source
from patchwidgets.results.measured import IDENTITY, NOT_MEASURED
from patchwidgets.results.result import Result
from patchwidgets.views._grid import Grid, lay_out
from patchwidgets.views._words import UNITS, number, signed
from patchwidgets.views.question import NumberAnswer, PossibleAnswer, Question

Kind = Literal["node", "number", "choice"]

AGAIN = "Run the cell that measures it again, then this one."
WAITING = "Not measured yet. Your answer is kept, and checked as soon as the measurement is done."


@dataclass(frozen=True)
class Asked:
    """A question as the teacher wrote it; `widgets.ask.ask` says what each part may be.

    `about` is what the functions among them are called with.
    """

    text: str
    kind: Kind
    about: tuple[Any, ...]
    right: Any
    choices: Sequence[str] | Mapping[str, Any]
    within: float
    hints: tuple[str, ...]
    because: Any


@dataclass(frozen=True)
class Key:
    """What a question comes to once everything it is about was measured."""

    answers: list[PossibleAnswer]
    number: NumberAnswer | None
    solution: str
    because: str


def results_in(about: Any) -> list[Result]:
    """Return the results that must be measured before anything can be said of `about`."""
    if isinstance(about, CircuitResult):
        return [about.measured]
    if isinstance(about, Comparison):
        return list(about.results.values())
    return [about] if isinstance(about, Result) else []


def waiting_for(asked: Asked) -> str:
    """Return why nothing can be checked yet, as a sentence; empty where it can."""
    for result in (one for about in asked.about for one in results_in(about)):
        progress = result.progress
        if progress.state == "failed":
            why = progress.message.rstrip(".")
            return f"The measurement failed, so no answer can be checked: {why}. {AGAIN}"
        if progress.state == "cancelled":
            return (
                f"The measurement was stopped at {progress.done} of {progress.total}, so no answer "
                f"can be checked. {AGAIN}"
            )
        if not result.done:
            return WAITING
    return ""


def key_of(asked: Asked) -> Key:
    """Return right answers and responses, once everything was measured.

    Raises:
        PatchwidgetsError: `right` is not an answer that can be given.
    """
    right = _called(asked.right, asked)
    because = str(_called(asked.because, asked))
    if asked.kind == "number":
        return _number(asked, right, because)
    if asked.kind == "choice":
        return _choice(asked, right, because)
    return _node(asked, right, because)


def question(asked: Asked, key: Key | None, waiting: str, **told: Any) -> Question:
    """Return the question as it is drawn.

    Args:
        asked: What the teacher wrote.
        key: What it comes to; `None` while that is not known.
        waiting: Why it is not.
        **told: The other fields of `Question`: session, id, what was given, the score.
    """
    rows, columns, answers = _blank(asked)
    return Question(
        view="question",
        title=asked.text,
        kind=asked.kind,
        waiting=waiting,
        rows=rows,
        columns=columns,
        answers=answers if key is None else key.answers,
        number=None if key is None else key.number,
        solution="" if key is None else key.solution,
        because="" if key is None else key.because,
        hints=list(asked.hints),
        **told,
    )


def _blank(asked: Asked) -> tuple[list[str], list[str], list[PossibleAnswer]]:
    """Return the map's labels and the answers that can be picked, before anything is known."""
    if asked.kind == "number":
        return [], [], []
    if asked.kind == "choice":
        return [], [], [_answer(text) for text in asked.choices]
    grid = _grid(asked)
    names = asked.about[0].plan.names
    places = [(cell, int(patch)) for cell, patch in enumerate(grid.cells.ravel()) if patch >= 0]
    answers = [_answer(names[patch], cell=cell) for cell, patch in places]
    return [row.label for row in grid.rows], [one.label for one in grid.columns], answers


def _answer(
    text: str,
    right: bool = False,
    response: str = "",
    cell: int | None = None,
    share: float | None = None,
) -> PossibleAnswer:
    return PossibleAnswer(text=text, right=right, response=response, cell=cell, share=share)


def _grid(asked: Asked) -> Grid:
    return lay_out(asked.about[0].plan)


def _number(asked: Asked, right: Any, because: str) -> Key:
    try:
        value = float(right)
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise PatchwidgetsError(
            f"`right` came to {right!r}, and with `within` a number is asked for. Give a number, "
            "or a function of the result that returns one, such as "
            "`right=lambda heads: heads.normalized().sel(layer=2, head=0)`."
        )
    written = f"{value:.0f}" if value == round(value) else number(value)
    found = NumberAnswer(value=value, within=asked.within, response=f"Measured: {written}.")
    return Key([], found, f"{written}.", because)


def _choice(asked: Asked, right: Any, because: str) -> Key:
    rights = _several(right)
    for one in rights:
        if one not in asked.choices:
            raise unknown_name("choice", one, list(asked.choices))
    said = asked.choices if isinstance(asked.choices, Mapping) else {}
    answers = [
        _answer(text, text in rights, str(_called(said.get(text, ""), asked)))
        for text in asked.choices
    ]
    return Key(answers, None, " · ".join(rights), because)


def _node(asked: Asked, right: Any, because: str) -> Key:
    result: Result = asked.about[0]
    snapshot = result.snapshot()
    grid, names = _grid(asked), result.plan.names
    normalized = result.normalizable() is None
    raw = snapshot.mean_effect(0)
    effect = snapshot.normalized(0) if normalized else raw
    unit = "" if normalized else f" {UNITS[result.metrics[0].unit]}".rstrip()
    towards = raw * towards_source(snapshot, 0, result.metrics[0].unit)
    drawn = [(cell, int(patch)) for cell, patch in enumerate(grid.cells.ravel()) if patch >= 0]
    known = {patch for _, patch in drawn if snapshot.status[patch] != NOT_MEASURED}
    if right is None:
        right = [names[max(known, key=lambda patch: towards[patch])]] if known else []
    rights = _several(right)
    for one in rights:
        if one not in (names[patch] for _, patch in drawn):
            raise unknown_name("node of this map", one, [names[patch] for _, patch in drawn])
    order = sorted(known, key=lambda patch: -abs(raw[patch]))
    rank = {patch: place for place, patch in enumerate(order, 1)}
    marked = _detected(result)
    largest = max((abs(float(effect[patch])) for patch in known), default=0.0) or 1.0

    def said(patch: int) -> str:
        if snapshot.status[patch] == NOT_MEASURED:
            return f"{names[patch]} was not measured."
        what = "normalized effect" if normalized else "effect"
        words = f"{names[patch]}: {what} {signed(float(effect[patch]))}{unit}"
        if snapshot.status[patch] == IDENTITY:
            return f"{names[patch]}: 0, because both runs are the same there."
        place = "the largest" if rank[patch] == 1 else f"the {_ordinal(rank[patch])} largest"
        found = "detected" if names[patch] in marked else "not detected"
        return f"{words}, {place} of {len(order)}, {found} at 2 SD."

    answers = [
        _answer(
            names[patch],
            names[patch] in rights,
            said(patch),
            cell,
            float(effect[patch]) / largest if patch in known else None,
        )
        for cell, patch in drawn
    ]
    solution = " ".join(one.response for one in answers if one.right)
    return Key(answers, None, solution, because)


def _detected(result: Result) -> set[str]:
    found = result.detect("sd")
    return {*found.positive, *found.negative}


def _called(part: Any, asked: Asked) -> Any:
    """Return a part of a question, computed from what it is about where it is a function."""
    return part(*asked.about) if isinstance(part, Callable) else part


def _several(right: Any) -> list[str]:
    if isinstance(right, str):
        return [right]
    several = list(right) if isinstance(right, Collection) else []
    if several and all(isinstance(one, str) for one in several):
        return several
    raise PatchwidgetsError(
        f"`right` came to {right!r}, and no answer would be right. Give one of the answers as "
        "text, several of them, or a function of the result that returns them."
    )


def _ordinal(place: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{'th' if place % 100 in (11, 12, 13) else ending}"
