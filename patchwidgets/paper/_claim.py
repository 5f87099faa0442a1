"""What a claim is, and what it is given to decide on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from patchwidgets.paper._check import Check, Verdict, together
from patchwidgets.paper._need import Need
from patchwidgets.paper._protocol import GPT2_SMALL, GPT_J, written
from patchwidgets.paper._sheet import Attention, Sheet


@runtime_checkable
class Numbers(Protocol):
    """Where a claim reads its numbers: they are measured when first asked for."""

    @property
    def model(self) -> str:
        """Name of the model."""
        ...

    def read(self, need: Need, metric: str, map: str = "") -> Sheet:
        """Return one map of a sweep by one metric; the first map by default."""
        ...

    def attention(self, need: Need) -> Attention:
        """Return what every head attends to from the last position, in both runs."""
        ...

    def kv_heads(self, heads: list[str]) -> list[str]:
        """Return the values that these heads read, as nodes: `L9H6` reads `L9H2.v`."""
        ...


@dataclass(frozen=True)
class Table:
    """Detail under a claim.

    Args:
        title: What it shows.
        columns: Their names.
        rows: Text of each cell.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Finding:
    """What came out of a claim.

    Args:
        checks: The numbers that decide it.
        tables: Details.
    """

    checks: tuple[Check, ...]
    tables: tuple[Table, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the claim holds: if all checks do."""
        return together(self.checks)


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    Args:
        name: The file name.
        section: Of the paper, with its tables and figures.
        says: The claim, in our words.
        model: The model that the paper measured it on.
        names: Names of that model in TransformerLens.
        how: How it is measured here, and where that differs from the paper.
        criterion: What decides, fixed before anything is run.
        needs: Sweeps it is known beforehand to ask for.
        measure: Returns what came out.
    """

    name: str
    section: str
    says: str
    model: str
    names: tuple[str, ...]
    how: str
    criterion: str
    needs: tuple[Need, ...]
    measure: Callable[[Numbers], Finding]

    @property
    def place(self) -> tuple[bool, str, str]:
        """Sorts claims as the paper has them: sections, then appendices."""
        return not self.section[0].isdigit(), re.split("[;,]", self.section)[0], self.name


MODELS = {
    "GPT-2 small": GPT2_SMALL,
    "GPT-2 XL": ("gpt2-xl",),
    "GPT-J": GPT_J,
    "attn-only-4l": ("attn-only-4l",),
}
"""The paper's models, by the names that load them."""


def claim(
    section: str, model: str, *, says: str, how: str, criterion: str, needs: tuple[Need, ...]
) -> Callable[[Callable[[Numbers], Finding]], Claim]:
    """Make a claim of a function that measures it; the function's name is the claim's.

    Args:
        section: Of the paper.
        model: One of `MODELS`.
        says: The claim, in our words.
        how: How it is measured here; which prompts are taken is added.
        criterion: What decides.
        needs: Sweeps it asks for.
    """
    measured = f"{how} {written(needs)}"

    def made(measure: Callable[[Numbers], Finding]) -> Claim:
        about = (section, says, model, MODELS[model], measured, criterion)
        return Claim(measure.__name__, *about, needs, measure)

    return made
