"""Some patches only, in an order of importance."""

import numpy as np
import pytest

from patchwidgets.engine import execute
from patchwidgets.errors import PlanError
from patchwidgets.jobs import Job
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from tests.families import PAIRS, RAGGED, study_of, tiny


@pytest.mark.parametrize("pairs", [PAIRS, RAGGED], ids=["one length", "two lengths"])
def test_an_order_is_followed_and_the_rest_is_left_out(pairs, monkeypatch):
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 30)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 30)
    study = study_of(tiny("llama"), pairs)
    plan = study.plan("heads", positions="roles")
    wanted = study.sweep("heads", positions="roles").wait().snapshot()
    order = np.random.default_rng(0).permutation(len(plan.patches))[:20].tolist()
    result = Result(
        plan,
        metrics=[MetricInfo(m.name, m.label, m.unit) for m in study.metrics],
        direction=study.direction,
        baseline=Baseline.unmeasured(1, len(pairs["clean"])),
        groups=[""] * len(pairs["clean"]),
        provenance={},
    )
    job = Job(lambda job: study._session.measure(plan, result, job, order), total=len(order))
    seen = {}

    def look(job):
        # The first call with a new count comes when a chunk has ended.
        seen.setdefault(job.done, {i for i, s in enumerate(result.snapshot().status) if s})

    seen[0] = set()
    job.listen(look)
    result.attach(job)
    job.run()
    got = result.wait().snapshot()
    rest = sorted(set(range(len(plan.patches))) - set(order))
    np.testing.assert_allclose(got.values[:, order], wanted.values[:, order], atol=1e-5)
    assert np.isnan(got.values[:, rest]).all()
    assert (job.state, job.done, job.share) == ("done", len(order), pytest.approx(1))
    live = [patch for patch in order if wanted.status[patch] == 1]
    for measured in seen.values():
        count = len(measured & set(live))
        assert measured & set(live) == set(live[:count])
    assert len(seen) > 2


def test_an_estimate_of_another_plan_is_no_order():
    study = study_of(tiny("llama"), PAIRS)
    heads, mlp = study.plan("heads"), study.plan("mlp")
    with pytest.raises(PlanError) as refused:
        study.sweep("mlp", estimate=study.estimate("heads"))
    assert str(refused.value) == (
        f"The estimate is of another plan ({heads.describe()}) than the one to measure "
        f"({mlp.describe()}). Estimate it with the same options as you measure it."
    )
