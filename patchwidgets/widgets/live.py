"""What is measured in a notebook: drawn as it is measured, answering clicks, kept up to date."""

import itertools
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, Generic, TypeVar
from uuid import uuid4

from IPython.display import display as show
from IPython.display import update_display

from patchwidgets.advice import silence
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.jobs import Job
from patchwidgets.results.live import glancing
from patchwidgets.results.result import Result
from patchwidgets.views._still import words
from patchwidgets.widgets._asked import Few
from patchwidgets.widgets._showing import shown_as
from patchwidgets.widgets._terminal import in_terminal
from patchwidgets.widgets.widget import ViewWidget

logger = logging.getLogger(__name__)

Drawn = TypeVar("Drawn", bound=ViewWidget)

DRAWN_EVERY = 0.1
"""Seconds between pictures while measuring; more where a picture takes longer to make."""

STORED_EVERY = 5.0
"""Seconds between updates of the notebook's stored output while measuring."""

OPENING = ("drill", "sweep")
"""Commands that may wait for the model."""

AT_ONCE = 2
"""Commands of a reader that one view carries out at once, of these and of others."""


class LiveView(ABC, Generic[Drawn]):
    """Some results behind one widget; a subclass makes the widget in `__init__`, then follows."""

    widget: Drawn

    def __init__(self) -> None:
        self._outputs: list[str] = []
        self._estimates = 0
        self._lock = threading.RLock()
        self._drawn_at = self._stored_at = time.monotonic()
        self._pause = DRAWN_EVERY
        self._turns = itertools.count(1)
        self._drawn_turn = self._stored_turn = 0
        self._opening, self._quick = Few(self._answer, AT_ONCE), Few(self._answer, AT_ONCE)

    def show(self, display: str | None = None) -> None:
        """Show in the current cell; as text where a terminal has no cells.

        Args:
            display: `stored` or `widget`, as in `pw.display`; as chosen there if `None`.

        Raises:
            UnknownNameError: There is no such display.
        """
        way = shown_as(display)
        if in_terminal():
            print(f"\n{self!r}")
            return
        if way == "widget":
            # A view that was updated in place would be made anew, and lose the reader's focus.
            show(self.widget.widget_bundle(), raw=True)
            return
        with self._lock:
            identity = uuid4().hex
            self._outputs.append(identity)
            show(self.widget.bundle(), raw=True, display_id=identity)

    def __repr__(self) -> str:
        waiting = any(not result.done for result in self._shown())
        more = "\nstill measuring: look again in a moment" if waiting else ""
        return f"{words(*self._picture())}{more}\nIn JupyterLab this is a view to click on."

    def _display_(self) -> Any:
        """Return what marimo shows, which knows neither our outputs nor IPython's."""
        return self.widget

    @abstractmethod
    def _picture(self) -> Any:
        """Return header and arrays as they are now, without waiting."""

    @abstractmethod
    def _shown(self) -> Collection[Result]:
        """Return the results that the picture shows."""

    @abstractmethod
    def _carry_out(self, command: dict[str, Any]) -> None:
        """Do what a reader asks of this view; called in a thread of its own."""

    def _follow(self, results: Collection[Result]) -> None:
        for result in results:
            result.listen(self._on_progress)
        # A job that ended before it was listened to will not speak again.
        if any(result.done for result in results):
            self._draw()
            self._store()

    def _on_progress(self, job: Job) -> None:
        # A measurement waits for nobody's picture, except at its end for the last one.
        if not self._lock.acquire(blocking=job.ended):
            return
        try:
            # Estimates are drawn at once, before the first cell is measured.
            news = job.ended or self._estimates != self._count_estimates()
            if news or time.monotonic() - self._drawn_at >= self._pause:
                self._draw()
            if job.ended or time.monotonic() - self._stored_at >= STORED_EVERY:
                self._store()
        finally:
            self._lock.release()

    def _draw(self) -> None:
        """Draw what has changed until now; those who ask while one picture is made share the next.

        Change first and ask then, not under one lock: else every change has a picture of its own.
        """
        turn = next(self._turns)
        with self._lock, glancing():
            if self._drawn_turn > turn:
                return
            began, covers = time.monotonic(), next(self._turns)
            self._estimates = self._count_estimates()
            self.widget.show(*self._picture())
            self._drawn_turn, self._drawn_at = covers, time.monotonic()
            self._pause = max(DRAWN_EVERY, 4 * (self._drawn_at - began))

    def _count_estimates(self) -> int:
        return sum(result.estimate is not None for result in self._shown())

    def _store(self) -> None:
        """Write what is drawn into the outputs that show it, so that it is saved with them."""
        turn = next(self._turns)
        with self._lock, glancing():
            if self._stored_turn > turn:
                return
            covers = next(self._turns)
            bundle = self.widget.bundle()
            for identity in self._outputs:
                update_display(bundle, raw=True, display_id=identity)
            self._stored_turn, self._stored_at = covers, time.monotonic()

    def _complain(self, problem: PatchwidgetsError) -> None:
        """Say why a command was not carried out."""
        logger.warning("A command of the page was not carried out: %s", problem)

    def _obey(self, command: dict[str, Any]) -> None:
        # The page's messages must not wait for a plan to be made, nor a cancel for the model.
        queue = self._opening if command["command"] in OPENING else self._quick
        queue.ask(command)

    def _answer(self, command: dict[str, Any]) -> None:
        try:
            match command["command"]:
                case "store":
                    self.widget.send_bundle()
                case "silence":
                    silence(command["rule"])
                    self._draw()
                    self._store()
                case _:
                    self._carry_out(command)
        except PatchwidgetsError as problem:
            self._complain(problem)
