"""What the project's own advice says of the sizes of a run: prompt pairs, and draws of noise."""

from dataclasses import dataclass
from typing import Any

from patchwidgets.advice import Advice
from patchwidgets.paper._claim import Table
from patchwidgets.paper._need import Need
from patchwidgets.study import Study

MORE_PAIRS = "`--n 100` or more; `n=100` in `pw.recompute`"
ANSWERS = {
    "too_few_to_test": MORE_PAIRS,
    "few_prompts": MORE_PAIRS,
    "few_noise_draws": "`--draws 10` or more; `draws=10` in `pw.recompute`",
}
"""Rules that are asked, and which option of the report does something about what they say."""


@dataclass(frozen=True)
class Sized:
    """One piece of advice, and what it was given on.

    Args:
        advice: The advice.
        studies: Such as `ioi, noise of S2`, in the order in which they were measured.
    """

    advice: Advice
    studies: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        one = self.advice
        return {
            "name": one.name,
            "severity": one.severity,
            "sentence": one.sentence,
            "studies": list(self.studies),
        }


class Sizes:
    """Collects advice on sizes from the studies that are measured."""

    def __init__(self) -> None:
        self._studies: dict[Advice, dict[str, None]] = {}

    def ask(self, need: Need, study: Study) -> None:
        """Ask for the advice on one study; rules that were silenced say nothing."""
        corruption = "noise" if need.noise else "replacement"
        for advice in study.advice():
            if advice.name in ANSWERS:
                of = self._studies.setdefault(advice, {})
                of[f"{need.task}, {corruption} of {need.at}"] = None

    @property
    def found(self) -> tuple[Sized, ...]:
        """What was found, in the order of the rules above."""
        names = list(ANSWERS)
        ordered = sorted(self._studies, key=lambda one: (names.index(one.name), one.number))
        return tuple(Sized(one, tuple(self._studies[one])) for one in ordered)


def sizes_table(found: tuple[Sized, ...]) -> Table:
    """Return advice as a table."""
    rows = (
        (
            f"{one.advice.severity}: {one.advice.sentence} [{one.advice.name}]",
            one.advice.reason,
            ANSWERS[one.advice.name],
            "; ".join(one.studies),
        )
        for one in found
    )
    columns = ("advice", "why", "what to do", "measured")
    return Table("Advice on the sizes of this run", columns, tuple(rows))
