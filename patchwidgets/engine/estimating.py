"""Estimates a plan by the name of a method, group by group, a few prompts at a time."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.attribution import attribute
from patchwidgets.engine.edges import attribute_edges
from patchwidgets.engine.memory import (
    budget_holds_no_gradient,
    gradient_bytes,
    is_out_of_memory,
    one_gradient_too_many,
    release,
)
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.metrics import Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.plan import Plan
from patchwidgets.registry import unknown_name
from patchwidgets.results.estimate import Estimate

METHODS: dict[str, dict[str, Any]] = {
    "attribution": {"softmax_fix": True, "graddrop": False},
    "eap": {},
    "eap_ig": {"steps": 5},
}
"""Every method, and its options as they are by default: `attribution` for plain patches, with the
softmax fix of AtP* (it costs one forward pass, and without it saturated queries and keys are
missed) and without its GradDrop (it costs a backward pass per block, and the sign of the effect);
`eap` for paths as they are measured; `eap_ig` for the mean of both directions (see `edges.py`),
with the number of steps of the paper's README."""

GRADIENT_TOKENS = 512
"""Tokens whose activations are held at once, for the backward pass; fewer where `memory` says so or
runs out."""


def estimate(
    model: LensModel,
    groups: Sequence[GroupRuns],
    metrics: Sequence[Metric],
    plan: Plan,
    method: str,
    options: Mapping[str, Any],
    check: Callable[[], None],
    memory: int | None = None,
) -> Estimate:
    """Return the estimated effect of every patch of a plan, on every prompt.

    Args:
        model: The model.
        groups: The runs of every group of prompts, with the sites of the plan and `z` kept.
        metrics: What the runs are read by.
        plan: The patches.
        method: A name in `METHODS`.
        options: The method's own, as far as they are not by default.
        check: Called before every pass; raises to stop.
        memory: Bytes that a pass and its gradients may take; `None` for no limit.

    Raises:
        UnknownNameError: There is no such method, or it has no such option.
        PlanError: The method is not for these patches.
        MeasurementError: The first metric has no slope at the base run, or a hook did not fire.
        MemoryBudgetError: `memory`, or what the machine has, holds the gradients of no prompt.
    """
    chosen = options_of(method, options)
    require_fit(plan, method)
    n_prompts = sum(runs.prompts for runs in groups)
    values = np.full((len(metrics), len(plan.patches), n_prompts), np.nan)
    room = _Room(model, memory)
    with model.differentiating():
        for runs in groups:
            members = np.array(runs.group.members)
            first = 0
            while first < runs.prompts:
                prompts = slice(first, min(first + room.prompts(runs), runs.prompts))
                rows = runs.rows(prompts)
                some = room.tried(
                    runs, prompts, partial(_on, model, runs, plan, rows, check, method, chosen)
                )
                if some is not None:
                    values[:, :, members[prompts]] = some
                    first = prompts.stop
    if np.isnan(values[0]).all():
        raise MeasurementError(
            f"The metric `{metrics[0].name}` has no slope at the base run, so no effect can be "
            "estimated from its gradient. A divergence from the clean run is at its least there "
            "when noising; a metric that counts or ranks is flat everywhere. Put another metric "
            "first, such as `logit_diff`, or use `direction='denoising'`."
        )
    return Estimate(values, method, chosen, signed=not chosen.get("graddrop", False))


class _Room:
    """How many prompts are differentiated at once: half as many wherever memory runs out.

    Args:
        model: The model.
        memory: Bytes that may be taken; `None` for no limit.
    """

    def __init__(self, model: LensModel, memory: int | None) -> None:
        self._model = model
        self._memory = memory
        self._most = GRADIENT_TOKENS

    def prompts(self, runs: GroupRuns) -> int:
        """Return how many prompts of a group there is room for.

        Raises:
            MemoryBudgetError: For none.
        """
        most = max(1, self._most // _tokens(runs))
        if self._memory is None:
            return most
        spec, size, base = self._model.spec, self._model.dtype.itemsize, runs.base
        one = gradient_bytes(spec, size, length=base.length, read=base.read)
        one *= runs.batch // runs.prompts
        if one > self._memory:
            raise budget_holds_no_gradient(self._memory, one, base.length)
        return min(most, self._memory // one)

    def tried(
        self, runs: GroupRuns, prompts: slice, estimated: Callable[[], np.ndarray]
    ) -> np.ndarray | None:
        """Return what `estimated` gives for some prompts; `None` where memory ran out.

        Raises:
            MemoryBudgetError: It ran out for a single prompt.
        """
        count = prompts.stop - prompts.start
        try:
            return estimated()
        except Exception as problem:
            if not is_out_of_memory(problem):
                raise
            if count == 1:
                name = self._model.spec.name
                raise one_gradient_too_many(name, runs.base.length) from problem
        # Only here has the exception, and with it every tensor of the pass, been let go.
        self._most = count // 2 * _tokens(runs)
        release()
        return None


def _tokens(runs: GroupRuns) -> int:
    """Return the tokens of one prompt of a group, with those of all its rows."""
    return runs.base.tokens.numel() // runs.prompts


def options_of(method: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of a method, those that are not given as they are by default.

    Raises:
        UnknownNameError: There is no such method, or it has no such option.
        PlanError: `steps` is not a number of steps.
    """
    if method not in METHODS:
        raise unknown_name("method of estimating", method, list(METHODS))
    for option in options:
        if option not in METHODS[method]:
            raise unknown_name(f"option of `{method}`", option, list(METHODS[method]))
    chosen = METHODS[method] | dict(options)
    steps = chosen.get("steps", 1)
    if not isinstance(steps, int) or steps < 1:
        raise PlanError(
            f"`steps` is {steps!r}, but `{method}` takes the mean gradient over so many runs, and "
            "needs at least one. Leave it out for 5."
        )
    return chosen


def _on(
    model: LensModel,
    runs: GroupRuns,
    plan: Plan,
    rows: slice,
    check: Callable[[], None],
    method: str,
    chosen: Mapping[str, Any],
) -> Float[np.ndarray, "metric patch batch"]:
    if method == "attribution":
        return attribute(model, runs, plan.patches, rows, check, **chosen)
    return attribute_edges(model, runs, plan, rows, check, **chosen)


def require_fit(plan: Plan, method: str) -> None:
    """Check that a method can estimate a plan.

    Raises:
        PlanError: It is for paths and these are nodes, or the other way round, paths have stops,
            or nodes are at buckets of positions.
    """
    if (plan.form is None) != (method == "attribution"):
        kind, fit = ("nodes", "`attribution`") if plan.form is None else ("paths", "`eap`")
        raise PlanError(
            f"`{method}` cannot estimate the {plan.name} map, which patches {kind}. Use {fit}"
            f"{'' if plan.form is None else ' or `eap_ig`'}."
        )
    if plan.buckets is not None:
        raise PlanError(
            f"`{method}` estimates patches at one position, and the {plan.name} map is by bucket, "
            "which is several. Leave out `estimate`, or use `positions='roles'`."
        )
    if plan.origin is not None:
        raise PlanError(
            f"`{method}` estimates every sender of one set of receivers, and this map has every "
            f"receiver of `{plan.origin}`. Leave out `estimate`: a forward map takes one pass."
        )
    for path in (patch.path for patch in plan.patches):
        if path is not None and path.through:
            raise PlanError(
                f"`{method}` estimates paths without stops on the way, and `{path}` has "
                f"{len(path.through)}. Leave out `estimate`, or make one map per stop."
            )
