"""What one write copies into a cell's rows, and nothing besides: two prompts, positions 1 to 3."""

import pytest
import torch

from patchwidgets.engine.cells import Write
from patchwidgets.engine.overwrite import overwrite

START = 1
VALUES = 1.0 + torch.arange(2 * 3 * 2 * 4).view(2, 3, 2, 4)


def at(*places):
    """Return where (prompt, position) is written."""
    mask = torch.zeros(2, 3, 2, 4, dtype=torch.bool)
    for prompt, position in places:
        mask[prompt, position - START] = True
    return mask


EVERYWHERE = at(*[(prompt, position) for prompt in (0, 1) for position in (1, 2, 3)])
HEAD, WIDTH = torch.arange(2)[:, None], torch.arange(4)

WRITES = {
    "everything": ({}, EVERYWHERE),
    "a head": ({"head": 1}, EVERYWHERE & (HEAD == 1)),
    "neurons": ({"neurons": (1, 3)}, EVERYWHERE & (WIDTH >= 1) & (WIDTH < 3)),
    "positions": ({"positions": [1, 3]}, at((0, 1), (1, 3))),
    "a position before all": ({"positions": [0, 2]}, at((1, 2))),
    "no position": ({"positions": [0, 0]}, at()),
    "a head at positions": ({"head": 0, "positions": [3, 2]}, at((0, 3), (1, 2)) & (HEAD == 0)),
    "neurons at positions": (
        {"neurons": (0, 1), "positions": [2, 2]},
        at((0, 2), (1, 2)) & (WIDTH == 0),
    ),
    "all but a position": (
        {"spared": [[1, 2]]},
        at((0, 2), (0, 3), (1, 1), (1, 3)),
    ),
    "all but two positions": ({"spared": [[0, 2], [3, 3]]}, at((0, 1), (0, 2), (1, 1))),
    "a head at all but a position": (
        {"head": 1, "spared": [[3, 3]]},
        at((0, 1), (0, 2), (1, 1), (1, 2)) & (HEAD == 1),
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_is_written(name):
    options, written = WRITES[name]
    rows = torch.zeros(VALUES.shape)
    overwrite(rows, VALUES, write(**options), START)
    assert torch.equal(rows, VALUES * written)


ATTENDED = {
    "one place in every row": (
        {"attended": [2, 0]},
        [(0, 1, 2), (0, 2, 2), (0, 3, 2), (1, 1, 0), (1, 2, 0), (1, 3, 0)],
    ),
    "one place in one row": ({"attended": [2, 0], "positions": [3, 1]}, [(0, 3, 2), (1, 1, 0)]),
    "a row before all": ({"attended": [2, 3], "positions": [0, 2]}, [(1, 2, 3)]),
}


@pytest.mark.parametrize("name", ATTENDED)
def test_what_is_written_of_a_pattern(name):
    options, places = ATTENDED[name]
    rows = torch.zeros(VALUES.shape)
    overwrite(rows, VALUES, write(site="pattern", head=1, **options), START)
    written = at()
    for prompt, position, attended in places:
        written[prompt, position - START, 1, attended] = True
    assert torch.equal(rows, VALUES * written)


def test_rows_begin_at_the_first_position_if_nothing_is_said():
    rows = torch.zeros(VALUES.shape)
    overwrite(rows, VALUES, write(positions=[0, 2]))
    assert torch.equal(rows, VALUES * at((0, 1), (1, 3)))


def write(site="z", head=None, neurons=None, **places):
    """Return a write with lists as tensors."""
    return Write(
        site, 0, head, neurons=neurons,
        **{"positions": None} | {name: torch.tensor(place) for name, place in places.items()},
    )  # fmt: skip
