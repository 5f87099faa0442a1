"""How numbers and names are written in sentences."""

from collections.abc import Sequence

SHOWN = 4


def percent(share: float) -> str:
    """Return a share as a percentage, such as `83 %`."""
    return f"{100 * share:.0f} %"


def counted(number: int, what: str, several: str | None = None) -> str:
    """Return a number of things, such as `1 node`, `3 nodes` or, with `several`, `3 entries`."""
    return f"{number} {what if number == 1 else several or f'{what}s'}"


def listed(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
