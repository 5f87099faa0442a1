"""Tasks side by side: same results, stopped together, torch's settings as they were."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from patchwidgets.engine import execute, threads
from patchwidgets.engine.threads import Check, side_by_side, threads_for
from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Cancelled
from patchwidgets.models.bridge import LensModel
from tests.families import EVERY_FAMILY, PAIRS, study_of, tiny


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def nothing() -> None:
    pass


def test_every_task_is_done_once_with_its_place() -> None:
    tasks = [lambda check, number=number: number**2 for number in range(50)]
    for count in (1, 2, 3):
        found = dict(side_by_side(tasks, nothing, count))
        assert found == {number: number**2 for number in range(50)}


def test_two_tasks_run_at_the_same_time_on_one_core_each() -> None:
    together = threading.Barrier(2, timeout=10)

    def task(check: Check) -> tuple[int, bool]:
        together.wait()
        return torch.get_num_threads(), torch.is_inference_mode_enabled()

    assert [made for _, made in side_by_side([task, task], nothing, 2)] == [(1, True), (1, True)]
    assert torch.get_num_threads() == 2
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2]


def test_one_task_that_fails_stops_the_others() -> None:
    begun = threading.Barrier(2, timeout=10)
    stopped = threading.Event()

    def fails(check: Check) -> None:
        begun.wait()
        raise MeasurementError("no")

    def waits(check: Check) -> None:
        begun.wait()
        try:
            while True:
                check()
        except Cancelled:
            stopped.set()
            raise

    with pytest.raises(MeasurementError, match=r"^no$"):
        list(side_by_side([waits, fails], nothing, 2))
    assert stopped.is_set()


def test_a_cancel_ends_every_thread() -> None:
    def cancelled() -> None:
        raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(side_by_side([lambda check: check()] * 9, cancelled, 2))
    assert threading.active_count() == before


def test_a_generator_that_is_closed_early_leaves_no_thread() -> None:
    before = threading.active_count()
    results = side_by_side([lambda check: None] * 9, nothing, 2)
    next(results)
    results.close()
    assert threading.active_count() == before


def test_threads_are_for_plain_models_on_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LensModel(tiny("llama"))
    assert threads_for(model) == 2
    monkeypatch.setattr(threads, "MOST_THREADS", 1)
    assert threads_for(model) == 1
    monkeypatch.undo()
    torch.set_num_threads(2)
    model.bridge.add_hook("blocks.0.hook_mlp_out", lambda activation, hook: None)
    assert threads_for(model) == 1
    model.bridge.reset_hooks()
    assert threads_for(model) == 2
    model.bridge.set_use_attn_in(True)
    assert threads_for(model) == 1
    model.bridge.set_use_attn_in(False)


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_two_threads_measure_what_one_does(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 16)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 16)
    found = []
    for count in (1, 2):
        monkeypatch.setattr(threads, "MOST_THREADS", count)
        study = study_of(tiny(family), PAIRS, store=False)
        heads, paths = study.sweep("heads"), study.path(["L2H1.v", "L1H0.q"])
        assert study._session.executor == "wavefront"
        found.append([result.wait().effect().to_numpy() for result in (heads, paths)])
    for one, two in zip(*found, strict=True):
        assert np.isfinite(one).any()
        np.testing.assert_allclose(one, two, atol=1e-5)
