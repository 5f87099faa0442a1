"""Work that readers ask for faster than it can be done."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from patchwidgets.jobs import OURS

logger = logging.getLogger(__name__)


class Newest:
    """Does what was asked last, in a thread; what was asked before and has not begun never is.

    Somebody who clicks from cell to cell wants to know of the last one, and there is one thread
    however often they click.

    Args:
        work: Called with what was asked.
        daemon: Whether Python may end in the middle of it; it aborts if PyTorch computes there.
    """

    def __init__(self, work: Callable[[Any], None], *, daemon: bool = True) -> None:
        self._work = work
        self._daemon = daemon
        self._lock = threading.Lock()
        self._wanted: list[Any] = []
        self._working = False

    def ask(self, what: Any) -> None:
        """Do this next, in place of what waits; returns at once."""
        with self._lock:
            self._wanted = [what]
            if self._working:
                return
            self._working = True
        threading.Thread(target=self._go_on, name=f"{OURS}-newest", daemon=self._daemon).start()

    def go_on_with(self, what: Any) -> None:
        """Do this next, unless something is asked; for the work itself, while it is done."""
        with self._lock:
            self._wanted = self._wanted or [what]

    def _go_on(self) -> None:
        """Work until nothing is wanted."""
        while True:
            with self._lock:
                if not self._wanted:
                    self._working = False
                    return
                wanted = self._wanted.pop()
            try:
                self._work(wanted)
            except Exception:
                logger.exception("What a reader asked for failed.")
