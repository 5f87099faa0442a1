"""Attention patterns, per-prompt effects and pairs among the fixtures of `make_view_fixtures`."""

from typing import Any

import numpy as np

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.views._prompt_effects import prompt_effects
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.attention import AttendingRun, Attention, Place
from patchwidgets.views.prompts import Prompts
from patchwidgets.views.token_strip import TokenStrip

PAIRS = 64
GROUPS = ("ABBA", "BABA")
TEXT = "When Mary and John went to the shops , then John gave the bag to"
WORDS = TEXT.split()
ROLES = {1: "IO", 3: "S1", 10: "S2", 14: "END"}
ENDS = {
    "clean": {0: 0.36, 10: 0.41, 3: 0.06},
    "corrupted": {0: 0.22, 10: 0.58, 3: 0.04},
    "patched": {0: 0.3, 10: 0.5, 1: 0.05},
}
"""What END attends to in every run; the rest is spread."""


def attention() -> tuple[Attention, bytes]:
    """Return a synthetic pattern of L20H0 on three runs."""
    rng, size = np.random.default_rng(5), len(WORDS)
    block, weights = ArrayBlock(), np.zeros((len(ENDS), size, size))
    for run, planted in enumerate(ENDS.values()):
        for at in range(size):
            row = rng.dirichlet(np.full(at + 1, 0.4)) * 0.5
            row[0] += 0.5
            weights[run, at, : at + 1] = row
        rest = rng.dirichlet(np.full(size, 0.5)) * (1 - sum(planted.values()))
        weights[run, -1] = rest
        for at, share in planted.items():
            weights[run, -1, at] += share
    words = [WORDS[0], *(f" {word}" for word in WORDS[1:])]
    header = Attention(
        view="attention",
        node="L20H0",
        title="What L20H0 attends to",
        caption="pair 1 of 64 · patched: L17H4 -> L20H0.k, form pinned · denoising",
        prompt=0,
        base="corrupted",
        places=[
            Place(
                clean=word,
                corrupted=" Mary" if at == 10 else word,
                differs=at == 10,
                role=ROLES.get(at, ""),
            )
            for at, word in enumerate(words)
        ],
        runs=[
            AttendingRun(name="clean", label="clean run"),
            AttendingRun(name="corrupted", label="corrupted run"),
            AttendingRun(name="patched", label="L17H4 -> L20H0.k"),
        ],
        destinations=list(range(size)),
        weights=block.add(weights),
        destination=size - 1,
        note="",
        code='pattern = study.patterns("L20H0", prompt=0, under="L17H4 -> L20H0.k")',
    )
    return header, block.to_bytes()


def effects_of(n: int, seed: int = 4, **changes: Any) -> Result:
    """Return a result of one head on `n` synthetic pairs, by two metrics."""
    rng = np.random.default_rng(seed)
    base = np.stack([rng.normal(-2.8, 0.6, n), rng.uniform(0.01, 0.08, n)])
    source = np.stack([rng.normal(2.8, 0.5, n), rng.uniform(0.3, 0.5, n)])
    share = rng.normal(0.45, 0.32, n)
    values = base + share * (source - base)
    plan = Plan(
        "heads",
        (Patch((Node("z", 20, 0),)),),
        (PlanMap("heads", (Axis("layer", (20,)), Axis("head", (0,))), (0,)),),
    )
    return Result(
        plan,
        metrics=(
            MetricInfo("logit_diff", "logit difference", "logit"),
            MetricInfo("prob", "probability", "probability"),
        ),
        direction="denoising",
        baseline=Baseline(clean=source, corrupted=base),
        groups=[GROUPS[pair % 2] for pair in range(n)],
        provenance={
            "behaviour": "Indirect object (synthetic numbers)",
            "corruption": "token_replacement",
            "at": "S2",
            "prompts": [_described(pair) for pair in range(n)],
            "code": 'study = pw.Study(model, "ioi")\nresult = study.sweep("heads")',
            **changes,
        },
        values=values[:, None],
    )


def payloads(strip: TokenStrip) -> dict[str, Any]:
    """Return the fixtures by file name."""
    block = ArrayBlock()
    effects = prompt_effects(effects_of(PAIRS), "L20H0", block)
    prompts = Prompts(
        view="prompts",
        title="Indirect object (synthetic numbers)",
        caption="3 pairs",
        strip=strip,
        code="study.prompts.widget()",
    )
    return {
        "synthetic_attention": attention(),
        "synthetic_effects": (effects, block.to_bytes()),
        "synthetic_prompts": (prompts, b""),
    }


def _described(pair: int) -> dict[str, Any]:
    clean = [WORDS[0], *(f" {word}" for word in WORDS[1:])]
    corrupted = [*clean[:10], " Mary", *clean[11:]]
    return {
        "clean": clean,
        "corrupted": corrupted,
        "clean_ids": list(range(len(clean))),
        "corrupted_ids": [99 if at == 10 else at for at in range(len(clean))],
        "roles": {role: at for at, role in ROLES.items()},
        "answers": [" Mary"],
        "wrong_answers": [" John"],
        "group": GROUPS[pair % 2],
        "right": True,
    }
