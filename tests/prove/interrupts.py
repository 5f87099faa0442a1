"""Work that is interrupted anywhere leaves the model as it was, and no wrong number.

Sweeps, paths, estimates, circuits and the opening of studies on a tiny model are stopped at random
points: by the keyboard, by a cancel, by errors in the metric, in a hook of the caller's, in a
listener, and in any function of torch that the engine calls, memory running out among them.
"""

import logging
import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import torch

from patchwidgets.engine import execute
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.jobs import Job
from patchwidgets.results.measured import NOT_MEASURED, Snapshot
from tests.prove._proof import Proof
from tests.prove._subject import WORK, Fuse, Stopped, Subject, snapshot, wrong

PROMISE = "an interrupt leaves the model as it was, and every number is right or missing"

Way = Callable[[Subject, str, random.Random], Any]
"""Does a piece of work, by name, with an interruption; returns its result, or `None`."""

CHUNK = 60
"""Tokens measured together: few, so that there are many chunks to be stopped in."""


def prove(times: int, seed: int = 0) -> Proof:
    """Interrupt work so many times, and look at what is left each time."""
    proof = Proof(PROMISE)
    chance, left = random.Random(seed), Counter[str]()
    plain, hooked = Subject(), Subject(hooked=True)
    with _attacked():
        for attempt in range(times):
            way = list(WAYS)[attempt % len(WAYS)]
            subject = hooked if way == HOOKED else plain
            name = chance.choice(list(WORK))
            subject.whole(name)
            problems = _attempt(subject, name, way, chance, left)
            proof.count(way)
            proof.fell += [f"{way} in {name} (attempt {attempt}): {what}" for what in problems]
    proof.notes.append(", ".join(f"{times} left with {what}" for what, times in left.most_common()))
    return proof


def _attempt(
    subject: Subject, name: str, way: str, chance: random.Random, left: Counter[str]
) -> list[str]:
    result, problems = None, []
    try:
        result = WAYS[way](subject, name, chance)
    except (KeyboardInterrupt, Stopped, PatchwidgetsError, torch.OutOfMemoryError):
        pass
    except BaseException as error:
        problems.append(f"it raised {error!r}")
    subject.hook.set(None)
    subject.metric.set(None)
    subject.settle()
    problems += [f"{what} changed" for what in subject.changed()]
    if result is not None:
        left[_left(snapshot(result))] += 1
        exact, complete = way not in ROUNDED, way in COMPLETE
        problems += wrong(snapshot(result), subject.whole(name), exact, complete)
    again = snapshot(WORK["heads"](subject.study).wait())
    after = wrong(again, subject.whole("heads"), exact=True, complete=True)
    return problems + [f"the next sweep has {what}" for what in after]


def _left(got: Snapshot) -> str:
    missing = got.status == NOT_MEASURED
    return "no cell" if missing.all() else "some cells" if missing.any() else "all cells"


@contextmanager
def _attacked() -> Iterator[None]:
    """Measure in small chunks, and say nothing of listeners that fail."""
    were = execute.CHUNK_TOKENS, execute.SMALL_CHUNK_TOKENS
    logging.getLogger("patchwidgets.jobs").setLevel(logging.CRITICAL)
    execute.CHUNK_TOKENS = execute.SMALL_CHUNK_TOKENS = CHUNK
    try:
        yield
    finally:
        execute.CHUNK_TOKENS, execute.SMALL_CHUNK_TOKENS = were
        logging.getLogger("patchwidgets.jobs").setLevel(logging.NOTSET)


def keyboard(subject: Subject, name: str, chance: random.Random) -> Any:
    """Interrupt the main thread while a study is opened, and work is planned and waited for."""
    result = None
    with (
        suppress(KeyboardInterrupt),
        _interrupted_after(chance.uniform(0, 3 * subject.seconds(name))),
    ):
        result = WORK[name](subject.open())
        result.wait()
    return result


def cancel(subject: Subject, name: str, chance: random.Random) -> Any:
    """Cancel from another thread."""
    result = WORK[name](subject.study)
    timer = threading.Timer(chance.uniform(0, subject.seconds(name)), result.cancel)
    timer.start()
    result.wait()
    timer.cancel()
    return result


def metric(subject: Subject, name: str, chance: random.Random) -> Any:
    """Let the metric raise."""
    return _fused(subject, name, subject.metric, chance)


def hook(subject: Subject, name: str, chance: random.Random) -> Any:
    """Let the caller's own hook raise."""
    return _fused(subject, name, subject.hook, chance)


def _fused(subject: Subject, name: str, fuse: Fuse, chance: random.Random) -> Any:
    fuse.set(chance.randint(1, max(1, subject.firings(name, fuse))))
    return _ended(WORK[name](subject.study))


def listener(subject: Subject, name: str, chance: random.Random) -> Any:
    """Let a listener raise, every time; nothing may be missing then."""
    result = WORK[name](subject.study)

    def fails(job: Job) -> None:
        raise Stopped("listener")

    _job(result).listen(fails)
    return result.wait()


def torch_error(subject: Subject, name: str, chance: random.Random) -> Any:
    """Let a function of torch raise, anywhere in the thread that measures."""
    return _torch_raises(subject, name, chance, Stopped("torch"))


def memory(subject: Subject, name: str, chance: random.Random) -> Any:
    """Let memory run out, anywhere in the thread that measures."""
    return _torch_raises(subject, name, chance, torch.OutOfMemoryError("out of memory"))


def _torch_raises(subject: Subject, name: str, chance: random.Random, problem: Exception) -> Any:
    calls = _Calls()
    with calls.counted(subject):
        WORK[name](subject.study).wait()
    calls.fail(chance.randrange(calls.seen), problem)
    with calls.counted(subject):
        return _ended(WORK[name](subject.study))


def _ended(result: Any) -> Any:
    """Wait for a result that may fail, and return it all the same."""
    with suppress(Stopped, PatchwidgetsError, torch.OutOfMemoryError):
        result.wait()
    return result


def _job(result: Any) -> Job:
    return getattr(result, "measured", result)._job


class _Calls:
    """Counts the functions of torch that are called in the thread that measures."""

    def __init__(self) -> None:
        self.seen = 0
        self._fails_at: int | None = None
        self._problem: Exception | None = None

    def fail(self, at: int, problem: Exception) -> None:
        """Count anew, and raise at a call."""
        self.seen, self._fails_at, self._problem = 0, at, problem

    @contextmanager
    def counted(self, subject: Subject) -> Iterator[None]:
        """Count while this lasts, in the model's thread and those that it starts."""
        worker = subject.study._session.model.worker
        threading.setprofile(self._event)
        worker.call(lambda: sys.setprofile(self._event)).result()
        try:
            yield
        finally:
            threading.setprofile(None)
            worker.call(lambda: sys.setprofile(None)).result()

    def _event(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or not _of_torch(called):
            return
        self.seen += 1
        if self._problem is not None and self.seen - 1 == self._fails_at:
            raise self._problem


def _of_torch(called: Any) -> bool:
    """Return whether a built-in function computes with tensors."""
    if isinstance(getattr(called, "__self__", None), torch.Tensor):
        return True
    module, name = getattr(called, "__module__", None) or "", getattr(called, "__qualname__", "")
    return module.startswith("torch._C._nn") or name.startswith("_VariableFunctionsClass")


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    """Send this process a signal from the keyboard, unless the body ends before."""
    armed = True

    def interrupt(*_: Any) -> None:
        if armed:
            raise KeyboardInterrupt

    was = signal.signal(signal.SIGINT, interrupt)
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        armed = False
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, was)


HOOKED = "error in a hook of the caller's"
WAYS: dict[str, Way] = {
    "keyboard": keyboard,
    "cancel": cancel,
    "error in the metric": metric,
    HOOKED: hook,
    "error in a listener": listener,
    "error in torch": torch_error,
    "memory runs out": memory,
}
COMPLETE = {"error in a listener"}
ROUNDED = {"memory runs out"}
