"""Work that runs in a thread: progress, cancel and waiting, and one job at a time per model."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Literal
from weakref import WeakSet

logger = logging.getLogger(__name__)

OURS = "patchwidgets"
"""How the names of our own threads begin; callers ask for nothing in one."""

State = Literal["waiting", "running", "done", "cancelled", "failed"]


def in_background() -> bool:
    """Whether this thread is one of ours."""
    return threading.current_thread().name.startswith(OURS)


class Cancelled(Exception):  # noqa: N818 - a request that was obeyed, not an error
    """Raised inside the work when somebody asked it to stop."""


class Job:
    """One piece of work with progress.

    Args:
        work: Called with the job in a worker thread; it calls `expect` before the first cell,
            `advance` as it goes and `check` often.
        total: Number of cells the work will measure.
    """

    def __init__(self, work: Callable[["Job"], None], total: int) -> None:
        self._work = work
        self._stop = threading.Event()
        self._finished = threading.Event()
        self._turn = threading.Lock()
        self._listeners: list[Callable[[Job], None]] = []
        self._started_at: float | None = None
        self._expected = 0
        self._worked = 0
        self.total = total
        self.done = 0
        self.state: State = "waiting"
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the work in this thread; whatever it raises is kept in `error`."""
        with self._turn:
            if self.ended:  # cancelled before its turn came
                return
            self.state = "running"
        try:
            self._started_at = time.monotonic()
            self._work(self)
            self.state = "done"
        except Cancelled:
            self.state = "cancelled"
        except BaseException as error:  # handed to whoever waits
            self.error = error
            self.state = "failed"
        finally:
            # Listeners first: a notebook takes the last picture from the cell that is waiting.
            self._end()

    def check(self) -> None:
        """Stop here if a cancel was asked for.

        Raises:
            Cancelled: `cancel` was called.
        """
        if self._stop.is_set():
            raise Cancelled

    def expect(self, work: int) -> None:
        """Say how much work the cells are, in any unit, and start the clock anew.

        Cells differ in cost, so that time is told from work and not from cells.
        """
        self._expected = work
        self._started_at = time.monotonic()

    def advance(self, cells: int = 0, work: int = 0) -> None:
        """Count `cells` more as measured and `work` more as done, and tell the listeners."""
        self.done += cells
        self._worked += work
        self._tell()

    def cancel(self) -> None:
        """Ask the work to stop at its next check; work that has not begun never does."""
        self._stop.set()
        with self._turn:
            if self.state != "waiting":
                return
            self.state = "cancelled"
        self._end()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work has ended and return whether it has; re-raise what it raised.

        An interrupt from the keyboard cancels the work.
        """
        try:
            ended = self._finished.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            self._finished.wait()
            raise
        if self.error is not None:
            raise self.error
        return ended

    @property
    def ended(self) -> bool:
        """Whether the work is over: done, cancelled or failed."""
        return self.state in ("done", "cancelled", "failed")

    @property
    def share(self) -> float:
        """Part of the work that is done, from 0 to 1."""
        done, total = (self._worked, self._expected) if self._expected else (self.done, self.total)
        return min(1.0, done / total) if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end; `None` before anything is measured."""
        if self._started_at is None or not self.share:
            return None
        return (time.monotonic() - self._started_at) * (1 - self.share) / self.share

    def listen(self, listener: Callable[["Job"], None]) -> None:
        """Call `listener(job)` after every advance and at the end, in the thread that works.

        Where the job is cancelled before its turn, that is the thread that cancels it. A job that
        has ended never speaks again, and does not hold on to who would listen.
        """
        if not self._finished.is_set():
            self._listeners.append(listener)

    def _end(self) -> None:
        self._tell()
        self._finished.set()
        self._listeners.clear()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(self)
            except Exception:
                logger.exception("A listener of a measurement failed; the measurement goes on.")


_unfinished: "WeakSet[Job]" = WeakSet()


def _leave() -> None:
    for job in list(_unfinished):
        job.cancel()


# Python waits for its threads before it ends, and nobody who leaves wants to wait for a map.
threading._register_atexit(_leave)  # pyright: ignore[reportAttributeAccessIssue]


class Worker:
    """One thread that runs jobs in the order they come: one model, one job at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=OURS)

    def submit(self, job: Job, within: AbstractContextManager[object] | None = None) -> Job:
        """Queue `job` and return it; when Python ends before it does, it is cancelled.

        Args:
            job: What to do.
            within: Entered in the thread for the job.
        """
        _unfinished.add(job)
        self._pool.submit(_run, job, within or nullcontext())
        return job

    def call(self, function: Callable[[], object]) -> "Future[object]":
        """Queue a plain call and return its future."""
        return self._pool.submit(function)


def _run(job: Job, within: AbstractContextManager[object]) -> None:
    with within:
        job.run()
