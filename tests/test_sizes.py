"""How large a shared map with its drill-downs is, on models as large as those people share."""

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.results import Baseline, MetricInfo, Result
from tests.make_circuit_fixtures import SPEC
from tests.sizes_on_smollm2 import wide


def test_a_head_map_with_twenty_drill_downs_is_small_enough_to_be_sent():
    size = wide().size()
    assert size.maps == 21
    assert max(size.file, size.page, size.output) < 300_000
    assert min(size.file, size.page, size.output) > 50_000


@pytest.fixture(scope="module")
def like_smollm2():
    """A study with the maps that SmolLM2's 20 strongest heads have: shapes of its, numbers random.

    The largest there can be: the heads lie as high as they do when no two share a key/value head,
    so that every one of the 60 inputs is a map of its own. Random numbers compress no better than
    measured ones.
    """
    made = pw.Study(pw.load_model("mini"), "ioi", n=8, store=False)
    heads = [(29 - at // 3, 3 * (at % 3)) for at in range(20)]
    inputs = [
        f"L{layer}H{head if one == 'q' else head // 3}.{one}"
        for layer, head in heads
        for one in "qkv"
    ]
    plans = {"study.sweep('heads')": SWEEPS.get("heads")(SPEC, made.shape)}
    plans |= {f"study.path(['{name}'])": path_plan(SPEC, [name]) for name in inputs}
    random = np.random.default_rng(0)
    baseline = Baseline(clean=_drawn(random, (1, 8)) + 3, corrupted=_drawn(random, (1, 8)) - 3)
    made.adopt(
        Result(
            plan,
            metrics=[MetricInfo("logit_diff", "Logit difference", "logit")],
            direction="denoising",
            baseline=baseline,
            groups=made._groups(),
            provenance=made.provenance | {"model": SPEC.to_json(), "source": "other", "code": code},
            values=baseline.corrupted[:, None] + _drawn(random, (1, len(plan.patches), 8)),
        )
        for code, plan in plans.items()
    )
    return made


def _drawn(random, shape):
    return random.standard_normal(shape).astype(np.float32)


def test_smollm2_with_all_drill_downs_of_its_20_strongest_heads_is_under_5_mb(like_smollm2):
    size = like_smollm2.size()
    assert size.maps == 61
    assert max(size.file, size.page, size.output) < 5_000_000
    assert min(size.file, size.page, size.output) > 300_000
