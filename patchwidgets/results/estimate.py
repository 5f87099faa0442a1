"""Effects that were estimated and not measured, kept apart, and how well the two agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from patchwidgets.plans.plan import Plan
from patchwidgets.results._document import ArrayPart, EstimatePart, damaged
from patchwidgets.results.measured import MEASURED, MetricInfo, Snapshot
from patchwidgets.types import Unit


@dataclass(frozen=True, eq=False)
class Estimate:
    """What every patch of a plan would do, by a method that ran none of them.

    Args:
        values: Metric by patch by prompt, float64: patched minus base in the metric's unit, or its
            size where `signed` is false; NaN where the method has no estimate.
        method: `attribution`, `eap` or `eap_ig`.
        options: The method's own.
        signed: Whether values have the sign of the effect.
    """

    values: np.ndarray
    method: str
    options: Mapping[str, Any]
    signed: bool = True

    def mean(self, metric: int) -> np.ndarray:
        """Return the estimate of each patch, averaged over prompts."""
        return self.values[metric].mean(axis=-1)

    def order(self, metric: int = 0) -> list[int]:
        """Return the patches by the size of their mean estimate, largest first; NaN last."""
        return [int(patch) for patch in np.argsort(-np.abs(self.mean(metric)), kind="stable")]

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as plain dicts, lists and strings."""
        return {
            "method": self.method,
            "options": dict(self.options),
            "signed": self.signed,
            "values": ArrayPart.pack(self.values),
        }

    @classmethod
    def from_json(cls, data: object, where: str = "The estimate") -> "Estimate":
        """Return the estimate that `to_json` wrote; `where` is what messages call it.

        Raises:
            FileError: It is not what `to_json` writes.
        """
        try:
            part = EstimatePart.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(step) for step in first["loc"])
            raise damaged(where, f"field `{field}`: {first['msg'].rstrip('.').lower()}") from None
        return cls.of_part(part, tuple(part.values.shape), where)

    @classmethod
    def of_part(cls, part: EstimatePart, shape: tuple[int, ...], where: str) -> "Estimate":
        """Return the estimate in a checked part of a document, whose values have this shape.

        Raises:
            FileError: They have another.
        """
        values = part.values.unpack("estimate", shape, where)
        return cls(values, part.method, part.options, part.signed)


@dataclass(frozen=True)
class Agreement:
    """How well estimates agree with the exact effects of the cells that were measured.

    Where cells were chosen by their estimate, it says nothing of those that were left out.

    Args:
        metric: Name of the metric.
        unit: Of the effects.
        rank_correlation: Spearman's, of mean effects over prompts (of their sizes, where the
            estimate has no sign); NaN for fewer than three cells, or where all are equal.
        worst_miss: Largest |estimate - exact| of a mean effect; NaN if nothing was measured.
        worst_node: Where that is.
        worst_estimate: The estimate there.
        worst_exact: The exact effect there.
        measured: Cells that were measured. Zeros by identity are not counted: nothing was run.
        patches: Cells that were estimated.
    """

    metric: str
    unit: Unit
    rank_correlation: float
    worst_miss: float
    worst_node: str
    worst_estimate: float
    worst_exact: float
    measured: int
    patches: int

    def __str__(self) -> str:
        return (
            f"rank correlation {self.rank_correlation:.2f} over {self.measured} of {self.patches} "
            f"cells measured; worst miss {self.worst_miss:.3g} {self.unit} at {self.worst_node} "
            f"(estimated {self.worst_estimate:.3g}, exact {self.worst_exact:.3g})"
        )


def compare(
    estimate: Estimate, plan: Plan, snapshot: Snapshot, metric: int, info: MetricInfo
) -> Agreement:
    """Return how a metric's estimates agree with the cells of a snapshot that were measured.

    Args:
        estimate: Of the plan's patches.
        plan: The patches.
        snapshot: What was measured.
        metric: Which metric.
        info: Its name and unit.
    """
    estimated, exact = estimate.mean(metric), snapshot.mean_effect(metric)
    if not estimate.signed:
        exact = np.abs(exact)
    both = (snapshot.status == MEASURED) & np.isfinite(estimated)
    (cells,) = both.nonzero()
    miss = np.abs(estimated - exact)[cells]
    worst = int(cells[miss.argmax()]) if len(cells) else None
    return Agreement(
        metric=info.name,
        unit=info.unit,
        rank_correlation=rank_correlation(estimated[cells], exact[cells]),
        worst_miss=float("nan") if worst is None else float(miss.max()),
        worst_node="" if worst is None else plan.names[worst],
        worst_estimate=float("nan") if worst is None else float(estimated[worst]),
        worst_exact=float("nan") if worst is None else float(exact[worst]),
        measured=len(cells),
        patches=len(plan.patches),
    )


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation, ties sharing their mean rank; NaN where it has none."""
    ranks = [pd.Series(values).rank().to_numpy() for values in (one, other)]
    if len(one) < 3 or any(np.ptp(rank) == 0 for rank in ranks):
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
