"""The fast engine against the reference executor, family by family.

`python -m tests.parity` prints, for every family, site and path receiver, the largest difference
over all cells, both directions and all positions; `python -m tests.parity gpt2 bloom` those of two
families. A refusal is printed with its reason; a `!` marks a difference that is more than
rounding, and a site or receiver at which no patch changes anything.
"""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from tests.families import EVERY_FAMILY, PAIRS, study_of, tiny

TOLERANCE = 1e-4
"""Largest difference, in logits, that counts as rounding."""

SWEEP_OF = {
    **dict.fromkeys(("resid_pre", "resid_mid", "resid_post"), "residual"),
    "attn_out": "attn",
    "mlp_out": "mlp",
    **dict.fromkeys(("z", "q", "k", "v"), "heads"),
    "pattern": "pattern",
    "mlp_post": "neurons",
}
"""Every site, and the sweep that patches it."""

RECEIVERS = {
    **{site: f"L2H1.{site}" for site in "qkv"},
    "mlp_in": "L2.mlp_in",
    "resid_post": "L1.resid_post",
    "logits": "logits",
}
"""Ends of the paths that are measured; every tiny model has these heads."""

FORMS = ("pinned", "direct", "pinned_all")
DIRECTIONS = ("denoising", "noising")
FIRST_DIFFERENCE = 10
"""First position, BOS counted, at which the pairs' tokens differ."""


@cache
def study(family: str, direction: str, executor: str) -> Any:
    """Return a study of the tiny model; `reference` measures one cell, one forward pass."""
    return study_of(tiny(family), PAIRS, direction=direction, executor=executor, store=False)


def site_plans(family: str, site: str) -> Iterator[Any]:
    """Yield the plans that patch a site at all positions together, and at each."""
    from patchwidgets.plans.sweeps import SWEEPS

    one = study(family, "denoising", "auto")
    for positions in (None, "each"):
        sweep, asked = SWEEPS.get(SWEEP_OF[site]), asked_of(site)
        yield sweep(one._session.model.spec, one.shape, positions=positions, **asked)


def asked_of(site: str) -> dict[str, Any]:
    """Return what else the sweep of a site is asked; neurons 24 at a time."""
    own = {"pattern": {}, "mlp_post": {"block": 24}}
    return own.get(site, {"site": site})


def path_plans(family: str, receiver: str, form: str = "pinned") -> Iterator[Any]:
    """Yield the plan of the paths into one receiver."""
    from patchwidgets.plans.paths import path_plan

    one = study(family, "denoising", "auto")
    yield path_plan(one._session.model.spec, [RECEIVERS[receiver]], form, one.shape)


def sample(plan: Any, size: int) -> Any:
    """Return a plan of `size` patches of another, at positions where the runs differ."""
    return plan_of([patch for patch in plan.patches if _is_live(patch)], plan.form, size)


def plan_of(patches: Sequence[Any], form: str | None = None, size: int | None = None) -> Any:
    """Return a plan of some patches, or of `size` of them chosen by a fixed seed."""
    from patchwidgets.plans.plan import Axis, Plan, PlanMap

    if size is not None and size < len(patches):
        patches = random.Random(0).sample(patches, size)
    axis = Axis("patch", tuple(map(str, patches)))
    whole = PlanMap("sample", (axis,), tuple(range(len(patches))))
    return Plan("sample", tuple(patches), (whole,), form)  # pyright: ignore[reportArgumentType]


def _is_live(patch: Any) -> bool:
    return all(
        node.position is None or node.position >= FIRST_DIFFERENCE
        for node in patch.nodes
        if not isinstance(node.position, str)
    )


def compare(fast: Any, slow: Any, plan: Any) -> tuple[float, np.ndarray]:
    """Return the largest difference between two studies' values, and each patch's largest effect.

    The plan has every patch in one map, as `plan_of` makes it: nothing in it is without a number.

    Raises:
        AssertionError: The fast study fell back to the reference executor.
    """
    result, again = (one.sweep(lambda _spec, _shape: plan).wait() for one in (fast, slow))
    assert result.provenance["executor"] == "wavefront", result.provenance["executor"]
    assert again.provenance["executor"] == "reference: it was asked for"
    values, wanted = result.snapshot().values, again.snapshot().values
    assert np.isfinite(values).all()
    assert np.isfinite(wanted).all()
    effects = np.abs(again.effect().to_numpy()).max(axis=1)
    return float(np.abs(values - wanted).max()), effects


def measure(family: str, column: str, size: int | None = None) -> tuple[float, float]:
    """Return the largest difference and effect of one entry of the table, over both directions.

    Args:
        family: A family.
        column: A site, or the form of a path and a receiver.
        size: Patches of each plan; all if `None`.

    Raises:
        PlanError: The family has no such site.
        AssertionError: It fell back to the reference executor.
    """
    form, _, receiver = column.partition(" ")
    plans = path_plans(family, receiver, form) if receiver else site_plans(family, column)
    pairs = [
        compare(
            study(family, direction, "auto"),
            study(family, direction, "reference"),
            plan_of(plan.patches, plan.form) if size is None else sample(plan, size),
        )
        for plan in plans
        for direction in DIRECTIONS
    ]
    differences, effects = zip(*pairs, strict=True)
    return max(differences), float(max(map(np.max, effects)))


BLOCKS = {
    "sites": list(SWEEP_OF),
    **{f"paths, {form}": [f"{form} {receiver}" for receiver in RECEIVERS] for form in FORMS},
}
"""Columns that are printed beside each other."""


def table(
    families: Sequence[str],
    blocks: Mapping[str, Sequence[str]] = BLOCKS,
    size: int | None = None,
) -> Iterator[str]:
    """Yield the lines of the table, and the reasons for what is refused below it."""
    reasons: dict[str, int] = {}
    for block, columns in blocks.items():
        heads = [column.rpartition(" ")[2] for column in columns]
        yield _line(block, [*heads, "effect"])
        for family in families:
            yield _line(family, _entries(family, columns, size, reasons))
        yield ""
    yield from (f"({number}) {reason}" for reason, number in reasons.items())


def _entries(
    family: str, columns: Sequence[str], size: int | None, reasons: dict[str, int]
) -> list[str]:
    """Return what is printed of a family, and add the reasons for what is refused."""
    from patchwidgets.errors import PatchwidgetsError

    entries, effects = [], [0.0]
    for column in columns:
        try:
            difference, effect = measure(family, column, size)
        except PatchwidgetsError as problem:
            entries.append(f"({reasons.setdefault(str(problem), len(reasons) + 1)})")
        else:
            mark = "" if difference <= TOLERANCE < effect else "!"
            entries.append(f"{mark}{difference:.0e}")
            effects.append(effect)
    return [*entries, f"{max(effects):.2f}"]


def _line(name: str, entries: Sequence[str]) -> str:
    return f"{name:<17}" + "".join(f"{entry:>11}" for entry in entries)


if __name__ == "__main__":
    for line in table(sys.argv[1:] or EVERY_FAMILY):
        print(line, flush=True)
