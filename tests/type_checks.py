"""What checks types and shapes while tests run: beartype, of functions that are made once.

A function made inside another, such as a hook, is made anew at every call, and beartype would
compile its check anew: tests of the engine took twice as long.
"""

from collections.abc import Callable
from typing import Any

from beartype import beartype


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with its types checked at every call, unless another one made it."""
    return function if "<locals>" in function.__qualname__ else beartype(function)
