"""What advice is, and what a rule that gives it must provide."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args, runtime_checkable

Severity = Literal["error", "warning", "note"]
"""`error`: do not trust the numbers. `warning`: they may mislead. `note`: mind it when reading."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

About = Literal["study", "result", "comparison", "circuit"]
"""What a rule looks at: the `StudyFacts` of a study or of a result, a `Result`, a `Comparison`, a
`CircuitResult`."""

Found = tuple[float | int, str]
"""The number that triggered a rule, and the sentence that says it."""


@dataclass(frozen=True)
class Advice:
    """One thing to mind.

    Args:
        name: Of the rule, by which it can be silenced.
        severity: `error`, `warning` or `note`.
        sentence: What was seen, with its number.
        number: What triggered it, in the unit that the sentence says.
        reason: Why it matters.
        source: Paper or code that the rule is after, and its threshold where it has one.
        todo: What to type or do next.
    """

    name: str
    severity: Severity
    sentence: str
    number: float | int
    reason: str
    source: str
    todo: str

    def __str__(self) -> str:
        return (
            f"{self.severity}: {self.sentence} [{self.name}]\n"
            f"  why: {self.reason} ({self.source})\n"
            f"  do:  {self.todo}"
        )


@runtime_checkable
class Rule(Protocol):
    """Looks at one thing and gives advice on it, or none."""

    @property
    def name(self) -> str:
        """The file name."""
        ...

    @property
    def about(self) -> About:
        """What it looks at."""
        ...

    def __call__(self, subject: Any) -> Advice | None:
        """Return advice, or `None` where there is nothing to mind, or nothing is known."""
        ...


@dataclass(frozen=True)
class _FunctionRule:
    """A rule made of a function; everything but the sentence and its number is fixed."""

    name: str
    about: About
    severity: Severity
    reason: str
    source: str
    todo: str
    find: Callable[[Any], Found | None]

    def __call__(self, subject: Any) -> Advice | None:
        found = self.find(subject)
        if found is None:
            return None
        number, sentence = found
        return Advice(
            self.name, self.severity, sentence, number, self.reason, self.source, self.todo
        )


def rule(
    about: About, severity: Severity, *, reason: str, source: str, todo: str
) -> Callable[[Callable[[Any], Found | None]], Rule]:
    """Make a rule of a function that returns its number and sentence, or `None`.

    The function's name is the rule's. It is given what `about` says.

    Args:
        about: What the rule looks at.
        severity: How much it matters.
        reason: Why it matters.
        source: Paper or code that it is after.
        todo: What to type or do next.
    """

    def made(find: Callable[[Any], Found | None]) -> Rule:
        return _FunctionRule(find.__name__, about, severity, reason, source, todo, find)

    return made
