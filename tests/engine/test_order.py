"""Some patches only, in an order of importance."""

from typing import Any

import numpy as np
import pytest
import torch

from patchwidgets.engine import execute
from patchwidgets.engine.screen import screen_of
from patchwidgets.errors import PlanError
from patchwidgets.jobs import Job
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny


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


TWO = {name: column[:2] if isinstance(column, list) else column for name, column in PAIRS.items()}
OTHERS = {
    "direction": lambda: study_of(tiny("gpt2"), PAIRS, direction="noising").estimate("heads"),
    "metric": lambda: study_of(tiny("gpt2"), PAIRS, metric="prob").estimate("heads"),
    "prompts": lambda: study_of(tiny("gpt2"), TWO).estimate("heads"),
    "source": lambda: study_of(tiny("gpt2"), PAIRS).estimate("heads", source="zero"),
    "model": lambda: study_of(tiny("pythia"), PAIRS).estimate("heads"),
    "a result": lambda: (
        study_of(tiny("gpt2"), TWO).sweep("heads", estimate="attribution", top=1).estimated()
    ),
}
APART = {
    "direction": ("with `direction='noising'`", "with `direction='denoising'`"),
    "metric": ("for the metrics `prob`", "for the metrics `logit_diff`"),
    "prompts": (r"on 2 prompt pairs \(\w{12}\)", r"on 3 prompt pairs \(\w{12}\)"),
    "source": ("with the source `zero`", "with the source `other`"),
    "model": (
        r"on `tiny-pythia` with the weights \w{16}",
        r"on `tiny-gpt2` with the weights \w{16}",
    ),
}
APART["a result"] = APART["prompts"]


@pytest.mark.parametrize("named", OTHERS)
def test_an_estimate_of_another_question_is_no_order(named):
    study = study_of(tiny("gpt2"), PAIRS)
    theirs, ours = APART[named]
    with pytest.raises(
        PlanError,
        match=f"^The estimate was made {theirs}, and these cells would be measured {ours}\\. "
        r"Another question has other effects, so that it says neither which cells matter here nor "
        r"how good an estimate is\. Make it anew with this study, `study\.estimate\('heads', "
        r"\.\.\.\)` with the options of what is measured, or write `estimate='attribution'`\.$",
    ):
        study.sweep("heads", estimate=OTHERS[named]())


def test_an_estimate_of_the_weights_as_they_were_is_no_order():
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["gpt2"](), "fresh-gpt2")
    study = study_of(model, PAIRS)
    made = study.estimate("heads")
    hf_model: Any = model.original_model
    with torch.no_grad():
        hf_model.transformer.h[1].mlp.c_fc.weight.mul_(2)
    with pytest.raises(PlanError, match=r"^The estimate was made on `fresh-gpt2` with the weights"):
        study.sweep("heads", estimate=made)
    model.add_hook("blocks.1.hook_attn_out", lambda activation, hook: activation * 2)
    hooked = study.estimate("heads")
    model.reset_hooks()
    with pytest.raises(PlanError, match=r" and hooks on `blocks\.1\.\S+`, and these cells would"):
        study.sweep("heads", estimate=hooked)


def test_what_is_no_estimate_is_no_order():
    study = study_of(tiny("gpt2"), PAIRS)

    def nowhere() -> Any:
        raise AssertionError

    with pytest.raises(PlanError) as refused:
        screen_of(study.plan("heads"), study.estimate("heads").estimate, None, nowhere)
    assert str(refused.value) == (
        "`estimate` is a `Estimate`, which says nothing of these cells. It takes the name of a "
        "method (`attribution`, `eap`, `eap_ig`), or what `study.estimate(...)` or "
        "`result.estimated()` returned. Write `estimate='attribution'` for a sweep, or "
        "`estimate='eap'` for a path."
    )


@pytest.mark.parametrize("asked", [{"source": "zero"}, {"source": "resample", "seed": 1}], ids=str)
@pytest.mark.parametrize("sweep", ["heads", "path"])
def test_estimates_of_another_source_order_its_cells(sweep, asked):
    """As the sweep estimates itself; and with the method's own options."""
    study = study_of(tiny("gpt2"), PAIRS)
    own = {"graddrop": True} if sweep == "heads" else {}
    plan = {"receivers": ["L2H1.v"]} if sweep == "path" else {}

    def measured(estimate):
        if sweep == "path":
            return study.path(**plan, estimate=estimate, top=3, **asked)
        return study.sweep(sweep, estimate=estimate, top=3, **asked)

    made = study.estimate(sweep, **plan, **asked)
    by_name = measured("eap" if sweep == "path" else "attribution").wait()
    np.testing.assert_allclose(by_name.estimate.values, made.estimate.values, atol=1e-6)
    assert np.abs(made.estimate.values - study.estimate(sweep, **plan).estimate.values).max() > 1e-3
    given = measured(made).wait()
    assert given.agreement().measured == 3
    assert given.estimated().holds_for == made.holds_for == by_name.estimated().holds_for
    again = Result.from_json(given.to_json()).estimated()
    assert again.holds_for == made.holds_for
    assert measured(again).agreement().measured == 3
    dropped = study.estimate(sweep, **plan, **asked, **own)
    assert measured(dropped).agreement().measured == 3
