"""Tasks side by side in threads of this process, which share its cores.

Waves have no work in common, so that they use the cores better than the parts of one matrix product
do: while one wave multiplies, another normalises.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import torch

from patchwidgets.jobs import OURS, Cancelled
from patchwidgets.models.bridge import LensModel

Check = Callable[[], None]
Made = TypeVar("Made")

MOST_THREADS = 8
"""More would wait for each other's Python; where there are more cores, each thread has several."""


def threads_for(model: LensModel) -> int:
    """Return how many waves of a model are best measured at the same time in this process.

    One on a GPU, which is busy with one. One also where threads would meet inside the model: in
    the caller's own hooks, and in TransformerLens' split inputs, which keep a block's input on the
    attention module between two lines of its forward pass.
    """
    if model.splits_inputs or model.callers_hooks() or model.device.type != "cpu":
        return 1
    return min(torch.get_num_threads(), MOST_THREADS)


def side_by_side(
    tasks: Sequence[Callable[[Check], Made]],
    check: Check,
    threads: int,
    within: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Generator[tuple[int, Made], None, None]:
    """Yield the place of every task and what it returned, in the order in which they end.

    Threads end with the generator, also where it is closed early.

    Args:
        tasks: Taken in the order given; each is handed a check, to call often.
        check: Raises to stop.
        threads: How many tasks run at the same time; with one, in this thread.
        within: Made and entered in every other thread.

    Raises:
        Exception: What a task or the check raised; other tasks are stopped first.
    """
    if threads == 1:
        for place, task in enumerate(tasks):
            yield place, task(check)
        return
    crew = _Crew(tasks, check, threads, within)
    try:
        for _ in tasks:
            yield crew.next()
    finally:
        crew.end()


class _Crew(Generic[Made]):
    """Threads that take tasks one after another.

    Args:
        tasks: What they do.
        check: Raises to stop.
        threads: How many threads; they share the cores.
        within: Made and entered in each of them.
    """

    def __init__(
        self,
        tasks: Sequence[Callable[[Check], Made]],
        check: Check,
        threads: int,
        within: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._tasks = tasks
        self._check = check
        self._within = within
        self._stop = threading.Event()
        self._waiting: SimpleQueue[int] = SimpleQueue()
        self._ended: SimpleQueue[tuple[int, Made | BaseException]] = SimpleQueue()
        self._cores = torch.get_num_threads()
        for place in range(len(tasks)):
            self._waiting.put(place)
        self._threads = [
            threading.Thread(target=self._work, name=f"{OURS}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def next(self) -> tuple[int, Made]:
        """Return place and result of the task that ends next; raise what it raised."""
        place, made = self._ended.get()
        if isinstance(made, BaseException):
            raise made
        return place, made

    def end(self) -> None:
        """Stop what runs, and wait for it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        # Torch hands the number that any thread chose last to threads that are yet to come.
        torch.set_num_threads(self._cores)

    def _work(self) -> None:
        torch.set_num_threads(max(1, self._cores // len(self._threads)))
        with self._within(), torch.inference_mode(), suppress(Empty):
            while not self._stop.is_set():
                place = self._waiting.get_nowait()
                try:
                    self._ended.put((place, self._tasks[place](self._checked)))
                except BaseException as problem:  # raised again by `next`
                    self._ended.put((place, problem))

    def _checked(self) -> None:
        if self._stop.is_set():
            raise Cancelled
        self._check()
