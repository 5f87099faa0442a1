"""What was estimated before anything ran against what was measured then."""

import numpy as np

from patchwidgets.charts._drawing import Dots, Drawing, Group
from patchwidgets.charts._words import correlated
from patchwidgets.errors import MeasurementError
from patchwidgets.results.measured import MEASURED
from patchwidgets.results.result import Result
from patchwidgets.views._words import UNITS, number, signed

__all__ = ["estimates"]

GROUPS = (Group("measured", "circle", "#0072b2"),)


def estimates(result: Result, metric: str | None = None) -> Drawing:
    """Return the estimate of each measured cell against its exact effect; waits for the job.

    Means over prompts of patched minus base, in the metric's unit; sizes on both axes where the
    estimate has no sign. The diagonal is where the estimate is right. Cells that are zero by
    identity are left out: nothing was run there.

    Args:
        result: Of a sweep with `estimate=`.
        metric: Name of a metric; the first by default.

    Raises:
        UnknownNameError: No such metric.
        MeasurementError: Nothing was estimated, or no estimated cell was measured.
    """
    estimate, agreement = result.estimated().estimate, result.agreement(metric)
    m = [info.name for info in result.metrics].index(agreement.metric)
    snapshot = result.snapshot()
    guessed, exact = estimate.mean(m), snapshot.mean_effect(m)
    if not estimate.signed:
        exact = np.abs(exact)
    (cells,) = ((snapshot.status == MEASURED) & np.isfinite(guessed)).nonzero()
    guessed, exact = guessed[cells], exact[cells]
    if not len(cells):
        raise MeasurementError(
            f"No cell with an estimate of `{agreement.metric}` was measured, so there is nothing "
            "to compare. Let the sweep finish, or measure more with `top=30`."
        )
    unit = UNITS[result.metrics[m].unit]
    write = signed if estimate.signed else number
    what = "effect" if estimate.signed else "size of the effect"
    return Drawing(
        title=f"{correlated(agreement.rank_correlation)} over {len(cells)} measured cells",
        note=(
            f"{agreement.patches} cells in all. Worst miss at {agreement.worst_node}. Where cells "
            "were chosen by their estimates, this says nothing of those that were left out."
        ),
        x_label=f"estimated {what} ({unit})",
        y_label=f"measured {what} ({unit})",
        groups=GROUPS,
        dots=Dots(
            node=tuple(result.plan.names[cell] for cell in cells),
            x=guessed,
            y=exact,
            group=np.zeros(len(cells), dtype=int),
            says=tuple(
                f"estimated: {write(guess)} {unit}\nmeasured: {write(measured)} {unit}"
                for guess, measured in zip(guessed.tolist(), exact.tolist(), strict=True)
            ),
        ),
        diagonal=True,
    )
