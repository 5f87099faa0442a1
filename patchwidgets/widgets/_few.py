"""Work that readers ask for and that all has to be done."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from patchwidgets.jobs import OURS

logger = logging.getLogger(__name__)


class Few:
    """Does all that was asked, in few threads however often it is asked.

    What is asked again before it has begun is done once, in its later turn. Work begins in the
    order it was asked; one that has to wait does not keep the next from beginning, as long as
    fewer than `threads` wait.

    Args:
        work: Called with what was asked.
        threads: How many work at once at most.
    """

    def __init__(self, work: Callable[[Any], None], threads: int) -> None:
        self._work = work
        self._threads = threads
        self._lock = threading.Lock()
        self._wanted: list[Any] = []
        self._working = 0

    def ask(self, what: Any) -> None:
        """Do this once those asked before have begun; returns at once."""
        with self._lock:
            if what in self._wanted:
                self._wanted.remove(what)
            self._wanted.append(what)
            if self._working == self._threads:
                return
            self._working += 1
        threading.Thread(target=self._go_on, name=f"{OURS}-few", daemon=True).start()

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
