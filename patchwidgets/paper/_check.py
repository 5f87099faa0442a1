"""A number with its interval, the bar it is held against, and what follows."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

Verdict = Literal["holds", "does not hold", "cannot be said"]


class NothingToMeasure(Exception):  # noqa: N818 - an answer, not a mistake
    """Raised by a claim that has nothing to look at on this model; the message says why."""


Side = Literal["above", "below"]

FEWEST = 20
"""Prompt pairs below which nothing is decided: a percentile interval is too narrow then."""


@dataclass(frozen=True)
class Number:
    """A statistic of the prompt pairs.

    Args:
        value: On all pairs.
        low: Lower end of the 95 % percentile bootstrap interval over pairs.
        high: Its upper end.
        pairs: The fewest pairs of any map that went into it.
    """

    value: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Check:
    """One number that decides a claim, or a part of it. The bar is fixed before anything is run.

    Args:
        label: What the number is.
        paper: What the paper has for it, in words or numbers.
        number: What was measured.
        bar: What it is compared with.
        side: On which side of the bar it has to be.
    """

    label: str
    paper: str
    number: Number
    bar: float | int
    side: Side = "above"

    @property
    def verdict(self) -> Verdict:
        """What follows: nothing where the interval has the bar in it, or pairs are few.

        A number that is exactly at the bar is not beyond it.
        """
        low, high = self.number.low, self.number.high
        if self.number.pairs < FEWEST or isnan(self.number.value + low + high):
            return "cannot be said"
        beyond = low > self.bar if self.side == "above" else high < self.bar
        short = high <= self.bar if self.side == "above" else low >= self.bar
        if beyond:
            return "holds"
        return "does not hold" if short else "cannot be said"

    @property
    def asked(self) -> str:
        """The bar in words, such as `above 2`."""
        return f"{self.side} {self.bar:g}"

    @property
    def why(self) -> str:
        """Why nothing can be said; empty where something can."""
        if self.verdict != "cannot be said":
            return ""
        if isnan(self.number.value):
            return "there is no such number on this model"
        if self.number.pairs < FEWEST:
            return f"{self.number.pairs} pairs, and {FEWEST} are needed"
        if isnan(self.number.low + self.number.high):
            return "other draws of the pairs have no such number"
        return f"the interval has {self.bar:g} in it"


def together(checks: tuple[Check, ...]) -> Verdict:
    """Return the verdict on a claim: it holds if all of its checks do, and fails with any."""
    verdicts = [check.verdict for check in checks]
    if "does not hold" in verdicts:
        return "does not hold"
    return "holds" if verdicts and set(verdicts) == {"holds"} else "cannot be said"
