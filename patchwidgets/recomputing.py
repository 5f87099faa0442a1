"""The paper's claims on a model of yours, from Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from os import PathLike
from pathlib import Path

import pandas as pd
import torch
from rich.console import Console

from patchwidgets.models.load import Loader, TransformerBridge, load_model
from patchwidgets.paper._need import DRAWS
from patchwidgets.paper._page import fragment
from patchwidgets.paper._printed import print_report, written_json
from patchwidgets.paper._run import Report, chosen_claims, measure, require_sizes
from patchwidgets.results.writing import write_text

WIDTH = 120


@dataclass(frozen=True, repr=False)
class Recomputed:
    """What became of the paper's claims: shows itself as a table, here and in a terminal.

    Args:
        report: What was measured.
    """

    report: Report

    @property
    def verdicts(self) -> dict[str, str]:
        """By claim: `holds`, `does not hold`, `cannot be said`, or `not measured`."""
        return {outcome.claim.name: outcome.verdict for outcome in self.report.outcomes}

    def table(self) -> pd.DataFrame:
        """Return a row for every number that decides a claim.

        Columns: `claim`, `check`, `asked` (the bar), `paper` (its number, on its model), `value`
        with its 95 % interval `low` to `high` over `pairs` prompt pairs (NaN where there is none),
        and `verdict` of this number alone. A claim of which nothing was measured has no row.
        """
        rows = [
            {
                "claim": outcome.claim.name,
                "check": check.label,
                "asked": check.asked,
                "paper": check.paper,
                "value": check.number.value,
                "low": check.number.low,
                "high": check.number.high,
                "pairs": check.number.pairs,
                "verdict": check.verdict,
            }
            for outcome in self.report.outcomes
            if outcome.finding is not None
            for check in outcome.finding.checks
        ]
        return pd.DataFrame(rows)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write everything but the per-pair numbers as JSON, and return where it lies."""
        return write_text(written_json(self.report), Path(path))

    def __repr__(self) -> str:
        written = StringIO()
        plain = Console(file=written, width=WIDTH, force_jupyter=False, color_system=None)
        print_report(plain, self.report)
        return written.getvalue().rstrip()

    def _repr_html_(self) -> str:
        return fragment(self.report)


def recompute(
    model: str | TransformerBridge | Loader,
    claims: Sequence[str] | None = None,
    *,
    n: int = 32,
    seed: int = 0,
    draws: int = DRAWS,
    minutes: float | int = 30,
    device: str | torch.device | None = None,
    tell: Callable[[str], None] = print,
) -> Recomputed:
    """Measure what the paper claims on a model, and say of every claim whether it holds there.

    A claim is a number, a bar that was fixed beforehand, and the side of it the number has to be
    on; it holds if the whole 95 % bootstrap interval over prompt pairs is. What the store holds is
    not measured again. `patchwidgets paper` does the same from a shell.

    Args:
        model: Whatever `pw.load_model` takes.
        claims: Names, as in `patchwidgets/paper/`; all if `None`.
        n: Prompt pairs, from 1; nothing is decided on fewer than 20.
        seed: Of the prompts.
        draws: Of noise, per prompt pair; the code of Meng et al. 2022 has ten.
        minutes: Wall-clock time. What does not fit is left out and says so; an interrupt leaves
            out the rest.
        device: Where to put a model that is loaded here.
        tell: Called with lines about the progress.

    Raises:
        UnknownNameError: There is no claim or model of that name.
        PatchwidgetsError: There are no claims, no pairs, no draws or no time, or not one claim
            fits.

    Source: Zhang & Nanda 2024, arXiv 2309.16042.
    """
    require_sizes(n, minutes, draws)
    chosen = chosen_claims(None if claims is None else list(claims))
    bridge = load_model(model, device=device)
    report = measure(bridge, chosen, n=n, seed=seed, draws=draws, minutes=minutes, tell=tell)
    return Recomputed(report)
