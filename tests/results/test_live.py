"""A result is filled by a job while others look at it, wait for it or cancel it."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError
from patchwidgets.jobs import Job, Worker
from patchwidgets.results import Baseline, Progress
from patchwidgets.views._picture import heatmap
from patchwidgets.views._wire import ArrayBlock, read_array

VALUES = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.1]])


def start(result, work, total):
    """Let a result be filled by `work` in a thread; attached first, so that nobody misses it."""
    job = Job(work, total)
    result.attach(job)
    Worker().submit(job)


class Gate:
    """A job that measures the cells of a result one by one, each when it is let through."""

    def __init__(self, result, values=VALUES):
        self.step = threading.Semaphore(0)
        self.moved = threading.Semaphore(0)
        self.result, self.values = result, values
        self.job = Job(self.work, total=len(result.plan.patches))
        result.attach(self.job)

    def work(self, job):
        for patch in range(job.total):
            self.step.acquire()
            job.check()
            self.result.record(patch, self.values)
            job.advance(1)
            self.moved.release()

    def measure(self, cells):
        for _ in range(cells):
            self.step.release()
            self.moved.acquire()


@pytest.fixture
def gate(make_result):
    gate = Gate(make_result())
    thread = threading.Thread(target=gate.job.run)
    thread.start()
    yield gate
    gate.job.cancel()
    gate.step.release(10)
    thread.join()


def test_reading_waits_for_the_job(gate):
    threading.Timer(0.05, gate.step.release, [3]).start()
    assert gate.result.normalized().notnull().sum() == 3
    assert gate.result.done
    assert gate.result.progress == Progress("done", 3, 3, 1.0, None, "")


def test_looking_does_not_wait(gate):
    result = gate.result
    assert not result.done
    gate.measure(1)
    np.testing.assert_array_equal(result.snapshot().status, [1, 0, 0])
    state, done, total, share, seconds_left, message = result.progress
    assert (state, done, total, share, message) == ("running", 1, 3, 1 / 3, "")
    assert seconds_left > 0
    first, *_, last = repr(result).splitlines()
    assert (first, last) == ("heads", "`.wait()` waits for the rest")
    assert "running at 1 of 3" in repr(result)
    assert result.normalizable() is None
    assert result.to_json()["format"] == "patchwidgets-result"


def test_a_wrong_name_is_refused_without_waiting(gate):
    with pytest.raises(ValueError, match="no metric called"):
        gate.result.effect("nonsense")
    assert not gate.result.done


def test_what_was_cancelled_stays_nan(gate):
    gate.measure(1)
    assert gate.result.cancel() is gate.result
    gate.step.release()
    assert gate.result.wait() is gate.result
    np.testing.assert_array_equal(np.isnan(gate.result.normalized()), [[False, True], [True, True]])
    assert gate.result.progress == Progress("cancelled", 1, 3, 1 / 3, None, "")


def test_await(gate):
    async def main():
        threading.Timer(0.05, gate.step.release, [3]).start()
        ticks = 0
        waiting = asyncio.create_task(as_task(gate.result))
        while not waiting.done():
            ticks += 1
            await asyncio.sleep(0.005)
        return await waiting, ticks

    async def as_task(result):
        return await result

    result, ticks = asyncio.run(main())
    assert result is gate.result
    assert result.done
    assert ticks > 2


def test_what_the_job_raised_is_raised_by_whoever_reads(make_result):
    result = make_result()

    def work(job):
        raise MeasurementError("The cells disagree with the reference executor.")

    start(result, work, total=3)
    for read in (result.wait, result.effect, result.table, result.detect):
        with pytest.raises(MeasurementError, match=r"^The cells disagree with the reference"):
            read()
    assert result.progress == Progress(
        "failed", 0, 3, 0.0, None, "The cells disagree with the reference executor."
    )


def test_an_error_without_words_shows_its_kind(make_result):
    result = make_result()

    def work(job):
        raise MemoryError

    result.attach(Job(work, total=3))
    result._job.run()
    assert result.progress.message == "MemoryError"


def test_a_job_that_waits_for_itself_is_stopped(make_result):
    result = make_result()

    def work(job):
        result.record(0, VALUES)
        job.advance(1)
        result.normalized()

    start(result, work, total=3)
    with pytest.raises(
        AssertionError, match=r"^a job cannot wait for its own result: read `snapshot\(\)`$"
    ):
        result.wait()


def test_a_result_without_a_job_says_how_much_it_has(small, make_result):
    assert small.progress == Progress("cancelled", 2, 3, 2 / 3, None, "")
    small.record(2, VALUES)
    assert small.progress == Progress("done", 3, 3, 1.0, None, "")
    assert small.cancel() is small
    assert small.done


def test_the_baseline_can_come_with_the_job(make_result, baseline):
    result = make_result(baseline=Baseline.unmeasured(2, 3))
    result.record(0, VALUES)
    assert np.isnan(result.normalized()).all()
    result.record_baseline(baseline)
    assert result.normalized()[0, 0] == pytest.approx(7 / 12)


def test_a_number_that_is_not_finite_is_refused(make_result, sentence):
    message = (
        "The metric `prob` is nan on prompt 2 under the patch L0H1. A map shows only finite "
        "numbers, because NaN stands for not measured. Load the model in float32, or use a metric "
        "that is finite on every prompt."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        make_result().record(1, np.array([[1.0, 0.0], [0.2, np.nan]]), prompts=[0, 2])


def test_values_that_failed_a_check_are_forgotten(small):
    heatmap(small, key="", title="", caption="", block=ArrayBlock())
    small.forget()
    np.testing.assert_array_equal(small.snapshot().status, [0, 0, 0])
    assert np.isnan(small.snapshot().values).all()
    block = ArrayBlock()
    view = heatmap(small, key="", title="", caption="", block=block)
    assert view.low is not None
    assert np.isnan(read_array(view.low, block.to_bytes())).all()


def test_identity_on_some_prompts_is_a_measurement(make_result, baseline):
    result = make_result()
    result.record(0, baseline.corrupted[:, :2], prompts=[0, 1], identity=True)
    result.record(0, VALUES[:, 2:], prompts=[2])
    result.record(1, baseline.corrupted, identity=True)
    np.testing.assert_array_equal(result.snapshot().status, [1, 2, 0])


@pytest.mark.parametrize("shape", [(2, 2), (1, 3)])
def test_values_of_another_shape_are_a_mistake_of_ours(make_result, shape):
    with pytest.raises(AssertionError, match=r"^values \(\d, \d\) for 3 prompts$"):
        make_result().record(0, np.zeros(shape))


def test_arrays_that_do_not_fit_the_plan_are_a_mistake_of_ours(make_result):
    with pytest.raises(AssertionError, match=r"for a plan of \(2, 3, 3\)$"):
        make_result(values=np.zeros((2, 3, 4)))


def test_every_look_while_measuring_is_consistent(line_result):
    """Cells are written whole: value, patched and status of a picture belong together."""
    result = line_result([np.nan] * 200)
    stop = threading.Event()

    def work(job):
        for patch in range(job.total):
            for prompt in range(2):
                result.record(patch, np.full((1, 1), float(patch)), prompts=[prompt])
            job.advance(1)
            if patch % 20 == 0:
                time.sleep(0.002)

    start(result, work, total=200)
    problems: list[str] = []

    def look():
        while not stop.is_set():
            block = ArrayBlock()
            view = heatmap(result, key="mlp", title="", caption="", block=block)
            raw = block.to_bytes()
            status = read_array(view.status, raw)[:, 0]
            for ref in (view.value, view.effect, view.low, view.high, view.patched):
                assert ref is not None
                drawn = read_array(ref, raw)[0, :, 0]
                wanted = np.where(status == 1, np.arange(200), np.nan)
                if not np.allclose(drawn, wanted, equal_nan=True):
                    problems.append("a cell's number and its status disagree")
            if view.progress.state == "done" and (status == 0).any():
                problems.append("done before all cells are there")

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    result.wait()
    time.sleep(0.05)
    stop.set()
    for looker in lookers:
        looker.join()
    assert problems == []
    assert (result.snapshot().status == 1).all()


def test_importing_results_needs_no_torch():
    code = (
        "import sys, patchwidgets.results, patchwidgets.views._picture\n"
        "print(sorted({'torch', 'transformer_lens', 'anywidget'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
