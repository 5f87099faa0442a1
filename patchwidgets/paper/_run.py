"""Measures claims one after the other, and keeps what came out of each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.models.load import TransformerBridge
from patchwidgets.paper import CLAIMS
from patchwidgets.paper._check import FEWEST, NothingToMeasure
from patchwidgets.paper._claim import Claim, Finding
from patchwidgets.paper._lab import Lab, NoTimeLeft, written_minutes
from patchwidgets.paper._need import DRAWS
from patchwidgets.paper._sheet import RESAMPLES
from patchwidgets.paper._sizes import Sized


@dataclass(frozen=True)
class Outcome:
    """What became of one claim.

    Args:
        claim: The claim.
        finding: What came out; `None` where nothing was measured.
        reason: Why nothing was measured or can be said; empty where something can.
        seconds: Wall-clock time it took; sweeps that an earlier claim asked for cost it nothing.
        processor_seconds: Processor time of this process.
        cut: Whether it was given up for want of time, or stopped.
    """

    claim: Claim
    finding: Finding | None
    reason: str
    seconds: float
    processor_seconds: float
    cut: bool = False

    @property
    def verdict(self) -> str:
        """`holds`, `does not hold`, `cannot be said`, or `not measured`."""
        if self.finding is not None:
            return self.finding.verdict
        return "not measured" if self.cut else "cannot be said"


@dataclass(frozen=True)
class Report:
    """What became of all claims.

    Args:
        model: Name of the model.
        n: Prompt pairs that were asked for.
        seed: Of the prompts.
        draws: Of noise, per prompt pair.
        outcomes: In the order of the paper.
        provenance: Of every sweep, by what it was.
        advice: On the number of pairs and of draws.
        interrupted: Whether it was stopped from the keyboard.
    """

    model: str
    n: int
    seed: int
    draws: int
    outcomes: tuple[Outcome, ...]
    provenance: dict[str, dict[str, Any]]
    advice: tuple[Sized, ...]
    interrupted: bool

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that the numbers depend on."""
        return {
            name: version(name)
            for name in ("patchwidgets", "torch", "transformer_lens", "transformers")
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything but the per-pair numbers, as JSON-able values."""
        return {
            "format": "patchwidgets-paper",
            "paper": "arXiv 2309.16042",
            "model": self.model,
            "n": self.n,
            "seed": self.seed,
            "noise_draws": self.draws,
            "fewest_pairs": FEWEST,
            "resamples": RESAMPLES,
            "versions": self.versions,
            "interrupted": self.interrupted,
            "advice": [one.to_json() for one in self.advice],
            "claims": [_outcome_json(outcome) for outcome in self.outcomes],
            "sweeps": self.provenance,
        }


def chosen_claims(names: Sequence[str] | None) -> list[Claim]:
    """Return the claims of these names, or all, in the order of the paper.

    Raises:
        UnknownNameError: No claim of that name.
        PatchwidgetsError: The list is empty.
    """
    if names is not None and not names:
        raise PatchwidgetsError(
            "The list of claims is empty, so nothing would be measured. Name one or more, such as "
            f"`{CLAIMS.names()[0]}`, or leave `claims` out for all."
        )
    asked = CLAIMS.names() if names is None else list(dict.fromkeys(names))
    return sorted((CLAIMS.get(name) for name in asked), key=lambda claim: claim.place)


def measure(
    model: TransformerBridge,
    claims: Sequence[Claim],
    *,
    n: int,
    seed: int = 0,
    draws: int = DRAWS,
    minutes: float | int = 30,
    tell: Callable[[str], None] = lambda line: None,
) -> Report:
    """Measure claims on a model, those that take the least time first.

    Args:
        model: The model.
        claims: In the order in which they are reported.
        n: Prompt pairs.
        seed: Of the prompts.
        draws: Of noise, per prompt pair.
        minutes: Wall-clock time. What does not fit is left out and says so; the interrupt of a
            keyboard leaves out the rest.
        tell: Called with lines about the progress.

    Raises:
        PatchwidgetsError: There are no pairs, no draws or no time, or not one claim fits into the
            time.
    """
    require_sizes(n, minutes, draws)
    lab = Lab(model, n, seed, draws, minutes, tell)
    seconds = lab.expected(tuple(need for claim in claims for need in claim.needs))
    tell(
        f"{len(claims)} of {len(CLAIMS.names())} claims on {lab.model}, {n} pairs: about "
        f"{written_minutes(seconds)} if nothing is stored, of {minutes:g} min"
    )
    became, interrupted, short = {}, False, []
    for claim in sorted(claims, key=lambda claim: lab.expected(claim.needs)):
        if interrupted:
            became[claim.name] = Outcome(claim, None, "stopped before it", 0.0, 0.0, cut=True)
            continue
        started, used = time.monotonic(), time.process_time()
        finding, reason, cut = None, "", False
        try:
            finding = claim.measure(lab)
        except NothingToMeasure as nothing:
            reason = str(nothing)
        except NoTimeLeft as late:
            short.append(late.seconds)
            reason, cut = f"no time left for it, {late}", True
        except PatchwidgetsError as problem:
            reason = str(problem)
        except KeyboardInterrupt:
            interrupted, reason, cut = True, "stopped", True
        taken = time.monotonic() - started, time.process_time() - used
        became[claim.name] = Outcome(claim, finding, reason, *taken, cut=cut)
    if short and len(short) == len(became):
        raise _nothing_fits(min(short), minutes, n)
    outcomes = tuple(became[claim.name] for claim in claims)
    return Report(lab.model, n, seed, draws, outcomes, lab.provenance, lab.sizes.found, interrupted)


def require_sizes(n: int, minutes: float | int, draws: int = DRAWS) -> None:
    """Check that there is something to measure, and time for it.

    Raises:
        PatchwidgetsError: There is not.
    """
    if n < 1:
        raise PatchwidgetsError(
            f"{n} prompt pairs were asked for. Nothing can be measured on fewer than one, and "
            f"nothing is decided on fewer than {FEWEST}. Set `n` to 32, or leave it out."
        )
    if draws < 1:
        raise PatchwidgetsError(
            f"{draws} draws of noise were asked for. Noise is drawn at least once for every prompt "
            f"pair. Set `draws` to 10, as in the code of Meng et al. 2022, or leave it out for "
            f"{DRAWS}."
        )
    if not minutes > 0:
        raise PatchwidgetsError(
            f"{minutes:g} minutes leave no time to measure anything. Set `minutes` to 30, or leave "
            "it out."
        )


def _nothing_fits(seconds: float, minutes: float | int, n: int) -> PatchwidgetsError:
    needed, fitting = seconds / 60, int(n * 60 * minutes / seconds)
    fewer = f", or fewer pairs: `n` of {fitting}" if 1 <= fitting < n else ""
    return PatchwidgetsError(
        f"None of these claims fits into {minutes:g} min: on {n} pairs the smallest sweep takes "
        f"about {needed:.2g} min. Give it more time, such as `minutes` of "
        f"{max(1, round(2 * needed))}{fewer}."
    )


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    claim, finding = outcome.claim, outcome.finding
    return {
        "name": claim.name,
        "section": claim.section,
        "says": claim.says,
        "model": claim.model,
        "how": claim.how,
        "criterion": claim.criterion,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 2),
        "processor_seconds": round(outcome.processor_seconds, 2),
        "checks": [] if finding is None else [_check_json(check) for check in finding.checks],
        "tables": []
        if finding is None
        else [
            {"title": one.title, "columns": one.columns, "rows": one.rows} for one in finding.tables
        ],
    }


def _check_json(check: Any) -> dict[str, Any]:
    number = check.number
    ends = {"value": number.value, "low": number.low, "high": number.high}
    return {
        "label": check.label,
        "paper": check.paper,
        **{name: None if value != value else value for name, value in ends.items()},
        "pairs": number.pairs,
        "asked": check.asked,
        "verdict": check.verdict,
        "why": check.why,
    }
