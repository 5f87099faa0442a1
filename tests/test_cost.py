"""What a plan costs is said before it runs, and is what it then costs."""

import re

import pytest
from torch.utils.flop_counter import FlopCounterMode

from patchwidgets.engine.cost import Cost, multiply_rate
from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.models.records import ATTENTION
from tests.families import FAMILIES, PAIRS, RAGGED, study_of, tiny

PLANS = {
    "heads": ("heads", {}),
    "residual": ("residual", {"positions": "roles"}),
    "mlp": ("mlp", {"positions": "roles"}),
    "pinned": ("path", {"receivers": ["L1H0.q", "L2H1.v"]}),
    "direct": ("path", {"receivers": ["L1H0.q", "L2H1.v"], "form": "direct"}),
    "logits": ("path", {"receivers": ["logits"]}),
}


@pytest.mark.parametrize("name", ["heads", "pinned"])
def test_a_plan_is_what_the_sweep_measures(name):
    study = study_of(tiny("llama"), PAIRS)
    sweep, options = PLANS[name]
    plan = study.plan(sweep, **options)
    result = study.path(**options) if sweep == "path" else study.sweep(sweep, **options)
    assert plan == result.plan
    assert result.progress.state in ("waiting", "running", "done")
    assert plan.describe().startswith(f"{plan.name}: {len(plan.patches)} patches in ")


def test_a_plan_says_cells_chunks_time_and_memory_before_anything_runs():
    study = study_of(tiny("llama"), PAIRS)
    plan = study.plan("heads", positions="roles")
    cost = study.cost(plan)
    said = plan.describe(cost)
    assert said == f"{plan.describe()}\n{cost}"
    assert said.startswith("heads: 24 patches in heads (layer x head x role)\nheads: 24 patches, ")
    assert f"in {cost.chunks} chunks" in said
    assert cost.time in said
    assert re.search(r"\nabout [\d.]+ [KM]?B besides the model and its unpatched runs$", said)
    with pytest.raises(PlanError) as caught:
        study.plan("mlp").describe(cost)
    assert str(caught.value) == (
        "The cost is of another plan (`heads`, 24 patches) than this one (mlp: 3 patches in mlp "
        "(layer)). Type `plan.describe(study.cost(plan))`."
    )


def test_a_plan_that_cannot_be_made_is_refused():
    study = study_of(tiny("llama"), PAIRS)
    with pytest.raises(UnknownNameError, match=r"^There is no sweep called 'head'"):
        study.cost("head")
    with pytest.raises(PlanError, match=r"^`receivers` is empty"):
        study.plan("path")


@pytest.mark.parametrize("pairs", [PAIRS, RAGGED], ids=["one length", "two lengths"])
@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_arithmetic_is_what_torch_counts(family, name, pairs):
    """Counted by torch while the waves run; the read-out, which is not counted, taken off."""
    study = study_of(tiny(family), pairs)
    sweep, options = PLANS[name]
    plan = study.plan(sweep, **options)
    cost = study.cost(plan)
    session = study._session
    measurement = session._measurement(
        plan, session.runs_with(("z", "mlp_out", "attn_out", ATTENTION)), None
    )
    spec, readout = session.model.spec, 0
    with session.model.measuring(), FlopCounterMode(display=False) as counter:
        for group, wave in measurement.unstored():
            group.values(wave, lambda: None)
            columns = len(group.runs.reader._columns)
            readout += len(wave) * group.runs.batch * columns * spec.d_model
    counted = counter.get_total_flops() // 2 - readout
    rel = 0.15 if plan.form else 0.001  # what receivers read is told roughly
    assert cost.multiply_adds == pytest.approx(counted, rel=rel)


@pytest.mark.parametrize("name", PLANS)
def test_the_counts_are_those_of_the_result(name):
    study = study_of(tiny("llama"), RAGGED)
    sweep, options = PLANS[name]
    cost = study.cost(sweep, **options)
    result = study.path(**options) if sweep == "path" else study.sweep(sweep, **options)
    told = []
    result._job.listen(lambda job: told.append(job.share))
    status = result.wait().snapshot().status
    assert cost.cells == len(status)
    assert cost.unchanged == (status == 2).sum()
    assert cost.stored == 0
    assert 0 < cost.chunks <= cost.cells
    assert cost.seconds > 0
    assert cost.peak_bytes > 0
    assert told[-1] == pytest.approx(1)


def test_nothing_is_measured_twice_and_the_cost_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    study = study_of(tiny("llama"), PAIRS)
    before = study.cost("heads")
    study.sweep("heads").wait()
    after = study.cost("heads")
    assert (before.stored, after.stored) == (0, 12)
    assert (after.chunks, after.multiply_adds, after.seconds) == (0, 0, 0)


def test_the_cost_of_a_source_is_that_of_what_it_writes():
    """Zero differs from the base run at every position, the other run from the tenth on."""
    study = study_of(tiny("llama"), PAIRS)
    other, zero = study.cost("mlp"), study.cost("mlp", source="zero")
    assert zero.multiply_adds > 2 * other.multiply_adds
    assert (other.cells, zero.cells) == (3, 3)


def test_the_reference_executor_costs_whole_runs():
    fast, slow = (study_of(tiny("llama"), PAIRS, executor=e) for e in ("auto", "reference"))
    assert slow.cost("heads").multiply_adds > 3 * fast.cost("heads").multiply_adds


def test_a_cost_is_printed_in_words():
    cost = Cost("heads", 270, 28, 40, 14, 1_200_000_000_000, 1.2e11, 14.2, 210_000_000)
    assert str(cost) == (
        "heads: 270 patches, 202 to run (28 change nothing, 40 are stored)\n"
        "about 14 s: 1.2e+12 multiply-adds in 14 chunks, at a measured 1.2e+11 a second\n"
        "about 210 MB besides the model and its unpatched runs"
    )


def test_the_rate_is_measured_once():
    model = study_of(tiny("llama"), PAIRS)._session.model
    assert multiply_rate(model) == multiply_rate(model) > 1e6
