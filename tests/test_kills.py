"""A sweep that is killed goes on where it stopped, with the same bits."""

from tests.kills import kill_and_resume


def test_a_killed_sweep_goes_on_and_loses_no_bit(tmp_path):
    kills = kill_and_resume(3, tmp_path)
    assert len(kills.stored) == 3
    assert sum(map(bool, kills.stored)) >= 2
    assert kills.again == 0
    assert kills.identical
    assert all(kills.identical)
