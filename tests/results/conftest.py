"""Small results whose numbers can be worked out by hand."""

import re

import numpy as np
import pytest


@pytest.fixture
def sentence():
    """Turn a whole message into the pattern that matches it and nothing else."""
    return lambda text: f"^{re.escape(text)}$"


@pytest.fixture
def heads_plan():
    """2 x 2 heads; L1H1 cannot reach the receiver."""
    from patchwidgets.nodes import Node
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap

    axes = (Axis("layer", (0, 1)), Axis("head", (0, 1)))
    patches = tuple(Patch((Node("z", layer, head),)) for layer, head in [(0, 0), (0, 1), (1, 0)])
    return Plan("heads", patches, (PlanMap("heads", axes, (0, 1, 2, None)),))


@pytest.fixture
def metrics():
    from patchwidgets.results import MetricInfo

    return [
        MetricInfo("logit_diff", "logit difference", "logit"),
        MetricInfo("prob", "probability", "probability"),
    ]


@pytest.fixture
def baseline():
    """Logit difference: gaps 6, 4, 2. Probability: gaps 0.5, 0.4, 0.3."""
    from patchwidgets.results import Baseline

    return Baseline(
        clean=np.array([[4.0, 2.0, 0.0], [0.6, 0.5, 0.4]]),
        corrupted=np.array([[-2.0, -2.0, -2.0], [0.1, 0.1, 0.1]]),
    )


@pytest.fixture
def make_result(heads_plan, metrics, baseline):
    """Build an empty result; keyword arguments replace the usual ones."""
    from patchwidgets.results import Result

    def build(**other):
        usual = {
            "plan": heads_plan,
            "metrics": metrics,
            "direction": "denoising",
            "baseline": baseline,
            "groups": ["ABBA", "ABBA", "BABA"],
            "provenance": {"model": {"name": "mini", "n_heads": 2, "n_kv_heads": 2}, "seed": 0},
        }
        return Result(**(usual | other))

    return build


@pytest.fixture
def small(make_result, baseline):
    """L0H0 measured, L0H1 zero by identity, L1H0 not measured, L1H1 cannot reach."""
    result = make_result()
    result.record(0, np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.1]]))
    result.record(1, baseline.corrupted, identity=True)
    return result


@pytest.fixture
def line_result(metrics):
    """Build a result with one map over layers whose mean effects are the given numbers."""
    from patchwidgets.nodes import Node
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap
    from patchwidgets.results import Baseline, Result
    from patchwidgets.types import Direction

    def build(effects, *, clean=1.0, corrupted=0.0, direction: Direction = "denoising", unit_of=0):
        n = len(effects)
        patches = tuple(Patch((Node("mlp_out", layer),)) for layer in range(n))
        plan_map = PlanMap("mlp", (Axis("layer", tuple(range(n))),), tuple(range(n)))
        runs = Baseline(np.full((1, 2), clean), np.full((1, 2), corrupted))
        base = runs.base(direction)[0, 0]
        return Result(
            Plan("mlp", patches, (plan_map,)),
            metrics=[metrics[unit_of]],
            direction=direction,
            baseline=runs,
            groups=["", ""],
            provenance={},
            values=base + np.tile(np.asarray(effects)[None, :, None], (1, 1, 2)),
        )

    return build


@pytest.fixture
def path_plan():
    """Paths into L1H0.v of a model with 3 layers and 2 heads: only layer 0 and embed reach it."""
    from patchwidgets.nodes import Node, Path
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap

    receivers = (Node("v", 1, 0),)
    senders = [Node("z", 0, 0), Node("z", 0, 1), Node("mlp_out", 0), Node("embed")]
    layers, heads = Axis("layer", (0, 1, 2)), Axis("head", (0, 1))
    return Plan(
        "path",
        tuple(Patch(path=Path(sender, receivers)) for sender in senders),
        (
            PlanMap("heads", (layers, heads), (0, 1, None, None, None, None)),
            PlanMap("mlp", (layers,), (2, None, None)),
            PlanMap("embed", (), (3,)),
        ),
        form="pinned",
    )
