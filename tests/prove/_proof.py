"""What an attempt to break a promise came to."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Proof:
    """One promise, and what happened to it.

    Args:
        promise: In a sentence.
        tried: What was tried and how often, such as `{"cancelled": 140}`.
        fell: A sentence for each attempt that broke it, with what is needed to see it again.
        notes: Numbers that say more than how often, such as a score.
    """

    promise: str
    tried: dict[str, int] = field(default_factory=dict)
    fell: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, what: str, times: int = 1) -> None:
        """Count attempts."""
        self.tried[what] = self.tried.get(what, 0) + times

    @property
    def attempts(self) -> int:
        """All of them."""
        return sum(self.tried.values())


Prove = Callable[[int, int], Proof]
"""Takes how many attempts to make and a seed."""
