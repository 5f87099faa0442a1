"""What a claim asks to be measured, as plain data: two claims that ask the same share it."""

from dataclasses import dataclass, replace
from typing import Any

METRICS = ("logit_diff", "prob", "kl_div")

NAMED = {"logit_diff": "logit difference", "prob": "probability", "kl_div": "KL divergence"}

DRAWS = 2
"""Draws of noise per prompt pair unless others are asked for. Every pair has noise of its own, so
pairs do more than draws."""


@dataclass(frozen=True)
class Need:
    """One sweep on one set of prompts.

    Args:
        task: Name of the task.
        at: The corruption site; noise goes to the tokens that are replaced there.
        noise: Gaussian noise instead of token replacement, on the same prompt pairs.
        sweep: Name of the sweep.
        positions: Roles that are patched one by one; `None` patches all positions together.
        window: Neighbouring layers patched together; above 1 single layers are measured as well.
        sets: Of a `joint` sweep: name and nodes of each.
        times: Prompt pairs as a multiple of those asked for.
        having: Keep only pairs with a token in this bucket of the subject, of four times as many.
        metrics: Read off every run.
    """

    task: str
    at: str
    noise: bool = False
    sweep: str = "heads"
    positions: tuple[str, ...] | None = None
    window: int = 1
    sets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    times: float | int = 1
    having: str = ""
    metrics: tuple[str, ...] = METRICS

    @property
    def noised(self) -> "Need":
        """The same with noise."""
        return replace(self, noise=True)

    @property
    def prompts(self) -> "Prompts":
        """What the prompt pairs depend on."""
        return self.task, self.at, self.times, self.having

    @property
    def options(self) -> dict[str, Any]:
        """Options of the sweep."""
        asked: dict[str, Any] = {}
        if self.positions is not None:
            asked["positions"] = list(self.positions)
        if self.window > 1:
            asked["window"] = self.window
        if self.sets:
            asked["sets"] = {name: list(nodes) for name, nodes in self.sets}
        return asked

    def __str__(self) -> str:
        corruption = "noise" if self.noise else "replacement"
        wide = f", window {self.window}" if self.window > 1 else ""
        at = f" at {' and '.join(self.positions)}" if self.positions else ""
        return f"{self.task} {self.sweep}{at}{wide}, {corruption} of {self.at}"


def both(need: Need) -> dict[str, Need]:
    """Return a need with either corruption, by its name."""
    return {"replacement": need, "noise": need.noised}


Prompts = tuple[str, str, float | int, str]
"""Task, corruption site, how many, and which bucket they must have."""

IOI = {site: Need("ioi", site) for site in ("S2", "S1+IO", "ABC")}

WINDOWS = (1, 3, 5, 10)

FACTS = {
    window: Need("facts", "subject", sweep="mlp", positions=("subject_last",), window=window)
    for window in WINDOWS[1:]
}
"""By window; single layers are in each."""

SUMS = Need(
    "arithmetic",
    "X+Y",
    sweep="mlp",
    positions=("END",),
    times=3,
    metrics=("logit_diff", "prob", "stolfo"),
)
YEARS = Need("greater_than", "YY")
