"""Functions that stand in for a module's own, each in one thread only."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch

Forward = Callable[..., Any]


class StandIn(NamedTuple):
    """What is called in place of a method of one object, `forward` unless another is named."""

    module: Any
    function: Forward
    method: str = "forward"


class StandIns:
    """Which thread has what stand for which method; other threads call the module's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[tuple[Any, str], dict[int, Forward]] = {}

    @contextmanager
    def covering(self, stand_ins: Iterable[StandIn]) -> Iterator[None]:
        """Have functions called in place of modules' methods in this thread, for the body."""
        here = threading.get_ident()
        stand_ins = list(stand_ins)
        try:
            with self._lock:
                for one in stand_ins:
                    self._cover(one, here)
            yield
        finally:
            with self._lock:
                for one in stand_ins:
                    self._uncover(one, here)

    def _cover(self, stand_in: StandIn, thread: int) -> None:
        module, function, method = stand_in
        them = self._of.setdefault((module, method), {})
        if not them:
            own = getattr(type(module), method)
            object.__setattr__(module, method, partial(_choose, own, module, them))
        them[thread] = function

    def _uncover(self, stand_in: StandIn, thread: int) -> None:
        """Take a function away, also one whose covering was interrupted."""
        module, _, method = stand_in
        them = self._of.get((module, method), {})
        them.pop(thread, None)
        if not them:
            vars(module).pop(method, None)
            self._of.pop((module, method), None)

    def covers(self, module: torch.nn.Module) -> bool:
        """Whether something stands for a module's `forward` in this thread."""
        return threading.get_ident() in self._of.get((module, "forward"), {})


def _choose(own: Forward, module: Any, them: dict[int, Forward], *args: Any, **kwargs: Any) -> Any:
    stand_in = them.get(threading.get_ident())
    return own(module, *args, **kwargs) if stand_in is None else stand_in(*args, **kwargs)


STAND_INS = StandIns()
"""Of all models: a module may be shared by several studies."""
