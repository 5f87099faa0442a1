"""The checks that every sweep must pass before a number is returned."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.cells import Cell, resolve
from patchwidgets.engine.replay import Replay
from patchwidgets.engine.rounding import tolerance
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.wave import advance
from patchwidgets.errors import MeasurementError
from patchwidgets.models.bridge import LensModel
from patchwidgets.nodes import Node


def replay_problem(model: LensModel, runs: GroupRuns, check: Callable[[], None]) -> str:
    """Return why this group's blocks cannot be replayed; empty if they can."""
    hooks = model.callers_hooks()
    if hooks:
        return (
            f"the model carries hooks of yours ({', '.join(hooks[:3])}) that expect whole prompts"
        )
    try:
        require_ends(model, runs, check)
    except (MeasurementError, RuntimeError, TypeError, AttributeError) as problem:
        return f"its blocks do not replay ({problem})"
    return ""


def require_ends(model: LensModel, runs: GroupRuns, check: Callable[[], None]) -> None:
    """Check both ends of patching by replaying two cells.

    One that patches nothing must equal the base run, and one that patches the whole residual
    stream before the first block must equal the source run.

    Raises:
        MeasurementError: They do not.
    """
    start = runs.first
    nothing = Cell(patch=0, writes=(), entry=0, start=start)
    everything = resolve(1, [Node("embed")], {}, start, runs.batch)
    replay = Replay(model, runs.base, start)
    end = advance(replay, runs.other, [nothing, everything], check)
    values = runs.reader.of_residual(end)
    base, other = np.split(values, 2, axis=1)
    require_equal(base, runs.base_values, model, "patching nothing")
    require_equal(other, runs.source_values, model, "patching everything")


def require_equal(
    got: Float[np.ndarray, "metric batch"],
    wanted: Float[np.ndarray, "metric batch"],
    model: LensModel,
    what: str,
) -> None:
    """Check that two measurements of one thing agree.

    Raises:
        MeasurementError: They do not.
    """
    error = np.abs(got - wanted) / np.maximum(1, np.abs(wanted))
    if not (error <= tolerance(model)).all():
        raise MeasurementError(
            f"The fast engine and the reference executor disagree on {what} of "
            f"`{model.spec.name}`: {np.max(error):.2g} where {tolerance(model):.0g} is rounding. "
            "No number is returned. Measure with `executor='reference'`, and please report the "
            "model."
        )


def require_same(
    stored: Float[np.ndarray, "metric batch"],
    again: Float[np.ndarray, "metric batch"],
    model: LensModel,
    patch: str,
) -> None:
    """Check that a stored cell still has the numbers it was stored with.

    Raises:
        MeasurementError: It has not.
    """
    error = np.abs(again - stored) / np.maximum(1, np.abs(stored))
    if not (error <= tolerance(model)).all():
        raise MeasurementError(
            f"The stored cell `{patch}` of `{model.spec.name}` has another number when it is "
            f"measured again: {np.max(error):.2g} apart, where {tolerance(model):.0g} is rounding. "
            "No number is returned, and the stored cells of this sweep are dropped. Sweep again to "
            "measure all of them."
        )
