"""Work that readers ask for faster than it can be done, in few threads however often they ask."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from patchwidgets.jobs import OURS

logger = logging.getLogger(__name__)


class _Asked(ABC):
    """Does what is wanted in threads that end when nothing is; a subclass says what is wanted.

    Args:
        work: Called with what was asked.
        threads: How many work at once at most.
        daemon: Whether Python may end in the middle of it; it aborts if PyTorch computes there.
    """

    def __init__(self, work: Callable[[Any], None], threads: int, *, daemon: bool) -> None:
        self._work = work
        self._threads = threads
        self._daemon = daemon
        self._lock = threading.Lock()
        self._wanted: list[Any] = []
        self._working = 0

    @abstractmethod
    def _want(self, what: Any) -> None:
        """Put what is asked among what is wanted; called with the lock held."""

    def ask(self, what: Any) -> None:
        """Do this in its turn; returns at once."""
        with self._lock:
            self._want(what)
            if self._working == self._threads:
                return
            self._working += 1
        threading.Thread(target=self._go_on, name=f"{OURS}-asked", daemon=self._daemon).start()

    def _go_on(self) -> None:
        """Work until nothing is wanted."""
        while True:
            with self._lock:
                if not self._wanted:
                    self._working -= 1
                    return
                wanted = self._wanted.pop(0)
            try:
                self._work(wanted)
            except Exception:
                logger.exception("What a reader asked for failed.")


class Few(_Asked):
    """Does all that was asked; what is asked again before it has begun once, in its later turn.

    Work begins in the order it was asked; one that has to wait does not keep the next from
    beginning, as long as fewer than `threads` wait.

    Args:
        work: Called with what was asked.
        threads: How many work at once at most.
    """

    def __init__(self, work: Callable[[Any], None], threads: int) -> None:
        super().__init__(work, threads, daemon=True)

    def _want(self, what: Any) -> None:
        if what in self._wanted:
            self._wanted.remove(what)
        self._wanted.append(what)


class Newest(_Asked):
    """Does what was asked last, in one thread; what was asked before and has not begun never is.

    Somebody who clicks from cell to cell wants to know of the last one.

    Args:
        work: Called with what was asked.
        daemon: Whether Python may end in the middle of it; it aborts if PyTorch computes there.
    """

    def __init__(self, work: Callable[[Any], None], *, daemon: bool = True) -> None:
        super().__init__(work, threads=1, daemon=daemon)

    def _want(self, what: Any) -> None:
        self._wanted = [what]

    def go_on_with(self, what: Any) -> None:
        """Do this next, unless something is asked; for the work itself, while it is done."""
        with self._lock:
            self._wanted = self._wanted or [what]
