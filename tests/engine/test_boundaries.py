"""What shows only at a boundary: the first token, the last cell that fits, one more than one."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from patchwidgets.engine import (
    cell_keys,
    execute,
    patterns,
    precision,
    replay,
    runs,
    store,
    store_file,
)
from patchwidgets.engine.cells import Cell, resolve
from patchwidgets.engine.estimating import _Room
from patchwidgets.engine.group_work import GroupWork
from patchwidgets.engine.knowing import Knowing, _nothing_known
from patchwidgets.engine.memory import gradient_bytes
from patchwidgets.engine.path_forms import _rows_of
from patchwidgets.engine.wave import advance
from patchwidgets.errors import MemoryBudgetError, PlanError
from patchwidgets.nodes import Node, parse_node
from patchwidgets.prompts.corruptions.token_replacement import TokenReplacement
from patchwidgets.prompts.pairs import END
from tests.families import PAIRS, RAGGED, SIZE, bridge_of, study_of, tiny
from tests.models.tiny_ioi import ioi_study
from tests.parity import plan_of

FROM_THE_FIRST = {
    "clean": ["Mary went to the store", "Tom gave a bag to"],
    "corrupted": ["John went to the store", "Anna gave a ring to"],
    "answers": [" Mary", " Tom"],
    "wrong_answers": [" John", " Anna"],
}


@pytest.mark.parametrize("form", ["pinned", "direct", "pinned_all"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "pythia"])
def test_receivers_of_two_layers_where_the_first_token_differs(family, form):
    """What an earlier receiver is let know reaches a later one in one form only."""
    asked = {"prepend_bos": False, "store": False}
    fast, slow = (
        study_of(tiny(family), FROM_THE_FIRST, executor=executor, **asked)
        .path(["L1.mlp_in", "L1H1.v", "L2H1.v", "L2.mlp_in"], form=form)
        .wait()
        for executor in ("auto", "reference")
    )
    assert fast.provenance["executor"] == "wavefront"
    np.testing.assert_allclose(fast.snapshot().values, slow.snapshot().values, atol=1e-4)


def test_rows_of_those_who_travelled_far_enough():
    values = torch.arange(6.0)[:, None]  # of three travellers, two prompts each

    def rows(*travellers):
        return _rows_of(values, travellers, 2).flatten().tolist()

    assert rows(0, 1) == [0, 1, 2, 3]
    assert rows(0, 2) == [0, 1, 4, 5]
    assert rows(1) == [2, 3]
    assert rows(0, 1, 2, 3, 5) == [0, 1, 2, 3, 4, 5]
    assert rows(2, 3) == [4, 5]
    assert rows(3) == []


def measurement(study, **changes):
    session = study._session
    plan = study.plan("heads")
    return execute.Measurement(session.model, plan, session.runs_with({"z"}), fast=True, **changes)


@pytest.mark.parametrize("cells", [1, 3, 4])
def test_as_many_cells_are_measured_together_as_memory_holds(cells):
    study = study_of(tiny("llama"), PAIRS, store=False)
    one = measurement(study).bytes(0)
    exactly, one_less = (measurement(study, memory=cells * one - less) for less in (0, 1))
    assert len(exactly.chunks[1]) == cells
    if cells > 1:
        assert len(one_less.chunks[1]) == cells - 1


@pytest.mark.parametrize(("workers", "threads"), [(2, 1), (1, 2)])
def test_two_who_measure_beside_each_other_both_have_cells(workers, threads):
    study = study_of(tiny("llama"), PAIRS, store=False)
    alone = measurement(study)
    assert len(alone.chunks) == 2  # none that change nothing, and all
    beside = measurement(study, workers=workers, threads=threads)
    assert len(beside.chunks) > 2


def test_a_chunk_holds_some_tokens_for_each_length(monkeypatch):
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 8)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 100)
    study = study_of(tiny("llama"), RAGGED, store=False)
    assert len(study.prompts.groups) == 2
    one = measurement(study)
    tokens = sum(work.tokens(work.cells[0]) for work in one.work)
    assert len(one.chunks[1]) == 200 // tokens


def test_a_wave_that_fits_is_not_measured_in_parts(monkeypatch):
    sizes, right = [], GroupWork._together
    monkeypatch.setattr(
        GroupWork,
        "_together",
        lambda self, cells, check: sizes.append(len(cells)) or right(self, cells, check),
    )
    study = study_of(tiny("llama"), PAIRS, store=False)
    monkeypatch.setattr("patchwidgets.engine.session.threads_for", lambda _: 1)
    study.sweep("heads").wait()
    assert max(sizes) == len(study.plan("heads").patches)


def test_progress_ends_at_the_number_of_cells_whatever_was_stored(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    for name in ("CHUNK_TOKENS", "SMALL_CHUNK_TOKENS"):
        monkeypatch.setattr(execute, name, 40)
    study = study_of(tiny("llama"), PAIRS)
    some = plan_of(study.plan("heads").patches[3:9])
    study.sweep(lambda _spec, _shape: some).wait()
    for _ in range(2):  # some of the cells are stored, then all of them
        result = study_of(tiny("llama"), PAIRS).sweep("heads").wait()
        assert (result._job.done, result._job.total) == (len(result.plan.patches),) * 2


def test_logits_are_read_a_few_rows_at_a_time_and_whole_cells(monkeypatch):
    study = study_of(tiny("llama"), PAIRS, metric="kl_div", store=False)
    read, right = [], type(study._session.model).readout
    monkeypatch.setattr(runs, "READ_ROWS", 7)
    monkeypatch.setattr(
        type(study._session.model),
        "readout",
        lambda self, residual, columns=None: (
            read.append(len(residual)) or right(self, residual, columns)
        ),
    )
    study.sweep("heads").wait()
    assert set(read) == {6}  # two cells of three prompts


def test_prompts_of_attention_patterns_are_taken_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(patterns, "ROWS", 2)
    study = study_of(tiny("llama"), PAIRS, store=False)
    kept = study._session.runs_with({"pattern"})
    taken = patterns._batches(study._session, kept, [0, 1, 2])
    assert [rows for _, rows in taken] == [slice(0, 2), slice(2, 3)]


def test_rounding_is_the_larger_of_that_of_logits_and_of_other_arithmetic(monkeypatch):
    study = study_of(tiny("llama"), PAIRS, store=False)
    groups, model = study._session.runs_with({"z"}), study._session.model
    for found in (1e-9, 7.0):
        monkeypatch.setattr(precision, "_of_patching_nothing", lambda *_: np.array([found]))  # noqa: B023
        largest = precision.noise_floor(model, groups, lambda: None, fast=True)
        without = precision.noise_floor(model, groups, lambda: None, fast=False)
        assert largest == max(found, without)


def test_a_cell_at_the_last_token_is_written_and_one_beyond_by_nobody():
    roles = {END: torch.tensor([4, 4])}

    def cell(position):
        return resolve(0, [Node("z", 1, 0, position)], roles, first_difference=2, batch=2)

    assert len(cell(4).writes) == len(cell(3).writes) == 1
    assert cell(5).writes == ()


@pytest.mark.parametrize(
    ("corruptions", "asked"),
    [
        (1, "on both prompts of a pair, the right answer"),
        (2, "on both prompts of a pair, under each of 2 corruptions, the right answer"),
    ],
)
def test_whoever_knows_nothing_is_told_under_how_many_corruptions(corruptions, asked):
    model = study_of(tiny("llama"), PAIRS)._session.model
    said = str(_nothing_known(model, 3, [Knowing("top", True)] * corruptions))
    assert f": {asked} is its first choice among all tokens for 0 of 3 (0 %). " in said


@pytest.mark.parametrize("draws", [1, 2])
def test_prompts_say_that_they_are_drawn_again_where_they_are(draws):
    study = ioi_study(n=2, corruption=TokenReplacement(draws=draws), at="ABC")
    prompts = study.sweep("mlp").wait().provenance["prompts"]
    assert all(("redrawn" in one) == (draws > 1) for one in prompts)


def test_the_hash_of_the_code_is_another_when_any_file_of_it_is(tmp_path, monkeypatch):
    package = Path(cell_keys.__file__).parents[1]
    for folder in cell_keys.MEASURING:
        shutil.copytree(package / folder, tmp_path / folder)
    monkeypatch.setattr(cell_keys, "__file__", str(tmp_path / "engine" / "cell_keys.py"))
    hashes = {cell_keys.code_hash.__wrapped__()}
    for folder in cell_keys.MEASURING:
        with (next((tmp_path / folder).glob("*.py"))).open("a") as file:
            file.write("# another\n")
        hashes.add(cell_keys.code_hash.__wrapped__())
    (tmp_path / cell_keys.MEASURING[0] / "new.py").touch()
    hashes.add(cell_keys.code_hash.__wrapped__())
    assert len(hashes) == len(cell_keys.MEASURING) + 2


def test_graddrop_is_for_two_blocks_and_more():
    sizes: dict[str, Any] = SIZE | {"num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = LlamaConfig(**sizes, hidden_size=16, intermediate_size=16, max_position_embeddings=64)
    study = study_of(bridge_of(LlamaForCausalLM(config), "two-blocks"), PAIRS, store=False)
    found = study.estimate("heads", method="attribution", graddrop=True)
    assert np.isfinite(found.effect().to_numpy()).any()


def test_a_store_that_is_emptied_gives_its_space_back_while_others_read_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    study_of(tiny("llama"), PAIRS).sweep("heads").wait()
    path = store.store_path()
    with closing(store_file.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM cells").fetchall()
        store_file.clear(path)
        assert path.with_name(f"{path.name}-wal").stat().st_size == 0


@pytest.mark.parametrize(
    ("method", "options", "signed"),
    [
        ("attribution", {}, True),
        ("attribution", {"graddrop": True}, False),
        ("eap", {}, True),
        ("eap_ig", {}, True),
    ],
)
def test_estimates_have_a_sign_but_for_those_that_are_sizes(method, options, signed):
    study = study_of(tiny("llama"), PAIRS, store=False)
    plan = "heads" if method == "attribution" else study.plan("path", receivers=["logits"])
    assert study.estimate(plan, method=method, **options).estimate.signed is signed


def test_a_prompt_with_answers_of_several_tokens_takes_the_gradients_of_all_its_rows():
    pairs = PAIRS | {"answers": [[" Mary gave", " Tom gave"]] * 3}
    study = study_of(tiny("llama"), pairs, metric="continuation_logprob", store=False)
    (group,) = study._session.runs_with({"z"})
    rows = group.batch // group.prompts
    assert rows > 1
    base, spec = group.base, study._session.model.spec
    one = gradient_bytes(spec, 4, length=base.length, read=base.read)
    assert _Room(study._session.model, 2 * rows * one).prompts(group) == 2
    with pytest.raises(MemoryBudgetError):
        _Room(study._session.model, rows * one - 1).prompts(group)


def test_a_cache_says_how_many_positions_come_before_those_that_a_block_is_called_on():
    prefix = replay._PrefixCache(torch.zeros(2, 1, 3, 4), torch.zeros(2, 1, 3, 4))
    given = replay._Given(prefix)
    assert prefix.get_seq_length() == given.get_seq_length() == 3
    with pytest.raises(replay._AllGiven):
        given.update(torch.ones(2, 1, 5, 4), torch.ones(2, 1, 5, 4))
    assert given.of_all_positions(read=2).get_seq_length() == 3 + 5 - 2


@pytest.mark.parametrize(("node", "head"), [("embed", "L0H0"), ("L2.mlp_out", "L2H0")])
def test_what_has_no_attention_pattern_is_told_of_a_head_that_has(node, head):
    spec = study_of(tiny("llama"), PAIRS)._session.model.spec
    with pytest.raises(PlanError) as refused:
        patterns._require_head(spec, parse_node(node))
    assert str(refused.value) == (
        f"`{node}` is no attention head, so it has no attention pattern. Name a head, such as "
        f"`{head}`."
    )


def known_of_32(n):
    """Return how many pairs are kept of how many were asked, and the study."""
    study = ioi_study(n=n, known=True)
    return study.sweep("mlp").wait().provenance["known"]["share"]


def test_no_more_pairs_are_asked_than_it_takes():
    kept, asked = known_of_32(1)
    assert asked == 32
    assert 1 < kept < 16  # so that as many, and one more, are still asked for by 32 at a time
    assert known_of_32(kept) == [kept, 32]
    more, asked = known_of_32(kept + 1)
    assert more > kept
    assert asked > 32


def test_bytes_of_gradients_by_hand():
    """Blocks twice, logits and their gradient, and copies of the logits that are read."""
    study = study_of(tiny("llama"), PAIRS, store=False)
    spec = study._session.model.spec
    none, once = (replace(spec, d_vocab=size) for size in (0, 1))
    blocks = gradient_bytes(none, 4, length=5)
    assert blocks > 0
    assert gradient_bytes(once, 4, length=5) - blocks == 2 * 4 * 5 + 3 * 4
    assert gradient_bytes(once, 4, length=5, read=2) - blocks == 2 * 4 * 5 + 2 * 3 * 4
    double = gradient_bytes(once, 8, length=5) - gradient_bytes(none, 8, length=5)
    assert double == 2 * 8 * 5 + 3 * 8
    assert gradient_bytes(replace(none, n_layers=6), 4, length=5) == 2 * blocks


def test_a_head_just_beyond_the_last_and_a_pair_just_beyond_the_last_are_refused():
    session = study_of(tiny("llama"), PAIRS, store=False)._session
    patterns._require_head(session.model.spec, parse_node("L2H3"))
    for node in ("L2H4", "L3H0"):
        with pytest.raises(PlanError) as refused:
            patterns._require_head(session.model.spec, parse_node(node))
        assert str(refused.value) == (
            f"`{node}` is no head of `tiny-llama`, which has layers 0 to 2 with heads 0 to 3 each."
        )
    patterns._require_one_length(session, [0, 1, 2])
    for pair in (3, -1):
        with pytest.raises(PlanError) as refused:
            patterns._require_one_length(session, [0, pair])
        assert str(refused.value) == (
            f"There is no prompt pair {pair}: this study has pairs 0 to 2."
        )


def test_a_rounded_logit_is_off_by_half_a_step_at_most():
    study = study_of(tiny("llama"), PAIRS, store=False)
    (group,) = study._session.runs_with({"z"})
    eps = torch.finfo(torch.float32).eps
    largest = max(float(run.logits.abs().max()) for run in (group.base, group.other))
    (found,) = precision._of_rounded_logits(study._session.model, group)
    assert 0 < found <= eps * largest + 1e-9


def test_a_wave_can_be_stopped_before_every_block():
    session = study_of(tiny("llama"), PAIRS, store=False)._session
    (group,) = session.runs_with({"z"})
    calls = []
    for entry, times in ((0, 3), (1, 2), (2, 1)):
        cell = Cell(patch=0, writes=(), entry=entry, start=1)
        calls.clear()
        with torch.inference_mode():
            one = replay.Replay(session.model, group.base, 1)
            advance(one, group.base, [cell], lambda: calls.append(None))
        assert len(calls) == times


def test_a_result_says_of_which_weights_it_is():
    study = study_of(tiny("llama"), PAIRS, store=False)
    result = study.sweep("mlp").wait()
    assert result.provenance["fingerprint"] == study._session.model.fingerprint()
    assert result.provenance["executor"] == "wavefront"
