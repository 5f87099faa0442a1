"""A study and a result that nothing is wrong with, to be changed by one thing at a time."""

from dataclasses import replace
from typing import Any

import numpy as np

from patchwidgets.advice._facts import PromptFacts, StudyFacts
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.types import Direction, Unit

PAIRS = 100
UNITS: dict[str, Unit] = {"kl_div": "nat", "logprob": "nat", "stolfo": "ratio"}
RUNS = {"logit_diff": (4.0, -3.0), "prob": (0.6, 0.1), "kl_div": (0.0, 3.0)}
"""Clean and corrupted value on every prompt."""
SPEC = {"family": "GPT2LMHeadModel", "n_layers": 10, "n_heads": 4, "n_kv_heads": 4}
PAIR = PromptFacts(
    clean=(1, 5, 6, 7, 5),
    corrupted=(1, 5, 6, 7, 6),
    answers=(" Mary",),
    wrong_answers=(" John",),
    group="",
    right=True,
)
GROUPS = ("ABBA", "BABA") * 50
NOISE = {"k": 3.0, "draws": 10, "seed": 0, "sigma": 0.02, "tokens": 50}


def info(name):
    return MetricInfo(name, name, UNITS.get(name, "probability" if name == "prob" else "logit"))


def baseline_of(runs, rows):
    """Return the baseline of some metrics, each a clean and a corrupted value, or one per row."""
    clean, corrupted = (
        np.array([np.broadcast_to(np.asarray(one[side], dtype=float), rows) for one in runs])
        for side in (0, 1)
    )
    return Baseline(clean, corrupted)


def facts(runs=None, **other):
    """Return good facts; `runs` is by metric the clean and the corrupted value, or one per pair."""
    runs = RUNS if runs is None else runs
    pairs = len(other.get("groups", GROUPS))
    good = StudyFacts(
        metrics=tuple(map(info, runs)),
        direction="denoising",
        baseline=baseline_of(list(runs.values()), pairs),
        groups=GROUPS,
        prompts=(PAIR,) * pairs,
        spec=SPEC,
        dtype="float32",
        prepend_bos=True,
        bos_by_default=True,
        task="ioi",
        corruption="token_replacement",
        at="S2",
        sites=("S2",),
        symmetric=True,
        replaceable=True,
    )
    return replace(good, **other)


def some(number, **changes):
    """Return good pairs of which the first few are changed."""
    return (replace(PAIR, **changes),) * number + (PAIR,) * (PAIRS - number)


HEADS = tuple(Patch((Node("z", layer, head),)) for layer in range(10) for head in range(4))
SHARES = np.linspace(-0.02, 0.02, 40)
SHARES[[20, 30, 35]] = 0.5, 0.45, -0.4
"""Normalized effects: L5H0 and L7H2 are positive, L8H3 negative."""


def shares(**changes):
    """Return the normalized effects of the heads, some of them changed: `L0H1=-0.4`."""
    changed = SHARES.copy()
    for name, share in changes.items():
        layer, head = name.removeprefix("L").split("H")
        changed[4 * int(layer) + int(head)] = share
    return changed


def heads_plan(patches=HEADS):
    return Plan("heads", patches, (PlanMap("heads", (_axis(len(patches)),), _all(patches)),))


def sets_plan(sets, name):
    """Return a plan of sets of nodes on a map of that name, and of their nodes alone."""
    together = [Patch(tuple(nodes)) for nodes in sets]
    alone = list(dict.fromkeys(Patch((node,)) for nodes in sets for node in nodes))
    patches = (*together, *alone)
    maps = (
        PlanMap(name, (_axis(len(together)),), tuple(range(len(together)))),
        PlanMap("alone", (_axis(len(alone)),), tuple(range(len(together), len(patches)))),
    )
    return Plan("mlp", patches, maps)


def _axis(n):
    return Axis("node", tuple(range(n)))


def _all(patches):
    return tuple(range(len(patches)))


GOOD = {
    "model": SPEC,
    "fingerprint": "f",
    "dtype": "float32",
    "prepend_bos": True,
    "source": "other",
    "versions": {},
    "code": "",
    "noise_floor": {"logit_diff": 1e-5},
}


def described(pairs):
    """Return pairs as a provenance has them."""
    return [
        {
            "clean": [str(token) for token in one.clean],
            "corrupted": [str(token) for token in one.corrupted],
            "roles": {},
            "clean_ids": list(one.clean),
            "corrupted_ids": list(one.corrupted),
            "answers": list(one.answers),
            "wrong_answers": list(one.wrong_answers),
            "group": one.group,
            "right": one.right,
        }
        for one in pairs
    ]


def result(
    effects: Any = SHARES,
    *,
    plan=None,
    metrics=("logit_diff",),
    runs=None,
    direction: Direction = "denoising",
    groups=GROUPS,
    about=None,
    draws=1,
    **other,
):
    """Return a result whose normalized effects are these.

    Args:
        effects: By cell, or cell and row; or a list of them, one per metric.
    """
    plan = heads_plan() if plan is None else plan
    rows = len(groups) * draws
    baseline = baseline_of([(RUNS | (runs or {}))[name] for name in metrics], rows)
    base, source = baseline.base(direction), baseline.source(direction)
    given = effects if isinstance(effects, list) else [effects] * len(metrics)
    by_row = [one if np.ndim(one) == 2 else np.repeat(one[:, None], rows, 1) for one in given]
    gaps = (source - base)[:, None, :]
    return Result(
        plan,
        metrics=[info(name) for name in metrics],
        direction=direction,
        baseline=baseline,
        groups=list(groups),
        provenance=GOOD | {"prompts": described([PAIR] * len(groups))} | (about or {}),
        values=base[:, None, :] + np.array(by_row) * gaps,
        draws=draws,
        **other,
    )


def by_group(node, abba, baba):
    """Return effects of which one node's differ between the groups."""
    effects = np.repeat(SHARES[:, None], PAIRS, 1)
    effects[node] = np.where(np.array(GROUPS) == "ABBA", abba, baba)
    return effects


def on_some(against):
    """Return effects of which the strongest has the other sign on so many prompts."""
    effects = np.repeat(SHARES[:, None], PAIRS, 1)
    effects[20] = 1.0
    effects[20, :against] = -0.1
    return effects


def uneven(size, seed=0):
    """Return effects that vary over prompts as much as `size`, with the same means."""
    drawn = np.random.default_rng(seed).normal(scale=size, size=(40, PAIRS))
    return SHARES[:, None] + drawn - drawn.mean(axis=1, keepdims=True)


def mixed(places, groups=("",) * PAIRS):
    """Return a result of means, whose prompts of 5 tokens differ at so many places."""
    other = replace(PAIR, clean=(*range(90, 90 + places), *PAIR.clean[places:]))
    about = {"source": "mean over 200 prompts 0123456789ab"}
    return result(groups=groups, about=about | {"prompts": described([PAIR, other] * (PAIRS // 2))})
