"""What a receiver is let know, written by hand: two prompts, positions 1 to 3, cells of both."""

import pytest
import torch

from patchwidgets.engine.path_receivers import Receiver, together

START, D_HEAD = 1, 2
VALUES = 1.0 + torch.arange(2 * 3 * 2).view(2, 3, 2)


def receiver(site="mlp_in", head=None, positions=None):
    return Receiver(site, 1, head, None if positions is None else torch.tensor(positions))


def expected(places, row):
    """Return two cells' rows with the values at some (prompt, position)."""
    wanted = torch.zeros(4, 3, 2)
    for prompt, position in places:
        wanted[row + prompt, position - START] = VALUES[prompt, position - START]
    return wanted


WHERE = {
    "everywhere": (None, [(prompt, position) for prompt in (0, 1) for position in (1, 2, 3)]),
    "at positions": ([1, 3], [(0, 1), (1, 3)]),
    "at the first that is run": ([1, 1], [(0, 1), (1, 1)]),
    "before the first that is run": ([0, 2], [(1, 2)]),
}


@pytest.mark.parametrize("row", [0, 2])
@pytest.mark.parametrize("name", WHERE)
def test_a_stream_is_overwritten_in_a_copy(name, row):
    positions, places = WHERE[name]
    stream = torch.zeros(4, 3, 2)
    got = receiver(positions=positions).overwritten(stream, VALUES, START, D_HEAD, row)
    assert torch.equal(got, expected(places, row))
    assert not stream.any()


@pytest.mark.parametrize("name", WHERE)
def test_a_head_is_overwritten_in_place(name):
    positions, places = WHERE[name]
    heads = torch.zeros(4, 3, 2, 2)
    got = receiver("v", 1, positions).overwritten(heads, VALUES, START, D_HEAD)
    assert got is heads
    assert torch.equal(heads[:, :, 1], expected(places, 0))
    assert not heads[:, :, 0].any()


def test_several_cells_have_the_same_positions():
    stream, values = torch.zeros(4, 3, 2), torch.cat([VALUES, 2 * VALUES])
    got = receiver(positions=[1, 3]).overwritten(stream, values, START, D_HEAD)
    both = expected([(0, 1), (1, 3)], 0) + 2 * expected([(0, 1), (1, 3)], 2)
    assert torch.equal(got, both)


def test_hooks_are_those_of_the_site_and_the_layer():
    assert receiver("v").hook == "blocks.1.attn.hook_v"
    assert receiver("resid_pre").hook == "blocks.1.hook_resid_pre"


def test_what_arrived_from_several_senders_is_one_after_another():
    one, other = receiver(), receiver()
    parts = [{one: VALUES, other: 2 * VALUES}, {one: 3 * VALUES, other: 4 * VALUES}]
    joined = together(parts)
    assert torch.equal(joined[one], torch.cat([VALUES, 3 * VALUES]))
    assert torch.equal(joined[other], torch.cat([2 * VALUES, 4 * VALUES]))
    assert together([]) == {}
