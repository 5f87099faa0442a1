"""File name to object, for every open folder.

A member of an open folder is one file. The file name is its key, and `__all__` names the one
object in it; nothing else registers it. Files that start with `_` are helpers.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from patchwidgets.errors import UnknownNameError, clipped

T = TypeVar("T")


class Registry:
    """The members of one open folder.

    Args:
        package: Dotted name of the folder, such as `patchwidgets.metrics`.
        kind: What a member is called in messages, such as `metric`.
    """

    def __init__(self, package: str, kind: str) -> None:
        self.package = package
        self.kind = kind
        self._known: dict[str, Any] = {}

    def names(self) -> list[str]:
        """Return the keys of all members, sorted."""
        folder = importlib.import_module(self.package)
        found = (module.name for module in pkgutil.iter_modules(folder.__path__))
        return sorted(name for name in found if not name.startswith("_"))

    def get(self, name: str) -> Any:
        """Return the member called `name`.

        Raises:
            UnknownNameError: No file of that name; the message suggests the nearest one.
        """
        # The engine asks for the same few sites thousands of times in a sweep.
        if not isinstance(name, str) or name not in self._known:
            if name not in self.names():
                raise unknown_name(self.kind, name, self.names())
            module = importlib.import_module(f"{self.package}.{name}")
            (public,) = module.__all__
            self._known[name] = getattr(module, public)
        return self._known[name]


def one_of(kind: str, name: object, known: Sequence[T]) -> T:
    """Return the member of `known` that equals `name`; `kind` is what they are called.

    Raises:
        UnknownNameError: It is none of them; the message suggests the nearest one.
    """
    if name not in known:
        raise unknown_name(kind, name, list(map(str, known)))
    return known[known.index(name)]


def unknown_name(kind: str, name: object, known: list[str]) -> UnknownNameError:
    """Return the error for a name that is not among the known ones, with the nearest match."""
    listed = ", ".join(f"`{other}`" for other in known)
    called, hint = clipped(repr(name)), nearest_to(name, known)
    return UnknownNameError(f"There is no {kind} called {called}.{hint} Known: {listed}.")


def nearest_to(name: object, known: Sequence[str]) -> str:
    """Return the question whether the nearest of the known names was meant; nothing if none is."""
    nearest = get_close_matches(str(name), known, n=1, cutoff=0.4)
    return f" Did you mean `{nearest[0]}`?" if nearest else ""
