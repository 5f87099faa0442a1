"""Rows of sweeps that TransformerLens has none of: against whole forward passes, cell by cell.

Those are our reference executor's: TransformerLens' own `run_with_hooks`, without a shared layer.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from patchwidgets.engine.group_work import GroupWork
from patchwidgets.engine.kept_sites import sites_of
from patchwidgets.plans.plan import PATHS_FROM, Plan
from patchwidgets.results.result import Result
from patchwidgets.study import Study
from tests.bench.plain import Timed

NEGATIVE = ["L29H0", "L24H4", "L24H5"]
POSITIVE = ["L23H3", "L20H0", "L29H1", "L17H4"]
INTO = {"receivers": ["L20H0.v"]}

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "neurons, blocks of 64": ("neurons", {}),
    "heads together": ("joint", {"sets": {"with": POSITIVE, "against": NEGATIVE}}),
    "paths from L17H4": (PATHS_FROM, {"sender": "L17H4"}),
    "chains by L19.mlp_in": ("path", INTO | {"through": ["L19.mlp_in"]}),
    "paths, pinned_all": ("path", INTO | {"form": "pinned_all"}),
    "paths, direct": ("path", INTO | {"form": "direct"}),
}
"""What is planned for each row, and with which options."""


def started(study: Study, kind: str) -> Result:
    """Start measuring a row."""
    name, options = KINDS[kind]
    if name == "path":
        return study.path(**options)
    return study.paths_from(**options) if name == PATHS_FROM else study.sweep(name, **options)


def passes(study: Study, plan: Plan, cells: Sequence[int]) -> Timed:
    """Measure some patches of a plan by whole forward passes, on prompts of one length."""
    session = study._session
    (runs,) = session.runs_with(sites_of(plan))
    work = GroupWork(session.model, plan, runs, fast=False)
    began = time.perf_counter()
    with session.model.measuring():
        some = [work.reference(work.cells[cell], slice(None), lambda: None)[0] for cell in cells]
    return Timed(np.stack(some), (time.perf_counter() - began) / len(cells))
