"""Arithmetic, memory and time that cells are said to take, counted by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from patchwidgets.engine import cost
from patchwidgets.engine.cells import Cell, Write
from patchwidgets.engine.memory import cell_bytes, parse_bytes, require_room, written_bytes
from patchwidgets.engine.path_receivers import Receiver
from patchwidgets.engine.work import multiply_adds
from patchwidgets.errors import MemoryBudgetError
from tests.families import PAIRS, study_of, tiny
from tests.plain_spec import SPEC as PLAIN

SPEC = replace(PLAIN, d_vocab=100)
# Five prompts of six tokens, changed from the third on: 20 tokens travel.
RUN: dict[str, Any] = {"prompts": 5, "length": 6}
TOKENS = 20
QUERIES, KEYS_VALUES, OUTPUT = 4 * 2 * 2, 4 * 2 * 2, 4 * 2 * 2
MLP = 3 * 4 * 8
BLOCK = QUERIES + KEYS_VALUES + OUTPUT + MLP + 2 * (2 * 2 * 6)  # scores, and their mean of values
SPARED = TOKENS * (BLOCK - QUERIES - KEYS_VALUES) - 5 * BLOCK
"""The last block makes queries, keys and values of all, and the rest of the last token alone."""


def cell(site, layer, start=2):
    return Cell(0, (Write(site, layer, None, None),), entry=layer, start=start)


def work(one, *stops, **options):
    receivers = [[Receiver(site, layer, 0, None) for site, layer in stop] for stop in stops]
    return multiply_adds(one, SPEC, stops=receivers, **RUN | options)


def test_the_work_of_a_plain_patch():
    assert work(cell("z", 2)) == TOKENS * BLOCK
    assert work(cell("z", 1)) == TOKENS * 2 * BLOCK - SPARED
    assert work(cell("z", 0)) == TOKENS * 3 * BLOCK - SPARED
    assert work(cell("resid_pre", 2)) == TOKENS * BLOCK - SPARED
    assert work(cell("resid_pre", 3)) == 0
    assert work(cell("z", 1), read=2) == TOKENS * 2 * BLOCK - SPARED + 5 * BLOCK
    assert work(cell("z", 1, start=5)) == 5 * 2 * BLOCK  # nothing to spare: one token is left


def test_the_work_of_a_patch_of_several_places():
    both = Cell(0, cell("z", 0).writes + cell("z", 2).writes, entry=0, start=2)
    assert work(both) == TOKENS * 3 * BLOCK


@pytest.mark.parametrize(
    ("sender", "receiver", "way", "blocks"),
    [
        # In its own block all of it is computed, then MLPs up to the receiver, then blocks again.
        (("z", 0), ("v", 2), BLOCK + MLP, 1),
        (("z", 1), ("v", 2), BLOCK, 1),
        (("resid_pre", 0), ("v", 2), 2 * MLP, 1),
        (("resid_pre", 2), ("v", 2), 0, 1),
    ],
)
def test_the_work_of_a_path(sender, receiver, way, blocks):
    one = cell(*sender)
    assert work(one, [receiver], form="pinned") == TOKENS * (way + blocks * BLOCK)
    own = BLOCK if sender[0] == "z" else 0
    assert work(one, [receiver], form="direct") == TOKENS * (own + blocks * BLOCK)
    shared = work(one, [receiver], form="pinned", shared_by=4)
    assert shared == TOKENS * (way // 4 + blocks * BLOCK)


def test_the_work_of_a_path_with_stops():
    one = cell("z", 0)
    assert work(one, [("q", 1)], form="pinned") == TOKENS * 3 * BLOCK - SPARED
    assert work(one, [("q", 1)], [("v", 2)], form="pinned") == TOKENS * 3 * BLOCK
    # The last of the receivers ends the way, and the first begins the blocks.
    assert work(one, [("q", 1), ("v", 2)], form="pinned") == TOKENS * (BLOCK + MLP + 2 * BLOCK)


def test_the_memory_of_a_cell():
    suffix, length, itemsize = 4, 6, 2
    residual, mlp = 6 * 4 * suffix, 3 * 8 * suffix
    pattern = 2 * suffix * length
    attention = 3 * (2 * 2 * suffix) + 2 * 3 * 2 * length + 2 * pattern
    assert mlp < attention

    def taken(spec=SPEC, itemsize=itemsize, **options):
        return cell_bytes(spec, itemsize, start=2, **RUN | {"every_logit": False} | options)

    assert taken() == 5 * ((residual + attention) * itemsize + 4 * pattern)
    wide = replace(SPEC, d_mlp=32)
    assert taken(wide) == 5 * ((residual + 3 * 32 * suffix) * itemsize + 4 * pattern)
    plain = replace(wide, gated_mlp=False)
    assert taken(plain) == 5 * ((residual + 2 * 32 * suffix) * itemsize + 4 * pattern)
    assert taken(every_logit=True) == 5 * 3 * 4 * 100
    assert taken(every_logit=True, read=2) == 5 * 3 * 4 * 100 * 2
    assert taken(itemsize=8, every_logit=True, read=2) == 5 * 3 * 8 * 100 * 2


def test_a_budget_has_room_for_exactly_a_cell():
    session = study_of(tiny("llama"), PAIRS)._session
    groups = [runs.group for runs in session._runs]
    spec = session.model.spec
    needed = cell_bytes(spec, 4, prompts=3, length=15, start=10, every_logit=False, read=1)
    require_room(needed, spec, 4, groups, every_logit=False)
    with pytest.raises(MemoryBudgetError):
        require_room(needed - 1, spec, 4, groups, every_logit=False)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (999_000, "999 KB"),
        (1_000_000, "1 MB"),
        (1_000_000_000, "1 GB"),
        (1_510_000_000, "1.51 GB"),
    ],
)
def test_memory_in_words(amount, written):
    assert written_bytes(amount) == written


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        *[("B", 1), ("KB", 10**3), ("MB", 10**6), ("GB", 10**9)],
        *[("KiB", 2**10), ("MiB", 2**20), ("gib", 2**30)],
    ],
)
def test_units_of_memory(unit, size):
    assert parse_bytes(f"3 {unit}") == 3 * size
    assert parse_bytes("1") == 1


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.99, "less than a second"),
        (1.0, "about 1 s"),
        (89.4, "about 89 s"),
        (90.0, "about 2 min"),
        (600.0, "about 10 min"),
        (5399.0, "about 90 min"),
        (5400.0, "about 1.5 h"),
        (36_000.0, "about 10.0 h"),
    ],
)
def test_time_in_words(seconds, written):
    assert cost.written_seconds(seconds) == written


@pytest.mark.parametrize(("executor", "calls"), [("auto", 3), ("reference", 3 * 3)])
def test_time_is_arithmetic_at_a_rate_and_a_millisecond_for_each_block(
    executor, calls, monkeypatch
):
    monkeypatch.setattr("patchwidgets.engine.threads.MOST_THREADS", 1)
    monkeypatch.setattr(cost, "multiply_rate", lambda model: 2e6)
    said = study_of(tiny("llama"), PAIRS, executor=executor).cost("mlp")
    assert said.rate == 2e6
    assert said.seconds == pytest.approx(said.multiply_adds / (0.7 * 2e6) + 0.001 * calls)


def test_memory_is_that_of_the_largest_waves_at_the_same_time(monkeypatch):
    monkeypatch.setattr("patchwidgets.engine.execute.CHUNK_TOKENS", 20)
    monkeypatch.setattr("patchwidgets.engine.execute.SMALL_CHUNK_TOKENS", 20)
    study = study_of(tiny("llama"), PAIRS)
    spec = study._session.model.spec
    one = cell_bytes(spec, 4, prompts=3, length=15, start=10, every_logit=False)
    for threads in (1, 2):
        monkeypatch.setattr("patchwidgets.engine.threads.MOST_THREADS", threads)
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert study.cost("mlp").peak_bytes == threads * one


def test_the_rate_is_multiply_adds_of_a_product_by_the_median_second(monkeypatch):
    clock = iter([0, 5, 10, 12, 20, 22, 30, 32, 40, 42, 50, 52, 60, 62, 70, 77, 80, 82])
    monkeypatch.setattr(cost.time, "perf_counter", lambda: next(clock))
    rate = cost._rate.__wrapped__(3, 5, torch.float32, torch.device("cpu"))
    assert rate == cost.CHUNK_TOKENS * 3 * 5 / 2


@pytest.mark.parametrize(("executor", "tokens"), [("auto", 3 * 5), ("reference", 3 * 15)])
def test_only_the_fast_executor_carries_tokens_from_the_first_change_on(executor, tokens):
    study = study_of(tiny("llama"), PAIRS, executor=executor)
    session, plan = study._session, study.plan("mlp")
    with session.model.measuring():
        (work,) = session._measurement(plan, session.runs_with(["mlp_out"]), None).work
    assert [work.tokens(one) for one in work.cells] == [tokens] * 3
