"""A measured attention pattern as it is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from patchwidgets.views._explorer import pair_of
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.attention import AttendingRun, Attention, Place
from patchwidgets.views.token_strip import Pair

ALL = 96
"""Tokens up to which every destination is stored; of longer prompts, those with a role."""


def attention(
    pattern: xr.DataArray, prompts: Sequence[Mapping[str, Any]], block: ArrayBlock, code: str = ""
) -> Attention:
    """Return a pattern of `study.patterns` as it is drawn.

    Args:
        pattern: Run, destination, source; with its `attrs`.
        prompts: All prompt pairs of the study, as `provenance["prompts"]` has them.
        block: Takes the arrays.
        code: Python that measures it again.
    """
    about = pattern.attrs
    node, chosen = str(about["node"]), list(about["prompts"])
    shown = [pair_of(dict(prompts[index])) for index in chosen]
    roles = [str(role) for role in pattern["source_role"].values]
    weights = pattern.to_numpy()
    count = weights.shape[-1]
    ends = [at for at, role in enumerate(roles) if role]
    destinations = list(range(count)) if count <= ALL else sorted({*ends, count - 1})
    return Attention(
        view="attention",
        node=node,
        title=f"What {node} attends to",
        caption=_caption(about, len(prompts)),
        prompt=chosen[0] if len(chosen) == 1 else None,
        base=about["base"],
        places=[_place(shown, at, roles[at]) for at in range(count)],
        runs=[_run(str(side), about) for side in pattern["run"].values],
        destinations=destinations,
        weights=block.add(np.ascontiguousarray(weights[:, destinations], dtype=np.float32)),
        destination=count - 1,
        note=about["note"],
        code=code,
    )


def _run(side: str, about: Mapping[str, Any]) -> AttendingRun:
    label = f"under {about['under']}" if side == "patched" else f"{side} run"
    return AttendingRun.model_validate({"name": side, "label": label})


def _caption(about: Mapping[str, Any], total: int) -> str:
    chosen = about["prompts"]
    pairs = (
        f"pair {chosen[0] + 1} of {total}" if len(chosen) == 1 else f"mean of {len(chosen)} pairs"
    )
    patched = f"patched: {about['under']}" if about["under"] and not about["note"] else ""
    form = f"form {about['form']}" if patched and about["form"] else ""
    side = f"into the {about['base']} run" if patched else ""
    return " · ".join(part for part in (pairs, patched, form, side) if part)


def _place(pairs: Sequence[Pair], at: int, role: str) -> Place:
    clean, corrupted = ({one[at] for one in side} for side in _sides(pairs))
    return Place(
        clean=clean.pop() if len(clean) == 1 else "",
        corrupted=corrupted.pop() if len(corrupted) == 1 else "",
        differs=any(pair.differs[at] for pair in pairs),
        role=role,
    )


def _sides(pairs: Sequence[Pair]) -> tuple[list[list[str]], list[list[str]]]:
    return [pair.clean for pair in pairs], [pair.corrupted for pair in pairs]
