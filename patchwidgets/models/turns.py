"""Whose turn it is on a model, and with which of the caller's hooks it is measured."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from transformer_lens.model_bridge import TransformerBridge

from patchwidgets.jobs import Job, Worker, in_background
from patchwidgets.models.undisturbed import Hooks, hooks_on, undisturbed


class Turns:
    """A queue of jobs on one model, and a lock for what is measured outside of it.

    A hook that the caller left on the model belongs to what is measured; one of a run that goes on
    meanwhile does not. So hooks are looked at in the caller's thread only, when it asks for
    something: no run of its own goes on then.
    """

    def __init__(self) -> None:
        self.worker = Worker()
        self._lock = threading.RLock()
        self._thread: int | None = None
        self._seen: Hooks = frozenset()
        self._asked = threading.local()

    @property
    def taken(self) -> bool:
        """Whether another thread measures now."""
        free = self._lock.acquire(blocking=False)
        if free:
            self._lock.release()
        return not free

    def submit(self, bridge: TransformerBridge, job: Job) -> None:
        """Queue a job, to be done with the hooks that are on the model now."""
        self.worker.submit(job, self._with(self.hooks(bridge)))

    @contextmanager
    def turn(self, bridge: TransformerBridge) -> Iterator[None]:
        """Have the model to oneself for the body; it may be called within itself."""
        hooks, here = self.hooks(bridge), threading.get_ident()
        with self._lock:
            if self._thread == here:
                yield
                return
            try:
                self._thread = here
                with self._with(hooks), undisturbed(bridge, hooks):
                    yield
            finally:
                self._thread = None

    def hooks(self, bridge: TransformerBridge) -> Hooks:
        """Return the hooks, the caller's and TransformerLens' own, with which to measure."""
        asked: Hooks | None = getattr(self._asked, "hooks", None)
        if asked is not None:
            return asked
        if not in_background():
            self._seen = hooks_on(bridge)
        return self._seen

    @contextmanager
    def _with(self, hooks: Hooks) -> Iterator[None]:
        before = getattr(self._asked, "hooks", None)
        try:
            self._asked.hooks = hooks
            yield
        finally:
            self._asked.hooks = before
