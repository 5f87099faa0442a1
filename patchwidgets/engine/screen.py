"""Estimate first, then measure: which cells of a sweep are measured, and in which order."""

from dataclasses import dataclass

from patchwidgets.engine.estimating import options_of, require_fit
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import PlanError
from patchwidgets.jobs import Job
from patchwidgets.plans.plan import Plan
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


def screen_of(plan: Plan, estimate: str | Estimated | None, top: int | None) -> Screen | None:
    """Return how a plan is screened, or `None` if it is not.

    Args:
        plan: What is measured.
        estimate: The name of a method, or what `Study.estimate` returned for the same plan.
        top: How many cells to measure; all if `None`.

    Raises:
        UnknownNameError: There is no such method.
        PlanError: The method is not for this plan, the estimate is of another one, or `top` is
            not a number of cells to choose by an estimate.
    """
    if top is not None and top < 1:
        raise PlanError(
            f"`top` is {top}, so nothing would be measured. Give at least 1, or leave it out to "
            "measure every cell; `study.estimate(...)` measures none."
        )
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
    if estimate.plan != plan:
        raise PlanError(
            f"The estimate is of another plan ({estimate.plan.describe()}) than the one to measure "
            f"({plan.describe()}). Estimate it with the same options as you measure it."
        )
    return Screen(estimate.estimate, top)
