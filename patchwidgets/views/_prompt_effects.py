"""What one patch of a result does to every prompt pair, as it is drawn: never waits."""

from typing import Any

import numpy as np

from patchwidgets.errors import MeasurementError
from patchwidgets.results import stats
from patchwidgets.results.measured import (
    IDENTITY,
    MEASURED,
    NOT_MEASURED,
    UNREACHABLE,
    Snapshot,
)
from patchwidgets.results.result import Result
from patchwidgets.views._explorer import caption_of, pair_of
from patchwidgets.views._picture import metric_column
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.prompt_effects import EffectSummary, PromptEffects
from patchwidgets.views.token_strip import TokenStrip

NOTES = {
    NOT_MEASURED: "not measured",
    IDENTITY: "zero by identity on every pair: the source equals the base here, so nothing was run",
    UNREACHABLE: "cannot reach the receiver, so there is nothing to measure",
}
"""Why a cell has no effects, or what is special about them."""


def prompt_effects(
    result: Result, node: str, block: ArrayBlock, *, alone: bool = True
) -> PromptEffects:
    """Return the effect of one patch on every pair, as it is now. Cheap enough for every click.

    Args:
        result: What is being measured, or was.
        node: Written name of what is patched, or of the sender of a path.
        block: Takes the arrays.
        alone: Whether the pairs and the code come along; not where they stand beside it anyway.

    Raises:
        MeasurementError: The result has no patch of that name.
    """
    about, snapshot = result.provenance, result.snapshot()
    patch = find_patch(result, node)
    effect = np.full((len(result.metrics), len(result.groups)), np.nan)
    status = UNREACHABLE
    if patch is not None:
        status = int(snapshot.status[patch])
        effect = np.stack([snapshot.effect(m)[patch] for m in range(len(effect))])
    sides = ["corrupted", "clean"]
    pairs = [pair_of(prompt) for prompt in about.get("prompts", [])] if alone else []
    return PromptEffects(
        view="prompt_effects",
        node=node,
        title=_title(result, node, patch),
        caption=caption_of(result),
        runs=sides if result.direction == "denoising" else sides[::-1],
        metrics=[metric_column(result, snapshot, m) for m in range(len(effect))],
        summaries=[_summary(values, snapshot, patch) for values in effect],
        effect=block.add(effect),
        base=block.add(snapshot.base),
        source=block.add(snapshot.source),
        note=_note(status, effect),
        strip=TokenStrip(pairs=pairs),
        code=_code(about, result, node) if alone else "",
    )


def find_patch(result: Result, node: str) -> int | None:
    """Return the patch that is called `node`; `None` for a cell without a patch.

    Raises:
        MeasurementError: No cell of the result's maps is called so.
    """
    names = result.plan.names
    if node in names:
        return names.index(node)
    if result.plan.form is not None:
        return None
    shown = ", ".join(f"`{name}`" for name in names[:3])
    raise MeasurementError(
        f"This {result.plan.name} map has no patch called {node!r}; it has {len(names)}, such as "
        f"{shown}. Give one of `result.plan.names`."
    )


def _summary(values: np.ndarray, snapshot: Snapshot, patch: int | None) -> EffectSummary:
    """Return what all pairs say together; nothing before all that have the patch are measured."""
    if patch is None or snapshot.status[patch] not in (MEASURED, IDENTITY):
        return EffectSummary(mean=None, low=None, high=None, positive=0, negative=0)
    low, high = stats.bootstrap_interval(values[None])[0]
    return EffectSummary(
        mean=_finite(float(stats.mean(values[None])[0])),
        low=_finite(float(low)),
        high=_finite(float(high)),
        positive=int((values > 0).sum()),
        negative=int((values < 0).sum()),
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _note(status: int, effect: np.ndarray) -> str:
    if status == NOT_MEASURED and np.isfinite(effect).any():
        return "measured on some of the pairs so far"
    if status == MEASURED and np.isnan(effect).any():
        return "pairs without this bucket of positions have no effect"
    return NOTES.get(status, "") if status != MEASURED else ""


def _title(result: Result, node: str, patch: int | None) -> str:
    path = None if patch is None else result.plan.patches[patch].path
    return f"Effect of {node if path is None else path} on every pair"


def _code(about: dict[str, Any], result: Result, node: str) -> str:
    code = about.get("code", "")
    place = result.plan.names.index(node) if node in result.plan.names else None
    if not code or place is None:
        return code
    return f"{code}\neffects = result.wait().snapshot().effect(0)[{place}]  # {node}, by pair"
