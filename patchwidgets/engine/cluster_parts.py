"""What is one task of a cluster: some patches on the prompts of one length, or on some of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.execute import Numbers, Shard

Part = tuple[int, list[int], tuple[int, int]]
"""The place of a group of prompts, patches, and from which to before which of its prompts."""


@dataclass(frozen=True)
class Bundle:
    """Parts that together measure some shards of one group.

    Args:
        places: The shards, by their places in the list.
        shards: The same, with their patches; one after another, those of every part.
        parts: What is measured, in order of the prompts.
    """

    places: tuple[int, ...]
    shards: tuple[Shard, ...]
    parts: tuple[Part, ...]

    def joined(
        self, measured: Sequence[Float[np.ndarray, "patch metric _prompts"]]
    ) -> list[tuple[int, Numbers]]:
        """Return place and numbers of every shard, of what was measured of every part."""
        left = iter(np.concatenate(measured, axis=2))
        return [
            (place, [next(left) for _ in patches])
            for place, (_, patches) in zip(self.places, self.shards, strict=True)
        ]


def by_cells(shards: Sequence[Shard], sizes: Sequence[int]) -> list[Bundle]:
    """Return every shard as a task of its own, on all prompts of its group.

    Args:
        shards: What is to be measured.
        sizes: How many prompts every group has.
    """
    return [
        Bundle((place,), (shard,), ((*shard, (0, sizes[shard[0]])),))
        for place, shard in enumerate(shards)
    ]


def by_prompts(shards: Sequence[Shard], sizes: Sequence[int], tasks: int) -> list[Bundle]:
    """Return tasks of all patches of a group on some of its prompts, about as many as are wanted.

    A task holds no more than one patch on the whole group does, as long as there are no more
    patches than tasks.

    Args:
        shards: What is to be measured.
        sizes: How many prompts every group has.
        tasks: How many are wanted.
    """
    total = sum(sizes[group] * len(patches) for group, patches in shards)
    bundles = []
    for group in dict.fromkeys(group for group, _ in shards):
        places = tuple(place for place, shard in enumerate(shards) if shard[0] == group)
        them = tuple(shards[place] for place in places)
        patches = [patch for _, some in them for patch in some]
        wanted = ceil(tasks * len(patches) * sizes[group] / total)
        count = min(wanted, sizes[group])
        ends = [round(sizes[group] * part / count) for part in range(count + 1)]
        bundles.append(Bundle(places, them, tuple((group, patches, one) for one in pairwise(ends))))
    return bundles


def tasks_of(
    shards: Sequence[Shard], sizes: Sequence[int], workers: int, *, may_divide: bool
) -> list[Bundle]:
    """Return the tasks for shards: by cells, or by prompts where workers would have nothing to do.

    Args:
        shards: What is to be measured.
        sizes: How many prompts every group has.
        workers: How many there are.
        may_divide: Whether prompts of a group can be measured apart.
    """
    whole = by_cells(shards, sizes)
    if not may_divide or len(shards) >= workers:
        return whole
    divided = by_prompts(shards, sizes, workers)
    parts = sum(len(bundle.parts) for bundle in divided)
    return divided if parts > len(shards) else whole
