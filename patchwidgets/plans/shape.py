"""What a plan needs to know of the prompts. Pure data: no tokenizer needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PromptShape:
    """Lengths and roles of a set of prompts.

    Args:
        lengths: Tokens per prompt, BOS included, one per group of equal length.
        roles: Roles that every prompt has, in order of position.
        labels: For a single group: what is written at each position of the map.
        places: Position of each role, one per prompt; empty where it is not known.
        buckets: By span, then by bucket, its positions in every prompt pair.
    """

    lengths: tuple[int, ...]
    roles: tuple[str, ...]
    labels: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    buckets: Mapping[str, Mapping[str, tuple[tuple[int, ...], ...]]] = field(
        default_factory=dict, hash=False
    )
