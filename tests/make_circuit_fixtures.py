"""Synthetic circuits, for the payloads of `tests/make_view_fixtures.py` and for tests of words.

No number was measured on a model: every head adds a fixed share to what is kept.
"""

from typing import Any

import numpy as np

from patchwidgets.circuits.circuit import Circuit, curve_sizes
from patchwidgets.circuits.pinned import Drawn
from patchwidgets.circuits.random_circuits import draw
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.circuits.universe import universe_of
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import parse_node
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.views._circuit import circuit, pinned
from patchwidgets.views._still import Shown

PAIRS = 64
SPEC = ModelSpec(
    name="smollm2-135m",
    family="LlamaForCausalLM",
    n_layers=30,
    n_heads=9,
    n_kv_heads=3,
    d_model=576,
    d_head=64,
    d_mlp=1536,
    d_vocab=49152,
    n_ctx=8192,
    gated_mlp=True,
    parallel=False,
)
WEIGHTS = {
    "L23H3": 0.4,
    "L20H0": 0.25,
    "L17H4": 0.2,
    "L29H1": 0.1,
    "L19H2": 0.05,
    "L29H0": -0.15,
    "L24H4": -0.05,
}
NODES = ["L23H3", "L20H0", "L17H4", "L29H0"]
PATHS = (
    Drawn("L17H4 -> L20H0.k", 1.1, 0.2, "logit_diff", "pinned"),
    Drawn("L20H0 -> L23H1.v", 1.7, 0.3, "logit_diff", "pinned"),
    Drawn("L29H0 -> logits", -0.9, -0.16, "logit_diff", "direct"),
    Drawn("L17H4 -> L23H3.q"),
)
METRICS = (
    MetricInfo("logit_diff", "logit difference", "logit"),
    MetricInfo("prob", "probability", "probability"),
)
RUNS = ((2.8, -2.8), (0.41, 0.04))
"""Of every metric: in the model, and with every head overwritten."""


def measured(
    nodes: list[str] = NODES,
    weights: dict[str, float] = WEIGHTS,
    *,
    runs: tuple[tuple[float, float], ...] = RUNS,
    random: int = 20,
    done: int | None = None,
    spread: float = 0.1,
    pairs: int = PAIRS,
    about: dict[str, Any] | None = None,
) -> CircuitResult:
    """Return a synthetic circuit.

    Args:
        nodes: The circuit.
        weights: What each head adds to the share that is kept; the rest share what is missing to 1.
        runs: By metric: in the model, and with everything overwritten.
        random: Random circuits.
        done: How many runs are measured; all if `None`.
        spread: Of shares over prompt pairs.
        pairs: Prompt pairs.
        about: Changes to the provenance.
    """
    universe = universe_of(SPEC)
    mine = tuple(map(parse_node, nodes))
    ranked = sorted(universe, key=lambda node: -abs(weights.get(str(node), 0.0)))
    order = (*mine, *(node for node in ranked if node not in mine))
    made = Circuit(
        nodes=mine,
        universe=universe,
        mlps="live",
        random=draw(universe, mine, random, "any", 0),
        layers="any",
        seed=0,
        order=order,
        sizes=curve_sizes(len(mine), len(order), len(universe)),
    )
    plan, rng = made.plan, np.random.default_rng(0)
    rest = (1 - sum(weights.values())) / (len(universe) - len(weights))
    each = {node: weights.get(str(node), rest) for node in universe}
    kept = [1 - sum(each[node] for node in patch.nodes) for patch in plan.patches]
    shares = np.array(kept)[:, None] * (1 + spread * rng.standard_normal(pairs))
    values = np.stack([low + (high - low) * shares for high, low in runs])
    if done is not None:
        values[:, done:] = np.nan
    clean = np.array([np.full(pairs, high) for high, _ in runs])
    result = Result(
        plan,
        metrics=METRICS[: len(runs)],
        direction="noising",
        baseline=Baseline(clean=clean, corrupted=clean - 1),
        groups=["ABBA", "BABA"] * (pairs // 2),
        provenance={
            "model": SPEC.to_json(),
            "corruption": "token_replacement",
            "at": "S2",
            "code": "circuit = study.circuit(['L23H3', 'L20H0', 'L17H4', 'L29H0'], order=heads)",
            **(about or {}),
        },
        values=values,
    )
    effects = [Drawn(name, 5.6 * weights[name], weights[name], "logit_diff") for name in nodes]
    return CircuitResult(made, result, effects, PATHS if nodes == NODES else ())


def payloads() -> dict[str, tuple[Shown, bytes]]:
    """Return every fixture by file name."""
    pins = pinned(
        [Drawn("L9H6"), Drawn("L9.mlp_out"), Drawn("L5H1@S2")], [Drawn("embed -> L9H6.q")]
    )
    return {
        "synthetic_circuit": circuit(measured()),
        "synthetic_circuit_running": circuit(measured(done=9)),
        "synthetic_pins": (pins, b""),
    }
