"""A result as a table: one row per patch, some columns per metric."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patchwidgets.plans.plan import Plan, PlanMap
from patchwidgets.results import stats
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.measured import (
    STATUS_WORDS,
    MetricInfo,
    Snapshot,
    not_normalizable,
)


def build_table(
    plan: Plan,
    maps: Sequence[PlanMap],
    metrics: Sequence[MetricInfo],
    snapshot: Snapshot,
    estimate: Estimate | None = None,
) -> pd.DataFrame:
    """Return a row per patch of `maps`, strongest first by the first metric.

    Columns: `node`, `map`, one per axis, `status`; then for each metric `<name>_patched`,
    `<name>_effect` and `<name>_stderr` in its unit, and `<name>_normalized` (ratio of means; NaN
    throughout where it cannot be normalized). Where effects were estimated, `<name>_estimated` in
    its unit stands beside them, measured or not, or `<name>_estimated_size` where the estimate has
    no sign. Where prompts have several draws, `<name>_draw_low`, `<name>_draw_high` and
    `<name>_draw_sd` are what the effect would be under one of them: smallest, largest, and standard
    deviation, in its unit. Where nodes are at buckets of positions, `prompts` counts the prompt
    pairs that have the bucket of the row; its numbers are of these.

    Source: Heimersheim & Nanda 2024 recommend a table with a column per metric.
    """
    rows: list[dict[str, object]] = []
    patches: list[int] = []
    counts = None if plan.buckets is None else plan.buckets.counts()
    for plan_map in maps:
        for place, patch in zip(np.ndindex(plan_map.shape), plan_map.cells, strict=True):
            if patch is None:
                continue
            patches.append(patch)
            rows.append(
                {"node": plan.names[patch], "map": plan_map.name}
                | {a.name: a.labels[i] for a, i in zip(plan_map.axes, place, strict=True)}
                | ({} if counts is None else {"prompts": counts[plan.bucket_of(patch)]})
                | {"status": STATUS_WORDS[snapshot.status[patch]]}
            )
    axes = dict.fromkeys(axis.name for plan_map in maps for axis in plan_map.axes)
    of = [] if counts is None else ["prompts"]
    table = pd.DataFrame(rows, columns=["node", "map", *axes, *of, "status"])
    for name in axes:
        if all(isinstance(row.get(name, 0), int) for row in rows):
            table[name] = table[name].astype("Int64")
    for metric, info in enumerate(metrics):
        for kind, per_patch in _columns(info, snapshot, metric).items():
            table[f"{info.name}_{kind}"] = per_patch[patches]
        if estimate is not None:
            kind = "estimated" if estimate.signed else "estimated_size"
            table[f"{info.name}_{kind}"] = estimate.mean(metric)[patches]
    table.attrs["units"] = {info.name: info.unit for info in metrics}
    sizes = _columns(metrics[0], snapshot, 0)["effect"][patches]
    return table.iloc[np.argsort(-np.abs(sizes), kind="stable")].reset_index(drop=True)


def _columns(info: MetricInfo, snapshot: Snapshot, metric: int) -> dict[str, np.ndarray]:
    effect = snapshot.mean_effect(metric)
    stderr = stats.standard_error(snapshot.effect(metric))
    normalized = np.full_like(effect, np.nan)
    if not_normalizable(info, snapshot.base[metric], snapshot.source[metric]) is None:
        normalized = snapshot.normalized(metric)
    return {
        "patched": snapshot.patched(metric),
        "effect": effect,
        "stderr": np.where(np.isnan(effect), np.nan, stderr),
        "normalized": normalized,
    } | {f"draw_{name}": per_patch for name, per_patch in snapshot.over_draws(metric).items()}
