"""Cells fit the memory they are given, go on in halves where there is none, and know rounding."""

import numpy as np
import pytest
import torch

from patchwidgets.engine import execute, memory, precision
from patchwidgets.engine.replay import Replay
from patchwidgets.errors import MemoryBudgetError
from tests.engine.test_hygiene import traces
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [
        *((5, 5), (2e9, 2_000_000_000), ("7", 7), ("6 B", 6)),
        *(("4 kB", 4000), ("3 MB", 3_000_000), ("2 GB", 2_000_000_000)),
        *(("3 KiB", 3072), ("1.5MiB", 1_572_864), ("2 gib", 2_147_483_648)),
    ],
)
def test_amounts_of_memory(written, bytes_):
    assert memory.parse_bytes(written) == bytes_


@pytest.mark.parametrize("written", ["", "two GB", "2 XB", "1.2.3 GB", 0, -5, float("nan")])
def test_what_is_no_amount_of_memory_is_refused(written):
    with pytest.raises(MemoryBudgetError) as refused:
        study_of(tiny("llama"), PAIRS, memory=written)
    assert str(refused.value) == (
        f"{written!r} is not an amount of memory. Write a number of bytes, or text such as "
        "`'2 GB'` or `'512 MiB'`."
    )


def _peaks(monkeypatch):
    """Return a list that gets the rows of every block call."""
    rows = []
    right = Replay.block

    def block(replay, layer, hidden, hooks=None):
        rows.append(hidden.shape[0])
        return right(replay, layer, hidden, hooks)

    monkeypatch.setattr(Replay, "block", block)
    return rows


@pytest.mark.parametrize("receivers", [None, ["L2H1.v"]])
def test_a_budget_makes_waves_small_and_changes_no_number(receivers, monkeypatch):
    def measure(study):
        return study.path(receivers) if receivers else study.sweep("heads")

    free = study_of(tiny("llama"), PAIRS)
    plan = free.plan("path", receivers=receivers) if receivers else free.plan("heads")
    one = free.cost(plan).peak_bytes // (len(plan.patches))
    wanted = measure(free).wait().snapshot().values
    tight = study_of(tiny("llama"), PAIRS, memory=int(3.5 * one))
    cost = tight.cost(plan)
    assert cost.peak_bytes <= 3.5 * one
    assert cost.chunks > free.cost(plan).chunks
    rows = _peaks(monkeypatch)
    result = measure(tight).wait()
    assert max(rows) <= 4 * len(PAIRS["clean"])
    np.testing.assert_allclose(result.snapshot().values, wanted, atol=1e-5)


@pytest.mark.parametrize("metric", ["logit_diff", "kl_div"])
def test_a_budget_too_small_for_a_cell_is_refused(metric):
    with pytest.raises(
        MemoryBudgetError,
        match=r"^`memory` allows 1 KB, but one cell on these prompts takes about \d+\.?\d* KB: all "
        r"prompts of one length are measured together\. Allow at least that much, or give fewer "
        r"prompt pairs\.$",
    ):
        study_of(tiny("llama"), PAIRS, memory="1 KB", metric=metric)


OUT_OF_MEMORY = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory."),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't "
                        "allocate memory: you tried to allocate 99 bytes. Error code 12"),
    "windows": RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99"),
    "python": MemoryError(),
}  # fmt: skip


def _runs_out(monkeypatch, problem, fits, times=10**9):
    """Let block calls of more than `fits` rows fail, the first `times` of them."""
    right, seen = Replay.block, []

    def block(replay, layer, hidden, hooks=None):
        inside = [*(hooks or [])]
        if hidden.shape[0] > fits and len(seen) < times:
            seen.append(hidden.shape[0])
            with replay.model.hooked(inside):
                raise problem
        return right(replay, layer, hidden, hooks)

    monkeypatch.setattr(Replay, "block", block)
    return seen


@pytest.mark.parametrize("problem", OUT_OF_MEMORY)
@pytest.mark.parametrize("receivers", [None, ["L2H1.v"]], ids=["sweep", "path"])
def test_cells_go_on_in_halves_where_memory_runs_out(problem, receivers, monkeypatch):
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["llama"](), "fresh-llama")
    study = study_of(model, PAIRS)

    def measure():
        return study.path(receivers) if receivers else study.sweep("heads", positions="each")

    wanted = measure().wait().snapshot()
    clean = traces(model)
    with monkeypatch.context() as patched:
        seen = _runs_out(patched, OUT_OF_MEMORY[problem], fits=6)
        got = measure().wait().snapshot()
    assert seen
    np.testing.assert_allclose(got.values, wanted.values, atol=1e-5)
    np.testing.assert_array_equal(got.status, wanted.status)
    assert traces(model) == clean


@pytest.mark.parametrize("times", [1, 2, 5])
def test_memory_that_comes_back_is_used_again(times, monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    wanted = study.sweep("heads").wait().snapshot().values
    seen = _runs_out(monkeypatch, MemoryError(), fits=6, times=times)
    got = study.sweep("heads").wait().snapshot().values
    assert len(seen) == min(times, 3)
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_no_memory_for_a_single_cell_is_an_error_and_keeps_what_was_measured(monkeypatch):
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["llama"](), "fresh-llama")
    study = study_of(model, PAIRS)
    study.sweep("heads").wait()
    clean = traces(model)
    result = study.sweep("heads", positions="each")
    with monkeypatch.context() as patched:
        result = study.sweep("heads", positions="each")
        result._job.listen(
            lambda job: job.share > 0.3 and _runs_out(patched, MemoryError(), fits=0)
        )
        with pytest.raises(
            MemoryBudgetError,
            match=r"^There is no memory left to measure even one cell of `fresh-llama` on 3 "
            r"prompts of 15 tokens\. Cells measured so far are kept\. Give fewer prompt pairs, "
            r"close what else uses memory, or load the model in half precision\.$",
        ):
            result.wait()
    measured = np.isfinite(result.snapshot().values).all(axis=(0, 2))
    assert 120 < measured.sum() < 180
    assert traces(model) == clean


def test_another_error_is_not_taken_for_missing_memory(monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    _runs_out(monkeypatch, RuntimeError("shapes do not fit"), fits=6)
    with pytest.raises(RuntimeError, match=r"^shapes do not fit$"):
        study.sweep("heads").wait()


def _half(family, dtype):
    torch.manual_seed(0)
    return bridge_of(FAMILIES[family]().to(dtype), f"half-{family}")


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_states_its_noise_floor(family, dtype):
    model = _half(family, dtype)
    study = study_of(model, PAIRS, metric=["logit_diff", "prob"])
    result = study.sweep("heads").wait()
    exact = study_of(tiny(family), PAIRS, metric=["logit_diff", "prob"]).sweep("heads").wait()
    floor, fine = (one.provenance["noise_floor"] for one in (result, exact))
    assert result.provenance["executor"] == "wavefront"
    assert set(floor) == {"logit_diff", "prob"}
    # Two ways to do the same arithmetic differ by rounding, and by nothing else.
    slow = study_of(model, PAIRS, metric=["logit_diff", "prob"], executor="reference")
    again = slow.sweep("heads").wait().snapshot().values
    apart = np.abs(result.snapshot().values - again).max(axis=(1, 2))
    eps = torch.finfo(dtype).eps
    for metric, name in enumerate(("logit_diff", "prob")):
        assert floor[name] > 50 * fine[name] > 0
        assert apart[metric] < 4 * floor[name]
    largest = max(float(runs.base.logits.abs().max()) for runs in study._session._runs)
    assert eps * 0.1 < floor["logit_diff"] < 20 * eps * largest


def test_a_divergence_is_as_noisy_as_its_patches_where_it_is_flat_at_the_base_run():
    floors = []
    for direction in ("noising", "denoising"):
        study = study_of(
            _half("llama", torch.bfloat16), PAIRS, metric="kl_div", direction=direction
        )
        floors.append(study.sweep("mlp").wait().provenance["noise_floor"]["kl_div"])
        (runs,) = study._session._runs
    noising, denoising = floors
    assert 0.2 * denoising < noising < 5 * denoising
    alone = precision._of_rounded(study._session.model, runs, runs.other, runs.source_values)
    assert alone < 0.2 * noising  # of the clean run itself, from which nothing diverges


@pytest.mark.parametrize("metric", ["logit_diff", "logprob", "prob", "kl_div"])
def test_metrics_of_half_precision_are_computed_in_float32(metric):
    model = _half("llama", torch.bfloat16)
    study = study_of(model, PAIRS, metric=metric)
    (runs,) = study._session._runs
    assert runs.base.logits.dtype == torch.float32
    wide = study_of(tiny("llama"), PAIRS, metric=metric)._session._runs[0].reader
    reader = runs.reader
    clean = runs.other.logits
    reference = clean if reader._columns is None else clean[:, reader._columns]
    reader._references = wide._references = [reference]
    np.testing.assert_array_equal(
        reader.of_logits(runs.base.logits), wide.of_logits(runs.base.logits)
    )


@pytest.mark.parametrize(("dtype", "asked"), [(torch.float32, 1), (torch.bfloat16, 2)])
def test_rounding_is_measured_on_every_group_in_half_precision_only(dtype, asked, monkeypatch):
    seen = []
    right = precision._of_rounded_logits
    monkeypatch.setattr(
        precision, "_of_rounded_logits", lambda *given: seen.append(given) or right(*given)
    )
    study_of(_half("llama", dtype), RAGGED).sweep("mlp").wait()
    assert len(seen) == asked
