"""Comparisons of results whose numbers can be worked out by hand."""

import re

import numpy as np
import pytest

NODES = 20
CLEAN = np.array([[1.0, 1.0], [0.5, 0.5]])
CORRUPTED = np.array([[-1.0, -1.0], [0.0, 0.0]])
GAPS = np.array([2.0, 0.5])


@pytest.fixture
def sentence():
    """Turn a whole message into the pattern that matches it and nothing else."""
    return lambda text: f"^{re.escape(text)}$"


@pytest.fixture
def make_result():
    """Build a result of 20 heads from normalized effects: metric, node, and prompt where given."""
    from patchwidgets.nodes import Node
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap
    from patchwidgets.results import Baseline, MetricInfo, Result

    patches = tuple(Patch((Node("z", layer, 0),)) for layer in range(NODES))
    axes = (Axis("layer", tuple(range(NODES))),)
    plan = Plan("heads", patches, (PlanMap("heads", axes, tuple(range(NODES))),))
    metrics = [
        MetricInfo("logit_diff", "logit difference", "logit"),
        MetricInfo("prob", "probability", "probability"),
    ]

    def build(*planted, clean=CLEAN, **more):
        effects = np.zeros((2, NODES, 2))
        for metric, effects_of in enumerate(planted):
            for node, value in effects_of.items():
                effects[metric, node] = value
        return Result(
            plan,
            metrics=metrics,
            direction="denoising",
            baseline=Baseline(clean=clean, corrupted=CORRUPTED),
            groups=["", ""],
            provenance={},
            values=CORRUPTED[:, None] + effects * GAPS[:, None, None],
            **more,
        )

    return build


@pytest.fixture
def compared(make_result):
    """One corruption, two metrics: L0H0 both, L1H0 opposite, L2H0 and L3H0 one of them."""
    from patchwidgets.results.comparison import Comparison, Setting

    result = make_result(
        {0: [0.8, 1.0], 1: -0.9, 2: 0.9},
        {0: 0.9, 1: 0.9, 3: -0.9},
    )
    return Comparison({Setting("token_replacement", "denoising", 1): result})


@pytest.fixture
def corruptions(make_result):
    """Two corruptions, two metrics; under noise L1H0 was not measured."""
    from patchwidgets.results.comparison import Comparison, Setting

    one = make_result({0: 0.9, 1: 0.5}, {0: 0.9})
    other = make_result({0: 0.8, 1: np.nan}, {0: 0.8, 1: np.nan})
    return Comparison(
        {
            Setting("token_replacement", "denoising", 1): one,
            Setting("gaussian_noise", "denoising", 1): other,
        }
    )
