"""Terminals, where outputs are text and never change."""

from IPython.core.getipython import get_ipython


def in_terminal() -> bool:
    """Return whether IPython runs without a kernel, so that what is displayed has no cell."""
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is None
