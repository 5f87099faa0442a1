"""Estimate first, then measure: which cells of a sweep are measured, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from patchwidgets.engine.estimating import METHODS, options_of, require_fit
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import PlanError
from patchwidgets.jobs import Job
from patchwidgets.plans.plan import Plan
from patchwidgets.results.circumstances import Circumstances
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.estimated import Estimated
from patchwidgets.results.result import Result


@dataclass(frozen=True)
class Screen:
    """Cells are measured in the order of their estimated size.

    Args:
        by: The name of a method, or what was estimated already.
        top: Measure so many cells only; all if `None`.
    """

    by: str | Estimate
    top: int | None

    def order(self, session: Session, result: Result, source: Source | None, job: Job) -> list[int]:
        """Return the patches to measure, after putting the estimate on the result."""
        estimate = self.by
        if isinstance(estimate, str):
            estimate = session.estimate(result.plan, estimate, source=source, check=job.check)
        order = estimate.order()[: self.top]
        job.total = len(order)
        # What is drawn is normalized by the baseline, so that it comes first.
        result.record_baseline(session.baseline())
        result.record_estimate(estimate)
        return order


def screen_of(
    plan: Plan, estimate: Any, top: Any, here: Callable[[], Circumstances]
) -> Screen | None:
    """Return how a plan is screened, or `None` if it is not.

    Args:
        plan: What is measured.
        estimate: The name of a method, or what `Study.estimate` returned for the same plan.
        top: How many cells to measure; all if `None`.
        here: Returns what the cells will be measured on.

    Raises:
        UnknownNameError: There is no such method.
        PlanError: The method is not for this plan, the estimate is no estimate, of another plan or
            of another study, or `top` is not a number of cells to choose by an estimate.
    """
    top = None if top is None else _whole(top)
    if estimate is None:
        if top is not None:
            raise PlanError(
                f"`top={top}` measures the cells with the largest estimates, and nothing is "
                "estimated. Add `estimate='attribution'` to a sweep, or `estimate='eap'` to a path."
            )
        return None
    if isinstance(estimate, str):
        options_of(estimate, {})
        require_fit(plan, estimate)
        return Screen(estimate, top)
    if not isinstance(estimate, Estimated):
        known = ", ".join(f"`{name}`" for name in METHODS)
        raise PlanError(
            f"`estimate` is a `{type(estimate).__name__}`, which says nothing of these cells. It "
            f"takes the name of a method ({known}), or what `study.estimate(...)` or "
            "`result.estimated()` returned. Write `estimate='attribution'` for a sweep, or "
            "`estimate='eap'` for a path."
        )
    if estimate.plan != plan:
        raise PlanError(
            f"The estimate is of another plan ({estimate.plan.describe()}) than the one to measure "
            f"({plan.describe()}). Estimate it with the same options as you measure it."
        )
    apart = estimate.holds_for.apart(here())
    if apart is not None:
        theirs, ours = apart
        raise PlanError(
            f"The estimate was made {theirs}, and these cells would be measured {ours}. Another "
            "question has other effects, so that it says neither which cells matter here nor how "
            f"good an estimate is. Make it anew with this study, `study.estimate({plan.name!r}, "
            f"...)` with the options of what is measured, or write "
            f"`estimate={estimate.estimate.method!r}`."
        )
    return Screen(estimate.estimate, top)


def _whole(top: Any) -> int:
    if not isinstance(top, Integral) or isinstance(top, bool):
        raise PlanError(
            f"`top={top!r}` is no whole number of cells. The cells with so many of the largest "
            "estimates are measured. Write `top=20`, or leave it out to measure every cell."
        )
    if top < 1:
        raise PlanError(
            f"`top` is {top}, so nothing would be measured. Give at least 1, or leave it out to "
            "measure every cell; `study.estimate(...)` measures none."
        )
    return int(top)
