"""What a process holds: memory, threads, hooks, listeners, files, jobs, widgets."""

import gc
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ipywidgets.widgets import widget as ipywidgets_widget

from patchwidgets import jobs

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Held:
    """What is held at one time: memory in megabytes, the rest counted.

    Workers are the threads that wait for jobs, one for each model.
    """

    memory: float
    threads: int
    workers: int
    hooks: int
    listeners: int
    files: int
    jobs: int
    widgets: int


def held(models: Sequence[Any]) -> Held:
    """Return what this process holds now, after what nobody holds was let go.

    Args:
        models: TransformerLens bridges whose hooks are counted.
    """
    gc.collect()
    kept = list(jobs._unfinished)
    modules = {id(one): one for model in models for one in _modules(model)}.values()
    return Held(
        memory=memory(),
        threads=threads(),
        workers=threading.active_count() - threads(),
        hooks=sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in modules),
        listeners=sum(len(job._listeners) for job in kept),
        files=len(list(Path("/proc/self/fd").iterdir())),
        jobs=len(kept),
        widgets=len(ipywidgets_widget._instances),
    )


def _modules(model: Any) -> list[Any]:
    return [*model.modules(), *model.original_model.modules()]


def threads() -> int:
    """Return how many threads there are, not counting the one that waits for jobs of each model."""
    return sum(not one.name.startswith("patchwidgets_") for one in threading.enumerate())


def memory() -> float:
    """Return the megabytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def grown(before: Held, after: Held, but: Sequence[str] = ("memory",)) -> list[str]:
    """Return a sentence for everything of which more is held than before."""
    pairs = {
        one.name: (getattr(before, one.name), getattr(after, one.name)) for one in fields(Held)
    }
    return [
        f"{was} {name} became {now}"
        for name, (was, now) in pairs.items()
        if now > was and name not in but
    ]


class Watched:
    """Memory and threads, sampled by a thread of its own."""

    def __init__(self) -> None:
        self.memory: list[float] = []
        self.threads = 0

    @property
    def risen(self) -> float:
        """Megabytes between the least of the first quarter and of the last, after the warm-up.

        The least, as what a wave takes while it is measured comes and goes. The warm-up is the
        first tenth.
        """
        kept = self.memory[len(self.memory) // 10 :]
        quarter = max(1, len(kept) // 4)
        return min(kept[-quarter:]) - min(kept[:quarter])


@contextmanager
def watched(every: float = 0.05) -> Iterator[Watched]:
    """Sample while this lasts.

    Args:
        every: Seconds between samples.
    """
    seen, stop = Watched(), threading.Event()

    def sample() -> None:
        while not stop.wait(every):
            seen.memory.append(memory())
            seen.threads = max(seen.threads, threads() - 1)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
        seen.memory.append(memory())


def settle(before: int, seconds: float) -> list[str]:
    """Wait until nothing is measured or answered any more, and return what still is.

    Args:
        before: How many threads there are then.
        seconds: How long to wait.
    """
    deadline = time.monotonic() + seconds
    while busy := _busy(before):
        if time.monotonic() > deadline:
            return [f"{what} after {seconds:.0f} s" for what in busy]
        time.sleep(0.05)
    return []


def _busy(before: int) -> list[str]:
    more = threads() - before
    waiting = sum(not job._finished.is_set() for job in list(jobs._unfinished))
    found = [f"{more} threads more still ran"] if more > 0 else []
    return found + ([f"{waiting} jobs still waited"] if waiting else [])
