"""Writes the payloads that pytest and vitest both read: `python -m tests.make_view_fixtures`.

All numbers are synthetic: seeded noise with a few planted cells. None was measured on a model.
"""

import base64
import json
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from patchwidgets.views._still import Shown
from patchwidgets.views._wire import ArrayBlock, bundle
from patchwidgets.views.advice import Advice
from patchwidgets.views.explorer import Explorer, Fact
from patchwidgets.views.heatmap import Axis, Estimates, Heatmap, MetricColumn, Progress
from patchwidgets.views.token_strip import Pair, TokenStrip
from tests import (
    make_array_fixtures,
    make_circuit_fixtures,
    make_comparison_fixtures,
    make_detail_fixtures,
    make_question_fixtures,
)

FOLDER = Path(__file__).parent / "fixtures" / "views"
KINDS = {get_args(kind.model_fields["view"].annotation)[0]: kind for kind in get_args(Shown)}
LAYERS, HEADS, POSITIONS = 30, 9, 15
UNMEASURED, MEASURED, IDENTITY, UNREACHABLE, ABSENT = range(5)

LOGIT_DIFF = MetricColumn(
    name="logit_diff",
    label="logit difference",
    unit="logit",
    base=-2.81,
    source=2.83,
    normalized=True,
    note="",
)
PROBABILITY = MetricColumn(
    name="prob",
    label="probability",
    unit="probability",
    base=0.04,
    source=0.41,
    normalized=True,
    note="",
)
PLANTED = {
    (20, 0): 0.52,
    (17, 4): 0.49,
    (23, 3): 0.46,
    (29, 1): 0.33,
    (19, 2): 0.28,
    (23, 0): 0.16,
    (14, 3): 0.1,
    (29, 0): -0.31,
    (24, 4): -0.24,
    (24, 7): -0.13,
    (18, 1): -0.09,
}
SAID: list[tuple[str, Literal["error", "warning", "note"], str, str]] = [
    ("task_not_done", "error", "The model prefers the right answer on 40 % of the prompts.", ""),
    (
        "probability_near_floor",
        "warning",
        "The corrupted run gives the answer a probability of 0.04, so that no effect can be below "
        "-0.04, and `L29H0` and `L24H4`, which are negative, cannot show.",
        "",
    ),
    ("metrics_disagree", "warning", "`logit_diff` and `prob` agree on 67 % of nodes.", "heads"),
    ("few_prompts", "note", "There are 64 prompt pairs, fewer than 100.", ""),
    ("borderline_nodes", "note", "2 nodes are within 0.1 SD of the bar of 2 SD.", "heads"),
    ("path_form", "note", "201 paths of form `direct`.", "L20H0.v"),
]
LAYER_AXIS = [f"L{layer}" for layer in range(LAYERS)]
HEAD_AXIS = Axis(
    name="head",
    labels=[str(head) for head in range(HEADS)],
    parts=[f"H{head}" for head in range(HEADS)],
)


def heatmap(
    block: ArrayBlock,
    values: np.ndarray,
    status: np.ndarray,
    *,
    progress: Progress | None = None,
    names: dict[int, str] | None = None,
    **parts: Any,
) -> Heatmap:
    """Return a map whose other arrays follow from its synthetic values."""
    gaps = np.array([5.64, 0.37])[:, None, None]
    bases = np.array([-2.81, 0.04])[:, None, None]
    known = np.isin(status, (MEASURED, IDENTITY))
    both = np.stack([values, np.maximum(values, -0.08) * 0.8])
    both = np.where(known, both, np.nan).astype(np.float32)
    spread = 0.03 + 0.1 * np.abs(both)
    count = int(known.sum())
    return Heatmap(
        metrics=[LOGIT_DIFF, PROBABILITY],
        value=block.add(both),
        effect=block.add(both * gaps),
        low=block.add(both - spread),
        high=block.add(both + spread),
        patched=block.add(bases + both * gaps),
        status=block.add(status.astype(np.uint8)),
        names=names or {},
        progress=progress
        or Progress(
            state="done", done=count, total=count, share=1.0, seconds_left=None, message=""
        ),
        **parts,
    )


def noise(rng: np.random.Generator, shape: tuple[int, int], size: float = 0.012) -> np.ndarray:
    """Return heavy-tailed noise, as the cells that do nothing show it."""
    return size * rng.standard_t(3, shape).clip(-4, 4)


def head_map(block: ArrayBlock, rng: np.random.Generator, measured: int | None = None) -> Heatmap:
    """Return a synthetic layer x head map; only the first `measured` cells where given."""
    values = noise(rng, (LAYERS, HEADS))
    for place, value in PLANTED.items():
        values[place] = value
    status = np.full((LAYERS, HEADS), MEASURED)
    status[0, :3] = IDENTITY
    progress = None
    if measured is not None:
        status.ravel()[measured:] = UNMEASURED
        progress = Progress(
            state="running",
            done=measured,
            total=LAYERS * HEADS,
            share=measured / LAYERS / HEADS,
            seconds_left=4.2,
            message="",
        )
    return heatmap(
        block,
        values,
        status,
        progress=progress,
        key="heads",
        title="Which heads restore the answer?",
        caption="denoising · replace S2 · 64 pairs · seed 0",
        rows=Axis(name="layer", labels=LAYER_AXIS, parts=LAYER_AXIS),
        columns=HEAD_AXIS,
    )


def estimated_map(block: ArrayBlock, rng: np.random.Generator) -> Heatmap:
    """Return a synthetic layer x head map: all but four heads estimated, seven measured."""
    values = noise(rng, (LAYERS, HEADS))
    for place, value in PLANTED.items():
        values[place] = value
    values[(5, 2)], values[(6, 2)] = 0.005, -0.004
    guessed = 0.8 * values + noise(rng, values.shape, 0.008)
    guessed[LAYERS - 1, 5:] = np.nan
    top = np.argsort(-np.nan_to_num(np.abs(guessed)), axis=None)[:5]
    status = np.full((LAYERS, HEADS), UNMEASURED)
    status.ravel()[top] = MEASURED
    status[(5, 2)] = status[(6, 2)] = MEASURED
    status[0, :3] = IDENTITY
    map = heatmap(
        block,
        values,
        status,
        progress=Progress(
            state="running", done=10, total=33, share=0.3, seconds_left=2.0, message=""
        ),
        estimate=Estimates(
            method="attribution patching",
            signed=True,
            value=block.add(np.stack([guessed, np.full_like(guessed, np.nan)])),
            agreement=[
                "7 of 270 cells measured, 3 zero by identity, 256 estimated, 4 neither; rank "
                "correlation with exact 0.95 over the measured ones; worst miss L20H0 (estimated "
                "+2.36, measured +2.93 logits)",
                "7 of 270 cells measured, 3 zero by identity, the rest neither measured nor "
                "estimated",
            ],
        ),
        key="heads",
        title="Which heads restore the answer?",
        caption="denoising · replace S2 · 64 pairs · seed 0",
        rows=Axis(name="layer", labels=LAYER_AXIS, parts=LAYER_AXIS),
        columns=HEAD_AXIS,
    )
    floors = [column.model_copy(update={"noise_floor": 0.04}) for column in map.metrics[:1]]
    return map.model_copy(update={"metrics": [*floors, *map.metrics[1:]]})


def path_map(block: ArrayBlock, rng: np.random.Generator, receiver: str, planted: dict) -> Heatmap:
    """Return a synthetic map of the senders into a receiver, embedding and MLPs included."""
    layer = int(receiver[1:].split("H")[0])
    values = noise(rng, (LAYERS + 1, HEADS + 1), 0.01)
    status = np.full(values.shape, MEASURED)
    status[layer + 1 :] = UNREACHABLE
    status[0, 1:] = ABSENT
    for (row, column), value in planted.items():
        values[row + 1, column] = value
    return heatmap(
        block,
        values,
        status,
        key=receiver,
        title=f"What feeds {receiver}?",
        caption="direct paths · denoising · replace S2 · 64 pairs · seed 0",
        rows=Axis(name="layer", labels=["embed", *LAYER_AXIS], parts=["", *LAYER_AXIS]),
        columns=Axis(
            name="sender",
            labels=[*HEAD_AXIS.labels, "mlp"],
            parts=[*HEAD_AXIS.parts, ".mlp_out"],
        ),
        names={0: "embed"},
    )


def position_map(block: ArrayBlock, rng: np.random.Generator) -> Heatmap:
    """Return a synthetic layer x position map, zero by identity before the first difference."""
    values = noise(rng, (LAYERS, POSITIONS))
    values[:18, 10] = np.linspace(0.97, 0.7, 18)
    values[16:, 14] = np.linspace(0.1, 0.99, 14)
    status = np.full(values.shape, MEASURED)
    status[:, :10] = IDENTITY
    tokens = strip().pairs[0].clean
    return heatmap(
        block,
        values,
        status,
        key="residual",
        title="Where is the information?",
        caption="denoising · replace S2 · 64 pairs · seed 0",
        rows=Axis(
            name="layer",
            labels=LAYER_AXIS,
            parts=[f"{label}.resid_pre" for label in LAYER_AXIS],
        ),
        columns=Axis(
            name="position",
            labels=tokens,
            parts=[f"@{position}" for position in range(POSITIONS)],
        ),
    )


def strip() -> TokenStrip:
    """Return three prompt pairs of the indirect-object task."""
    pairs = []
    for right, (io, subject, place, thing) in enumerate(
        [
            ("Mary", "John", "shops", "bag"),
            ("Anna", "Peter", "park", "ball"),
            ("Tom", "Lucy", "station", "ring"),
        ]
    ):
        words = ["When", io, "and", subject, "went", "to", "the", place]
        tail = ["gave", "the", thing, "to"]
        clean = ["When"] + [f" {word}" for word in words[1:]] + [","]
        clean += [f" {word}" for word in ["then", subject, *tail]]
        corrupted = [*clean]
        corrupted[10] = f" {io}"
        pairs.append(
            Pair(
                clean=clean,
                corrupted=corrupted,
                differs=[a != b for a, b in zip(clean, corrupted, strict=True)],
                roles={1: "IO", 3: "S1", 10: "S2", 14: "END"},
                answers=[f" {io}"],
                wrong_answers=[f" {subject}"],
                group="ABBA",
                right=right < 2,
            )
        )
    return TokenStrip(pairs=pairs)


def advice() -> list[Advice]:
    """Return synthetic advice: one error, two warnings and three notes, two of them on one map."""
    return [
        Advice(
            name=name,
            severity=severity,
            sentence=sentence,
            reason="What one metric finds and another does not is a finding on the metric.",
            source="Zhang & Nanda 2024, arXiv 2309.16042, section 4.2",
            todo="Read negative effects off `logit_diff`: `pw.Study(..., metric='logit_diff')`.",
            map=map,
        )
        for name, severity, sentence, map in SAID
    ]


def explorer(maps: list[Heatmap], **changes: Any) -> Explorer:
    """Return an explorer of synthetic maps."""
    return Explorer(
        **{
            "title": "Indirect object (synthetic numbers)",
            "facts": [
                Fact(label="model", value="smollm2-135m"),
                Fact(label="pairs", value="64"),
                Fact(label="corruption", value="replace S2"),
                Fact(label="direction", value="denoising"),
            ],
            "direction": "denoising",
            "strip": strip(),
            "maps": maps,
            "heads_per_kv_head": 3,
            "drills": True,
            "advice": advice(),
            "code": 'study = pw.Study(model, "ioi", n=64, seed=0)\nheads = study.sweep("heads")',
            **changes,
        }
    )


def payloads() -> dict[str, tuple[Shown, bytes]]:
    """Return every fixture by file name."""
    from tests import make_exploring_fixtures  # it is made of what is made here

    made: dict[str, tuple[Shown, bytes]] = dict(make_comparison_fixtures.payloads())
    made |= make_exploring_fixtures.payloads()
    made |= make_detail_fixtures.payloads(strip())
    made |= make_circuit_fixtures.payloads()
    made |= make_array_fixtures.payloads()
    made |= make_question_fixtures.payloads()
    block = ArrayBlock()
    rng = np.random.default_rng(0)
    maps = [
        head_map(block, rng),
        path_map(block, rng, "L20H0.v", {(17, 4): 0.27, (14, 3): 0.08, (8, 9): -0.06}),
        path_map(block, rng, "L17H4.q", {(14, 3): 0.14, (11, 9): 0.09, (9, 5): -0.11}),
    ]
    made["synthetic_explorer"] = (explorer(maps), block.to_bytes())
    block = ArrayBlock()
    running = head_map(block, np.random.default_rng(0), measured=113)
    made["synthetic_running"] = (explorer([running], advice=[]), block.to_bytes())
    block = ArrayBlock()
    estimated = estimated_map(block, np.random.default_rng(3))
    made["synthetic_estimated"] = (explorer([estimated], advice=[]), block.to_bytes())
    block = ArrayBlock()
    positions = position_map(block, np.random.default_rng(1))
    made["synthetic_positions"] = (
        explorer([positions], drills=False, advice=[], heads_per_kv_head=1),
        block.to_bytes(),
    )
    return made


def large_map(measured: int = 100_000) -> tuple[Explorer, bytes]:
    """Return a synthetic map of 100,000 cells, too large to be a file; the rest is estimated."""
    block = ArrayBlock()
    labels = [str(index) for index in range(1000)]
    values = noise(np.random.default_rng(2), (100, 1000))
    status = np.full(values.shape, MEASURED)
    status.ravel()[measured:] = UNMEASURED
    estimate = Estimates(
        method="attribution patching",
        signed=True,
        value=block.add(np.stack([values, values])),
        agreement=[f"{measured:,} of 100,000 cells measured, the rest estimated"] * 2,
    )
    large = heatmap(
        block,
        values,
        status,
        estimate=estimate if measured < values.size else None,
        key="large",
        title="A large map",
        caption="",
        rows=Axis(name="layer", labels=labels[:100], parts=[f"L{label}" for label in labels[:100]]),
        columns=Axis(name="position", labels=labels, parts=[f".z@{label}" for label in labels]),
    )
    return explorer([large], drills=False, advice=[]), block.to_bytes()


def main() -> None:
    """Write the fixtures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (header, block) in payloads().items():
        text = json.dumps(bundle(header, block), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


def read(name: str) -> tuple[Any, bytes]:
    """Return a fixture as Python made it: an `Explorer`, a `Comparison` ..., and its arrays."""
    stored = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    kind = KINDS.get(stored["header"].get("view"), Explorer)
    return kind.model_validate(stored["header"]), base64.b64decode(stored["block"])


if __name__ == "__main__":
    main()
