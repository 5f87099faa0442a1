"""The attempts under load see what they look for."""

import random
from dataclasses import fields, replace

import pytest

from tests.prove import soak
from tests.prove._gauge import Held, Watched, grown, held, settle, threads
from tests.prove._proof import Proof

pytestmark = pytest.mark.slow


def test_what_grows_steadily_is_seen():
    hours = [turn / 120 for turn in range(40)]
    chance = random.Random(0)
    level = [700 + chance.gauss(0, 5) for _ in hours]
    rising = [one + 300 * hour for one, hour in zip(level, hours, strict=True)]
    warming = [one + 3000 * min(hour, 0.05) for one, hour in zip(level, hours, strict=True)]
    counted = [6 + turn // 4 for turn in range(40)]
    found = [soak.judged("memory", hours, values) for values in (level, rising, warming, counted)]
    assert [grows for _, grows in found] == [False, True, False, True]
    assert found[3][0].startswith("memory: 6 at first, 15 at last, 15 at most; +29.9 an hour")
    assert soak.judged("hooks", hours[:6], counted[:6]) == (
        "hooks: 6 at first, 7 at last, 7 at most; too few samples to tell a slope",
        False,
    )


def test_what_stays_is_told_from_what_comes_and_goes():
    seen = Watched()
    seen.memory = [700 + turn % 7 * turn / 50 for turn in range(400)]
    assert seen.risen == 0
    seen.memory = [one + turn / 5 for turn, one in enumerate(seen.memory)]
    assert 50 < seen.risen < 70
    seen.memory = [500, *[700] * 399]  # what is loaded once
    assert seen.risen == 0


def test_a_short_use_leaves_nothing_behind():
    proof = Proof(soak.PROMISE)
    soak.use(proof, 2, 1, random.Random(0))
    assert proof.fell == []
    assert [note.split(":")[0] for note in proof.notes] == [one.name for one in fields(Held)]


def test_what_is_left_behind_is_said():
    before = held([])
    after = replace(before, hooks=before.hooks + 1, threads=before.threads + 2)
    assert grown(before, after) == [
        f"{before.threads} threads became {before.threads + 2}",
        f"{before.hooks} hooks became {before.hooks + 1}",
    ]
    assert settle(threads() - 1, 0.1) == ["1 threads more still ran after 0 s"]
