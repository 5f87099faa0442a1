"""Functions that stand in for a module's own `forward`, each in one thread only."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

Forward = Callable[..., Any]


class StandIns:
    """Which thread has what stand for which module; other threads call the module itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[torch.nn.Module, dict[int, Forward]] = {}

    @contextmanager
    def covering(self, module: torch.nn.Module, stand_in: Forward) -> Iterator[None]:
        """Have `stand_in` called in place of a module's `forward` in this thread, for the body."""
        here = threading.get_ident()
        with self._lock:
            them = self._of.setdefault(module, {})
            if not them:
                object.__setattr__(module, "forward", _chooser(module, them))
            them[here] = stand_in
        try:
            yield
        finally:
            with self._lock:
                del them[here]
                if not them:
                    object.__delattr__(module, "forward")
                    del self._of[module]

    def covers(self, module: torch.nn.Module) -> bool:
        """Whether something stands for a module in this thread."""
        return threading.get_ident() in self._of.get(module, {})


def _chooser(module: torch.nn.Module, them: dict[int, Forward]) -> Forward:
    def forward(*args: Any, **kwargs: Any) -> Any:
        stand_in = them.get(threading.get_ident())
        if stand_in is None:
            return type(module).forward(module, *args, **kwargs)
        return stand_in(*args, **kwargs)

    return forward


STAND_INS = StandIns()
"""Of all models: a module may be shared by several studies."""
