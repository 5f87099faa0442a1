"""A question in a notebook: asked, answered, scored."""

import logging
from collections.abc import Collection
from typing import Any
from uuid import uuid4

import traitlets as t

from patchwidgets.jobs import Job
from patchwidgets.results.live import glancing
from patchwidgets.results.result import Result
from patchwidgets.views._answered import state_of
from patchwidgets.views._question import Asked, Key, key_of, question, results_in, waiting_for
from patchwidgets.views.question import Question, QuestionStep, StepState
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets._linking import link
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.widget import ViewWidget

SESSION = uuid4().hex[:12]
"""Tells the score of this kernel from those of others."""

logger = logging.getLogger(__name__)


class QuestionWidget(ViewWidget):
    """Carries one question; `selection` is the node that is picked and not yet given."""

    given = t.List(t.Unicode()).tag(sync=True)
    """What was answered so far, as the reader wrote it."""
    hinted = t.Int(0, min=0).tag(sync=True)
    """How many hints the reader asked for."""
    shown = t.Int(-1, min=-1).tag(sync=True)
    """How many answers were given when the solution was shown; -1 where it was not."""


class LiveQuestion(LiveView[QuestionWidget]):
    """One question. Asked again in the same words, it takes the place of the older one.

    Args:
        asked: The question.

    Raises:
        PatchwidgetsError: `right` is not an answer that can be given, as far as that is known.
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked
        self._key: Key | None = None
        self._now: Question | None = None
        self._answered = Newest(self._take)
        self._waiting = waiting_for(asked)
        if not self._waiting:
            self._key = key_of(asked)
        older = _asked_here.get(asked.text)
        if older is not None:
            older.widget.close()
        _asked_here[asked.text] = self
        self.widget = QuestionWidget(*self._picture(), on_command=self._obey)
        self.widget.observe(self._on_answer, ["given", "hinted", "shown"])
        for result in self._shown():
            result.listen(self._on_progress)
        # A job that ended before it was listened to will not speak again.
        if self._waiting and all(result.done for result in self._shown()):
            self._check()
        self._link()
        _tell_the_others(self)

    @property
    def state(self) -> StepState:
        """`open`, `right` (before the answer was shown) or `shown`."""
        return "open" if self._now is None else state_of(self._now)

    def shows_another_score_than(self, other: "LiveQuestion") -> bool:
        """Return whether the two do not show how all questions stand alike."""
        return (self._now and self._now.steps) != (other._now and other._now.steps)

    def _ipython_display_(self) -> None:
        self.show()

    def _picture(self) -> Any:
        made = getattr(self, "widget", None)
        own = question(
            self._asked,
            self._key,
            self._waiting,
            session=SESSION,
            id=str(list(_asked_here).index(self._asked.text)),
            given=[] if made is None else list(made.given),
            hinted=0 if made is None else made.hinted,
            shown=-1 if made is None else made.shown,
            steps=[],
        )
        states: list[StepState] = [
            state_of(own) if one is self else one.state for one in _asked_here.values()
        ]
        steps = [QuestionStep(id=str(at), state=state) for at, state in enumerate(states)]
        self._now = own.model_copy(update={"steps": steps})
        return self._now, b""

    def _shown(self) -> Collection[Result]:
        return [one for about in self._asked.about for one in results_in(about)]

    def _carry_out(self, command: dict[str, Any]) -> None:
        """Questions have no commands of their own."""

    def _on_progress(self, job: Job) -> None:
        if job.ended:
            self._check()

    def _check(self) -> None:
        """Find out what is right, once there is nothing left to wait for, and draw it."""
        with self._lock, glancing():
            self._waiting = waiting_for(self._asked)
            if not self._waiting and self._key is None:
                try:
                    self._key = key_of(self._asked)
                except Exception as error:  # a teacher's own function may raise anything
                    logger.warning("The right answer cannot be computed.", exc_info=error)
                    self._waiting = f"The right answer cannot be computed: {error}"
        self.redraw()
        _tell_the_others(self)

    def _on_answer(self, _: Any) -> None:
        # Not here: the lock on the traits is held, and storing waits for that on the view.
        self._answered.ask(None)

    def _take(self, _: Any) -> None:
        self.redraw()
        _tell_the_others(self)

    def redraw(self) -> None:
        """Draw it as it stands now, and write that into the outputs that show it."""
        self._draw()
        self._store()

    def _link(self) -> None:
        """Let a click in the map, where that is shown already, fill the field."""
        about = self._asked.about[0] if self._asked.about else None
        if self._asked.kind == "node" and isinstance(about, Result) and about.is_shown:
            link(about.widget, self.widget)


_asked_here: dict[str, LiveQuestion] = {}


def _tell_the_others(one: LiveQuestion) -> None:
    """Draw the score in all questions that show another."""
    for other in list(_asked_here.values()):
        if other is not one and other.shows_another_score_than(one):
            other.redraw()
