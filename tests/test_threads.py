"""Studies that are made, measured and waited for at the same time, on one model."""

import asyncio
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from patchwidgets import jobs
from patchwidgets.models.bridge import LensModel
from tests.engine.test_hygiene import traces
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny


def fresh(family="llama"):
    """Return a model of its own, which a test may change."""
    torch.manual_seed(0)
    return bridge_of(FAMILIES[family](), f"fresh-{family}")


def test_two_sweeps_queued_on_one_model_do_not_mix():
    study, other = study_of(tiny("llama"), PAIRS), study_of(tiny("llama"), RAGGED)
    makers = [
        lambda: study.sweep("heads"),
        lambda: other.path(["L2H0.k"]),
        lambda: study.sweep("residual", positions="each"),
        lambda: other.sweep("heads", site="v"),
        lambda: study.path(["logits"]),
    ]
    wanted = [make().wait() for make in makers]
    queued = [make() for make in makers]
    for result, alone in zip(reversed(queued), reversed(wanted), strict=True):
        np.testing.assert_array_equal(result.snapshot().values, np.nan) if not result.done else None
        np.testing.assert_allclose(
            result.wait().snapshot().values, alone.snapshot().values, atol=1e-6
        )


def test_studies_made_and_measured_in_parallel_threads_are_right():
    model = fresh()
    options = [
        (PAIRS, {"direction": "denoising"}),
        (RAGGED, {"direction": "noising"}),
        (PAIRS, {"direction": "noising", "prepend_bos": False, "metric": "prob"}),
    ]

    def measure(pairs, choice):
        study = study_of(model, pairs, **choice)
        return [
            one.wait().snapshot().values for one in (study.sweep("heads"), study.path(["L2H1.v"]))
        ]

    wanted = [measure(*one) for one in options]
    clean = traces(model)
    got: dict[tuple[int, int], Any] = {}

    def work(which, turn):
        try:
            got[which, turn] = measure(*options[which])
        except BaseException as problem:
            got[which, turn] = problem

    for turn in range(2):
        threads = [threading.Thread(target=work, args=(which, turn)) for which in range(3)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    problems = Counter(str(one) for one in got.values() if isinstance(one, BaseException))
    assert not problems
    for (which, _), values in got.items():
        for one, right in zip(values, wanted[which], strict=True):
            np.testing.assert_allclose(one, right, atol=1e-5)
    assert traces(model) == clean


class HeldUp:
    """Stops the measuring thread inside a block, with its hooks attached, until it is let go.

    It goes on by itself after half a second, in case somebody waits for the measurement.
    """

    def __init__(self, model):
        self.inside, self.go = threading.Event(), threading.Event()
        self.went_on = False
        self.model = model

    def __enter__(self):
        self.handle = self.model.blocks[1].mlp.register_forward_hook(self.hook)
        return self

    def __exit__(self, *_):
        self.go.set()
        self.handle.remove()

    def hook(self, *_):
        if threading.current_thread() is not threading.main_thread() and not self.inside.is_set():
            self.inside.set()
            self.went_on = not self.go.wait(0.5)


@pytest.mark.parametrize("receivers", [None, ["L2H1.v"]], ids=["sweep", "path"])
def test_runs_in_the_middle_of_a_measurement_disturb_nothing(receivers):
    model = fresh()

    def measure(study):
        return study.path(receivers) if receivers else study.sweep("heads")

    first = study_of(model, PAIRS)
    wanted = measure(first).wait().snapshot().values
    tokens = torch.arange(2, 12)[None]
    with torch.inference_mode():
        plain = model(tokens)
    with HeldUp(model) as held:
        result = measure(study_of(model, PAIRS))
        assert held.inside.wait(30)
        with torch.inference_mode():
            between = model(tokens)
        second = study_of(model, PAIRS)
    assert torch.equal(between, plain)
    pd.testing.assert_frame_equal(second.baselines(), first.baselines())
    for one in (result, measure(second)):
        np.testing.assert_allclose(one.wait().snapshot().values, wanted, atol=1e-5)
        assert one.provenance["executor"] == "wavefront"


def test_a_sweep_returns_at_once_while_another_is_measured():
    model = fresh()
    study = study_of(model, PAIRS)
    with HeldUp(model) as held:
        first = study.sweep("heads")
        assert held.inside.wait(30)
        second, third = study.sweep("mlp"), study.path(["L2H1.v"])
        assert second.progress.state == third.progress.state == "waiting"
        third.cancel()
    assert not held.went_on
    assert [one.wait().progress.state for one in (first, second, third)] == [
        "done",
        "done",
        "cancelled",
    ]


def test_a_result_can_be_awaited():
    study = study_of(tiny("llama"), PAIRS)

    async def both():
        return await asyncio.gather(study.sweep("heads"), study.path(["L2H1.v"]))

    heads, path = asyncio.run(both())
    assert heads.progress.state == path.progress.state == "done"
    np.testing.assert_array_equal(heads.effect(), study.sweep("heads").effect())


def test_awaiting_raises_what_the_measurement_raised():
    calls = []

    def broken(logits, answers, reference):
        calls.append(1)
        if len(calls) > 6:
            raise RuntimeError("broken metric")
        return logits[..., 5]

    study = study_of(tiny("llama"), PAIRS, metric=broken)

    async def one():
        await study.sweep("heads")

    with pytest.raises(RuntimeError, match=r"^broken metric$"):
        asyncio.run(one())


def waits_for_a_job(frame):
    """Return whether a thread waits in `Job.wait`, and not in a progress bar that is set up."""
    callers = [frame, frame.f_back, frame.f_back and frame.f_back.f_back]
    files = [one.f_code.co_filename if one else "" for one in callers]
    return files[:2] == [threading.__file__] * 2 and files[2] == jobs.__file__


@pytest.fixture
def interruptible():
    """Python ignores interrupts where a shell began it in the background."""
    was = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, was)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_waiting_cancels_and_leaves_no_hook(monkeypatch):
    from patchwidgets.engine import execute

    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)
    model = fresh()
    study = study_of(model, PAIRS)
    study.sweep("heads").wait()
    clean = traces(model)
    main, sent = threading.get_ident(), []

    def interrupt(job):
        while not sent:
            if waits_for_a_job(sys._current_frames()[main]):
                sent.append(True)
                signal.pthread_kill(main, signal.SIGINT)
            else:
                time.sleep(0.01)

    with LensModel(model).measuring():  # so that it is listened to before it begins
        result = study.sweep("heads", positions="each")
        result.listen(interrupt)
    with pytest.raises(KeyboardInterrupt):
        result.wait()
    assert result.done
    assert result.progress.state == "cancelled"
    measured = np.isfinite(result.snapshot().values).all(axis=(0, 2))
    assert 0 < measured.sum() < len(measured)
    assert traces(model) == clean
    np.testing.assert_array_equal(study.sweep("heads").patched(), study.sweep("heads").patched())
