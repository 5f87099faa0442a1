"""A question of a tutorial, with what was measured of every possible answer."""

from typing import Annotated, Literal

from pydantic import Field

from patchwidgets.views._wire import Wire

__all__ = ["Question"]

StepState = Literal["open", "right", "shown"]


class PossibleAnswer(Wire):
    """One node of a map, or one explanation."""

    text: str
    """What the reader picks: the written name of a node, or the explanation."""
    right: bool
    response: str
    """What is said of it once it was given: what was measured, or what the teacher wrote."""
    cell: int | None
    """Where it lies on the map, row by row; null for an explanation."""
    share: float | None
    """From -1 to 1: its effect against the largest of the map; null where nothing was measured."""


class NumberAnswer(Wire):
    """The number that was asked for."""

    value: float
    within: Annotated[float, Field(ge=0)]
    """How far from it an answer may be."""
    response: str
    """What is said of it once it was found."""


class QuestionStep(Wire):
    """How one question of the notebook stands."""

    id: str
    state: StepState
    """`right`: answered right before the answer was shown. `shown`: the answer was shown first."""


class Question(Wire):
    """Everything needed to ask and to answer without a kernel."""

    view: Literal["question"]
    title: str
    """The question."""
    kind: Literal["node", "number", "choice"]
    session: str
    """Of the kernel that asked; questions of one session keep one score."""
    id: str
    """Which question of the session this is."""
    waiting: str
    """Why no answer can be checked yet, as a sentence; empty where it can."""
    rows: list[str]
    """Labels of the map's rows; empty where no node is asked for."""
    columns: list[str]
    answers: list[PossibleAnswer]
    """Empty where a number is asked for, and explanations alone while waiting."""
    number: NumberAnswer | None
    solution: str
    """What is shown to a reader who asks for the answer."""
    because: str
    """What is said after a right answer and beside the solution."""
    hints: list[str]
    given: list[str]
    """What was answered so far, as the reader wrote it."""
    hinted: Annotated[int, Field(ge=0)]
    """How many hints the reader asked for; a wrong answer gives one too."""
    shown: Annotated[int, Field(ge=-1)]
    """How many answers were given when the solution was shown; -1 where it was not."""
    steps: list[QuestionStep]
    """All questions of the session so far, in the order in which they were asked."""


class QuestionState(Wire):
    """What the reader has answered."""

    given: list[str]
    hinted: Annotated[int, Field(ge=0)]
    shown: Annotated[int, Field(ge=-1)]
