"""Tasks of a cluster: every patch on every prompt once, and numbers back in their places."""

import numpy as np
import pytest

from patchwidgets.engine.cluster_parts import by_cells, by_prompts, tasks_of

SHARDS = [(0, [3, 1]), (1, [3]), (0, [0])]
SIZES = [5, 2]


def numbers(part):
    """Return what a worker would: patch and prompt, so that each can be told from all others."""
    group, patches, (first, last) = part
    ten = [
        [[100 * group + 10 * patch + row for row in range(first, last)]] * 2 for patch in patches
    ]
    return np.array(ten, dtype=float)


@pytest.mark.parametrize("tasks", [1, 2, 4, 7, 50])
def test_every_shard_comes_back_whole(tasks):
    for bundles in (by_prompts(SHARDS, SIZES, tasks), by_cells(SHARDS, SIZES)):
        found = {}
        for bundle in bundles:
            found |= dict(bundle.joined([numbers(part) for part in bundle.parts]))
        assert sorted(found) == [0, 1, 2]
        for place, (group, patches) in enumerate(SHARDS):
            whole = numbers((group, patches, (0, SIZES[group])))
            np.testing.assert_array_equal(np.stack(found[place]), whole)


def test_prompts_are_divided_evenly_and_never_further_than_one_by_one():
    parts = [part for bundle in by_prompts(SHARDS, SIZES, 50) for part in bundle.parts]
    assert [rows for group, _, rows in parts if group == 0] == [(i, i + 1) for i in range(5)]
    ((only,),) = [bundle.parts for bundle in by_prompts([(0, [0])], [5], 1)]
    assert only == (0, [0], (0, 5))
    (bundle,) = by_prompts([(0, [0])], [11], 4)
    assert [last - first for _, _, (first, last) in bundle.parts] == [3, 3, 2, 3]


@pytest.mark.parametrize(
    ("shards", "prompts", "workers", "may_divide", "expected"),
    [
        (3, 100, 8, True, 8),  # few cells, many prompts
        (8, 100, 8, True, 8),  # cells enough
        (3, 100, 8, False, 3),  # prompts that need each other
        (3, 2, 8, True, 3),  # fewer prompts than cells
        (9, 100, 2, True, 9),
    ],
)
def test_prompts_are_divided_where_workers_would_have_nothing_to_do(
    shards, prompts, workers, may_divide, expected
):
    made = tasks_of([(0, [i]) for i in range(shards)], [prompts], workers, may_divide=may_divide)
    assert sum(len(bundle.parts) for bundle in made) == expected
