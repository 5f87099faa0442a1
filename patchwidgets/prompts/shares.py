"""How many of something were kept."""

from typing import NamedTuple


class Share(NamedTuple):
    """So many of so many were kept; prints as `41 of 64 (64 %)`."""

    kept: int
    of: int

    def __str__(self) -> str:
        return f"{self.kept} of {self.of} ({self.kept / self.of:.0%})".replace("%", " %")
