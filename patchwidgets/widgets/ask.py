"""A question in a notebook that checks its own answer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.result import Result
from patchwidgets.views._question import Asked, Kind
from patchwidgets.widgets.question import LiveQuestion


def ask(
    question: str,
    *about: Any,
    right: str | float | int | Collection[str] | Callable[..., Any] | None = None,
    choices: Sequence[str] | Mapping[str, str | Callable[..., str]] = (),
    within: float | int | None = None,
    hints: str | Sequence[str] = (),
    because: str | Callable[..., str] = "",
) -> LiveQuestion:
    """Return a question for the reader of a notebook; at the end of a cell it shows itself.

    With `choices` the reader picks one of them, with `within` types a number, and otherwise picks a
    node of the map of a result. A wrong answer is told what was measured of it, and gets the next
    hint; the answer itself only when the reader asks for it. Ask before the map is shown, and the
    answer is a prediction: it is kept until the measurement is done, and then checked.

        heads.ask("Which head brings most of the answer back?", hints=["It is in the third layer."])
        heads.ask("How much of it?", right=lambda heads: heads.normalized().max(), within=0.1)
        pw.ask("Why?", choices={"It reads the noun.": "Yes.", "Chance.": "On every pair?"},
               right="It reads the noun.")

    Texts are shown as they are: no HTML, no Markdown. Questions of one kernel keep one score; the
    same question asked again starts anew. `result.ask(question, ...)` is `pw.ask(question, result,
    ...)`.

    Args:
        question: What is asked. Tells questions apart: ask each in words of its own.
        *about: What functions below are called with: results, comparisons, circuits, or anything.
            All that measure must be done before an answer is checked. To pick a node, the first
            is the result that has the map, and its first metric is what is said of a node.
        right: The right answer, several of them, or a function of `about` that returns it. Where a
            node is picked, by default the one with the largest effect towards the source run.
        choices: What the reader chooses from, or a mapping from it to what is said of each once it
            is chosen: a text, or a function of `about`.
        within: How far from `right` a number may be, in the unit of `right`.
        hints: One by one, the most helpful last.
        because: What to say of the right answer, or a function of `about`.

    Raises:
        PatchwidgetsError: The question has no answer that could be right, or nothing to pick from.
    """
    kind = _kind(about, choices, within)
    if not isinstance(question, str) or not question.strip():
        raise PatchwidgetsError(
            f"The question is {question!r}. Give a text that ends in a question mark, such as "
            '`heads.ask("Which head brings most of the answer back?")`.'
        )
    if right is None and kind != "node":
        raise PatchwidgetsError(
            f"The question {question!r} has no right answer. Give `right=`: the answer, or a "
            "function of the result that returns it."
        )
    return LiveQuestion(
        Asked(
            text=question.strip(),
            kind=kind,
            about=about,
            right=right,
            choices=choices if isinstance(choices, Mapping) else tuple(choices),
            within=0.0 if within is None else float(within),
            hints=(hints,) if isinstance(hints, str) else tuple(hints),
            because=because,
        )
    )


def _kind(about: tuple[Any, ...], choices: Collection[str], within: float | int | None) -> Kind:
    if choices and within is not None:
        raise PatchwidgetsError(
            "A question has `choices` or `within`, not both: with `choices` the reader picks one, "
            "with `within` types a number. Leave one of them out."
        )
    if choices:
        if isinstance(choices, str) or len(choices) < 2:
            raise PatchwidgetsError(
                f"`choices` is {choices!r}, and there is nothing to choose from. Give at least two "
                'texts, such as `choices=["early", "late"]`.'
            )
        return "choice"
    if within is not None:
        if not within >= 0 or within == float("inf"):
            raise PatchwidgetsError(
                f"`within` is {within!r}, and says how far from the right number an answer may be. "
                "Give 0 or a positive number, such as `within=0.1`."
            )
        return "number"
    if not about or not isinstance(about[0], Result):
        given = f"`{type(about[0]).__name__}`" if about else "nothing"
        raise PatchwidgetsError(
            f"A question without `choices` and `within` asks for a node of a map, and {given} has "
            "none. Give a result first, such as `pw.ask(question, study.sweep('heads'))`, or give "
            "`choices=` or `within=`. If `heads` is not made yet, run the cells above first."
        )
    return "node"
