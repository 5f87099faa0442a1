"""A sweep leaves the model as it was, and refuses numbers that fail its checks."""

import numpy as np
import pytest
import torch
from transformer_lens.hook_points import HookPoint

from patchwidgets.errors import MeasurementError, ModelError, UnknownNameError
from tests.families import FAMILIES, PAIRS, bridge_of, study_of, tiny

COVERED = {"forward", "_check_stop_at_layer", "_maybe_inject_start_residual"}


def traces(model):
    """Return everything a sweep might leave behind."""
    modules = list(model.modules()) + list(model.original_model.modules())
    return {
        "hooks": sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules),
        "covered": [list(COVERED & vars(module).keys()) for module in modules],
        "class": [name for name in vars(HookPoint) if name.startswith("_call")],
        "training": [module.training for module in modules],
        "listed": model.list_hooks(),
    }


@pytest.fixture
def model():
    """A model that has run once: TransformerLens attaches some hooks of its own then."""
    torch.manual_seed(0)
    made = bridge_of(FAMILIES["llama"](), "fresh-llama")
    logits(made)
    return made


@pytest.fixture
def small_chunks(monkeypatch):
    from patchwidgets.engine import execute

    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)


def logits(model):
    with torch.inference_mode():
        return model(torch.arange(2, 12)[None]).clone()


@pytest.mark.parametrize("receivers", [None, ["L2H1.v"], ["logits"]])
def test_a_sweep_leaves_no_trace(model, receivers):
    before = logits(model)
    clean = traces(model)
    study = study_of(model, PAIRS)
    (study.path(receivers) if receivers else study.sweep("heads")).wait()
    assert traces(model) == clean
    assert torch.equal(logits(model), before)


def test_cancel_keeps_what_was_measured_and_leaves_no_trace(model, small_chunks):
    clean = traces(model)
    result = study_of(model, PAIRS).sweep("heads", positions="each")
    result._job.listen(lambda job: job.cancel())
    values = result.wait().patched()
    assert result.progress.state == "cancelled"
    assert 0 < np.isfinite(values).all("prompt").sum() < values.size / 3
    assert traces(model) == clean


def test_an_exception_in_the_metric_leaves_no_trace(model):
    clean = traces(model)
    calls = []

    def broken(logits, answers, reference):
        calls.append(1)
        if len(calls) > 4:
            raise RuntimeError("broken metric")
        return logits[..., 0]

    result = study_of(model, PAIRS, metric=broken).sweep("heads")
    with pytest.raises(RuntimeError, match=r"^broken metric$"):
        result.wait()
    assert traces(model) == clean


def test_hooks_of_the_caller_survive_and_are_obeyed(model):
    plain = study_of(model, PAIRS).sweep("heads").patched()
    fired = []

    def halve(activation, hook):
        fired.append(activation.shape)
        return activation / 2

    model.add_hook("blocks.1.hook_mlp_out", halve)
    result = study_of(model, PAIRS).sweep("heads").wait()
    assert result.provenance["executor"] == (
        "reference: the model carries hooks of yours (blocks.1.mlp.hook_out) that expect whole "
        "prompts"
    )
    assert {shape[1] for shape in fired} == {15}
    assert not np.allclose(result.patched(), plain)
    assert set(model.list_hooks()) == {"blocks.1.hook_mlp_out", "blocks.1.mlp.hook_out"}


def test_blocks_that_do_not_replay_are_measured_by_the_reference_executor(model, monkeypatch):
    from patchwidgets.engine import wave

    wanted = study_of(model, PAIRS).sweep("heads").patched()
    monkeypatch.setattr(wave, "write_all", lambda *_: None)
    result = study_of(model, PAIRS).sweep("heads").wait()
    assert "disagree on patching everything" in result.provenance["executor"]
    np.testing.assert_allclose(result.patched(), wanted, atol=1e-4)


def test_the_reference_executor_can_be_asked_for(model):
    wanted = study_of(model, PAIRS).sweep("heads").patched()
    study = study_of(model, PAIRS, executor="reference")
    result = study.sweep("heads").wait()
    assert result.provenance["executor"] == "reference: it was asked for"
    np.testing.assert_allclose(result.patched(), wanted, atol=1e-4)
    assert "executor='reference'" in result.provenance["code"]
    assert study.keep("")._session.executor == "reference: it was asked for"


def test_an_unknown_executor_is_refused(model):
    with pytest.raises(
        UnknownNameError,
        match=r"^There is no executor called 'refrence'\. Did you mean `reference`\?",
    ):
        study_of(model, PAIRS, executor="refrence")


def test_numbers_that_the_reference_executor_contradicts_are_not_returned(model, monkeypatch):
    from patchwidgets.engine import group_work

    right = group_work.advance
    study = study_of(model, PAIRS)

    def wrong(replay, source, cells, check):
        return right(replay, source, cells, check).roll(1, 0)

    monkeypatch.setattr(group_work, "advance", wrong)
    result = study.sweep("heads")
    with pytest.raises(
        MeasurementError,
        match=r"^The fast engine and the reference executor disagree on patch \d+ of `fresh-llama`",
    ):
        result.effect()
    assert np.isnan(result.snapshot().values).all()


def test_both_ends_of_patching_are_checked_on_every_sweep(model, monkeypatch):
    from patchwidgets.engine import checks

    study = study_of(model, PAIRS)
    monkeypatch.setattr(checks, "advance", lambda replay, *_: replay.residual(0, 2)[:, -1])
    with pytest.raises(
        MeasurementError,
        match=r"^The fast engine and the reference executor disagree on patching nothing of",
    ):
        study.sweep("heads").wait()


def test_a_model_that_gives_other_logits_the_second_time_is_refused(model):
    study = study_of(model, PAIRS)
    with torch.inference_mode():
        study._session._runs[0].base.logits.add_(0.25)
    with pytest.raises(
        MeasurementError,
        match=r"^`fresh-llama` gave other logits the second time it ran the same prompts \(by up "
        r"to 0\.25\)\. Patching compares runs, so it needs the same run each time\. Look for "
        r"dropout, sampling or a hook that keeps state, and call `model\.eval\(\)`\.$",
    ):
        study.sweep("residual", site="resid_mid").wait()


def test_a_hook_that_does_not_fire_is_an_error(model, monkeypatch):
    from patchwidgets.engine.cells import Write
    from patchwidgets.engine.replay import Replay
    from patchwidgets.engine.wave import call_block

    session = study_of(model, PAIRS)._session
    monkeypatch.setattr(type(session.model), "hook_point", lambda *_: torch.nn.Identity())
    with torch.inference_mode():
        replay = Replay(session.model, session._runs[0].base, 10)
        hidden = replay.residual(0, 1)
        with pytest.raises(
            MeasurementError,
            match=r"^The hook `blocks\.0\.attn\.hook_z` fired 0 times in one forward pass instead "
            r"of once, so the patch did not do what it says\. No number is returned\. This model's "
            r"TransformerLens adapter does not pass through that hook; patch another site\.$",
        ):
            call_block(replay, session._runs[0].source, 0, hidden, [(0, Write("z", 0, 0, None))])


def test_a_last_block_that_keeps_nothing_when_it_is_called_again_is_an_error(model):
    from patchwidgets.engine.replay import Replay

    session = study_of(model, PAIRS)._session
    runs = session._runs
    model.blocks[2].attn.register_forward_pre_hook(
        lambda _, args, named: (args, named | {"past_key_values": None}), with_kwargs=True
    )
    with torch.inference_mode():
        replay = Replay(session.model, runs[0].base, 10)
        with pytest.raises(MeasurementError) as caught:
            replay.end(replay.residual(2, 1))
    assert str(caught.value) == (
        "The last block gave no keys and values to its cache when it was called again, although it "
        "did in the first run. No number is returned. Measure with `executor='reference'`, and "
        "please report the model."
    )


def test_training_mode_is_refused():
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["gpt2"](), "training-gpt2")
    study = study_of(model, PAIRS)
    model.original_model.train()
    with pytest.raises(
        ModelError,
        match=r"^Model `training-gpt2` is in training mode, where dropout makes every run "
        r"different\. Patching compares runs, so it needs the same run each time\. Call "
        r"`model\.eval\(\)` first\.$",
    ):
        study.sweep("heads")


def test_logits_that_are_nan_are_refused():
    torch.manual_seed(0)
    hf_model = FAMILIES["gpt2"]()
    hf_model.transformer.ln_f.weight.data.fill_(float("nan"))
    model = bridge_of(hf_model, "nan-gpt2")
    with pytest.raises(MeasurementError, match="has logits that are NaN or infinite"):
        study_of(model, PAIRS)


def test_zero_cells_say_that_nothing_was_run():
    result = study_of(tiny("gpt2"), PAIRS).sweep("residual").wait()
    status = result.effect().status
    assert (status[:, :10] == 2).all()
    assert (status[1:, 10:] == 1).all()
    assert (result.effect()[:, :10] == 0).all()


def test_a_forward_pass_in_another_thread_is_not_touched_by_a_sweep(model):
    """The user may run the model while a worker measures it."""
    before = logits(model)
    study = study_of(model, PAIRS)
    for receivers in (None, ["L2H1.v"]):
        result = study.path(receivers) if receivers else study.sweep("heads", positions="each")
        seen = []
        while not result.done:
            seen.append(torch.equal(logits(model), before))
        assert all(seen)
        assert np.isfinite(result.effect().isel(layer=0)).any()
