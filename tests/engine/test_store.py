"""Measured cells on disk: found again bit for bit, never for another measurement."""

import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import torch

import patchwidgets as pw
from patchwidgets import cli
from patchwidgets.engine import cell_keys, execute, group_work, store, store_file, threads
from patchwidgets.errors import MeasurementError
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny


@pytest.fixture(autouse=True)
def path(monkeypatch, tmp_path):
    """A store of this test's own."""
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    return store.store_path()


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)


def fresh():
    torch.manual_seed(0)
    return bridge_of(FAMILIES["llama"](), "fresh-llama")


def reused(result):
    return result.wait().provenance["cells_from_store"]


@pytest.mark.parametrize("pairs", [PAIRS, RAGGED], ids=["one length", "two lengths"])
def test_a_second_study_reads_every_cell_and_changes_no_bit(pairs):
    def measure():
        study = study_of(tiny("llama"), pairs)
        return [study.sweep("heads", positions="roles").wait(), study.path(["L2H1.v"]).wait()]

    for first, second in zip(measure(), measure(), strict=True):
        run = int((first.snapshot().status == 1).sum())
        assert (reused(first), reused(second)) == (0, run)
        for mine, theirs in zip(first.numbers()[:2], second.numbers()[:2], strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert second.progress.share == 1


def _other_prompt():
    changed = {**PAIRS, "clean": [PAIRS["clean"][0].replace("bag", "ring"), *PAIRS["clean"][1:]]}
    changed["corrupted"] = [PAIRS["corrupted"][0].replace("bag", "ring"), *PAIRS["corrupted"][1:]]
    return study_of(tiny("llama"), changed)


def _other_answer():
    return study_of(tiny("llama"), {**PAIRS, "answers": [" Mary", " Tom", " Tom"]})


def _other_role():
    return study_of(tiny("llama"), {**PAIRS, "roles": {"S2": 10}})


OTHERS = {
    "another model": lambda: study_of(tiny("gpt2"), PAIRS),
    "another prompt": _other_prompt,
    "another answer": _other_answer,
    "another role": _other_role,
    "another metric": lambda: study_of(tiny("llama"), PAIRS, metric="prob"),
    "one metric more": lambda: study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"]),
    "the other direction": lambda: study_of(tiny("llama"), PAIRS, direction="noising"),
    "the other executor": lambda: study_of(tiny("llama"), PAIRS, executor="reference"),
    "no store": lambda: study_of(tiny("llama"), PAIRS, store=False),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_measurement_finds_nothing(other):
    options = {"positions": ["S2"]}
    assert reused(study_of(tiny("llama"), PAIRS).sweep("mlp", **options)) == 0
    assert reused(OTHERS[other]().sweep("mlp", **options)) == 0
    assert reused(study_of(tiny("llama"), PAIRS).sweep("mlp", **options)) > 0


def test_other_sources_and_forms_find_nothing():
    study = study_of(tiny("llama"), PAIRS)
    for source in ("other", "zero", "resample"):
        assert reused(study.sweep("mlp", source=source)) == 0
        assert reused(study.sweep("mlp", source=source)) > 0
    assert reused(study.path(["L2H1.v"], form="pinned")) == 0
    assert reused(study.path(["L2H1.v"], form="direct")) == 0


@pytest.mark.parametrize("what", ["version", "code", "threads"])
def test_another_version_finds_nothing(what, monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    assert reused(study.sweep("mlp")) == 0
    if what == "version":
        monkeypatch.setattr(cell_keys, "version", lambda name: "0.0")
    elif what == "code":
        monkeypatch.setattr(cell_keys, "code_hash", lambda: "other")
    else:
        monkeypatch.setattr(threads, "MOST_THREADS", 1)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    assert reused(study.sweep("mlp")) == 0


@pytest.mark.parametrize("source", ["resample", "mean"])
def test_other_templates_find_nothing_where_a_source_draws_on_them(source):
    """With the same tokens, but other partners to draw or to average."""
    model = fresh()
    for templates in ("aaa", "abb"):
        pairs = {name: column * 2 for name, column in PAIRS.items() if name != "roles"}
        pairs |= {"roles": PAIRS["roles"], "groups": [*templates, *templates]}
        given = {"reference": pw.PromptPairs(**pairs)} if source == "mean" else {}
        study = study_of(model, pairs)
        assert reused(study.sweep("mlp", source=source, **given)) == 0
        assert reused(study.sweep("mlp", source=source, **given)) > 0


@pytest.mark.parametrize("factor", [1.5, 1.001])
def test_a_changed_weight_finds_nothing_even_if_the_key_misses_it(factor, monkeypatch):
    model = fresh()
    study = study_of(model, PAIRS)
    study.sweep("mlp").wait()
    monkeypatch.setattr(type(study._session.model), "fingerprint", lambda _: "always the same")
    assert reused(study_of(model, PAIRS).sweep("mlp")) == 0
    assert reused(study_of(model, PAIRS).sweep("mlp")) > 0
    hf_model: Any = model.original_model
    with torch.no_grad():
        hf_model.lm_head.weight[3:].mul_(factor)
    assert reused(study_of(model, PAIRS).sweep("mlp")) == 0


def test_what_a_callers_function_does_is_never_stored(path):
    def mine(logits, answers, reference):
        return logits[..., 5]

    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", mine])
    assert [reused(study.sweep("mlp")) for _ in range(2)] == [0, 0]
    assert store_file.content(path).cells == 0


def test_a_callers_function_with_a_name_of_ours_is_never_stored(path):
    def logit_diff(logits, answers, reference):
        return logits[..., 5]

    study_of(tiny("llama"), PAIRS, metric="logit_diff").sweep("mlp").wait()
    cells = store_file.content(path).cells
    study = study_of(tiny("llama"), PAIRS, metric=logit_diff)
    assert [reused(study.sweep("mlp")) for _ in range(2)] == [0, 0]
    assert store_file.content(path).cells == cells > 0


def test_what_a_callers_hook_does_is_never_stored(path):
    model = fresh()
    model.add_hook("blocks.1.hook_mlp_out", lambda activation, hook: activation / 2)
    study = study_of(model, PAIRS)
    assert [reused(study.sweep("mlp")) for _ in range(2)] == [0, 0]
    assert store_file.content(path).cells == 0


def test_a_cancelled_sweep_goes_on_where_it_stopped(small_chunks):
    whole = study_of(tiny("llama"), PAIRS, store=False).sweep("heads", positions="each").wait()
    first = study_of(tiny("llama"), PAIRS).sweep("heads", positions="each")
    first._job.listen(lambda job: job.share > 0.3 and job.cancel())
    first.wait()
    assert first.progress.state == "cancelled"
    measured = int((first.snapshot().status == 1).sum())
    second = study_of(tiny("llama"), PAIRS).sweep("heads", positions="each")
    assert 0 < measured <= reused(second)
    np.testing.assert_array_equal(second.snapshot().values, whole.snapshot().values)


def test_part_of_a_wave_is_measured_as_a_whole(path, monkeypatch):
    monkeypatch.setattr(threads, "MOST_THREADS", 1)  # the map is one wave
    study = study_of(tiny("llama"), PAIRS)
    whole = study.sweep("heads").wait().snapshot().values
    with closing(sqlite3.connect(path)) as file:
        file.execute("DELETE FROM cells WHERE patch = 'L1H2'")
        file.commit()
    again = study.sweep("heads").wait()
    assert reused(again) == 0
    np.testing.assert_array_equal(again.snapshot().values, whole)


def _garbage(path):
    path.write_bytes(b"this is no database" * 300)


def _cut(path):
    path.write_bytes(path.read_bytes()[:5000])


def _one_number(path):
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE cells SET numbers = zeroblob(length(numbers)) WHERE patch = 'L1H2'")
        file.commit()


def _foreign(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE cells (mine TEXT)")


def _newer(path):
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")


def _folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [_garbage, _cut, _one_number, _foreign, _newer, _folder])
def test_a_store_that_cannot_be_used_costs_one_warning(damage, path):
    study = study_of(tiny("llama"), PAIRS)
    wanted = study.sweep("heads").wait().snapshot().values
    damage(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.warns(UserWarning, match=r"^The store of measured cells .* cannot be used") as all_:
        results = [study.sweep("heads").wait() for _ in range(2)]
    assert len(all_) == 1
    assert str(all_[0].message).endswith(
        "so every cell is measured and none is kept. `patchwidgets cache clear` starts a new one; "
        "`Study(..., store=False)` does without."
    )
    for result in results:
        assert reused(result) == 0
        np.testing.assert_array_equal(result.snapshot().values, wanted)
    if damage is _foreign:
        assert path.read_bytes() == before


@pytest.mark.parametrize("pragma", ["query_only = ON", "max_page_count = 1"], ids=["read", "full"])
def test_a_store_that_takes_nothing_costs_one_warning(pragma, path, monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    wanted = study.sweep("heads").wait().snapshot().values

    def connect(path):
        connection = store_file.connect(path)
        connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection

    monkeypatch.setattr(store, "connect", connect)

    def measure():
        result = study.sweep("heads", positions="each").wait()
        opened = store.CellStore(path)
        numbers = {f"L{layer}H0": np.zeros((1, 8)) for layer in range(1000)}
        store.StoredCells(opened, "much", np.zeros((2, 8)), 0.0).write(numbers)
        opened.close()
        return result

    with pytest.warns(UserWarning, match=r"cannot be used \((attempt to write|database or disk)"):
        assert measure().progress.state == "done"
    np.testing.assert_array_equal(study.sweep("heads").wait().snapshot().values, wanted)


def test_a_locked_store_costs_one_warning(path, monkeypatch):
    monkeypatch.setattr(store_file, "PATIENCE", 0.1)
    study = study_of(tiny("llama"), PAIRS)
    study.sweep("mlp").wait()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.warns(UserWarning, match=r"cannot be used \(database is locked\)"):
            assert reused(study.sweep("heads")) == 0


KINDS = {
    "sweep": lambda study, **options: study.sweep("heads", **options),
    "path": lambda study, **options: study.path(["L2H1.v"], **options),
}


@pytest.mark.parametrize("kind", KINDS)
def test_verify_measures_stored_cells_again(path, kind):
    study, measure = study_of(tiny("llama"), PAIRS), KINDS[kind]
    measure(study).wait()
    assert reused(measure(study, verify=5)) > 10
    with closing(sqlite3.connect(path)) as file:
        for patch, raw in file.execute("SELECT patch, numbers FROM cells").fetchall():
            moved = (np.frombuffer(raw) + 0.5).tobytes()
            row = (moved, store._checksum(patch, moved), patch)
            file.execute("UPDATE cells SET numbers = ?, checksum = ? WHERE patch = ?", row)
        file.commit()
    with pytest.raises(
        MeasurementError,
        match=r"^The stored cell `[^`]+` of `tiny-llama` has another number when it is measured "
        r"again: 0\.\d+ apart, where 0\.001 is rounding\. No number is returned, and the stored "
        r"cells of this sweep are dropped\. Sweep again to measure all of them\.$",
    ):
        measure(study, verify=5).wait()
    assert reused(measure(study)) == 0


def test_numbers_that_fail_a_check_do_not_stay_stored(monkeypatch):
    study = study_of(tiny("llama"), PAIRS)
    right = group_work.advance
    with monkeypatch.context() as patched:
        patched.setattr(group_work, "advance", lambda *all_: right(*all_).roll(1, 0))
        with pytest.raises(MeasurementError, match="disagree on patch"):
            study.sweep("heads").wait()
    assert reused(study.sweep("heads")) == 0


def test_the_sweeps_used_longest_ago_are_dropped_over_the_limit(path):
    for number in range(40):
        opened = store.CellStore(path, limit=200_000)
        cells = store.StoredCells(opened, f"sweep {number}", np.zeros((2, 8)), 0.0)
        cells.write({f"L{layer}H0": np.zeros((1, 8)) for layer in range(100)})
        store.StoredCells(opened, "sweep 0", np.zeros((2, 8)), 0.0).read()
        opened.close()
    held = store_file.content(path)
    assert held.bytes <= 200_000
    assert path.stat().st_size <= 300_000
    opened = store.CellStore(path)
    kept = [
        bool(store.StoredCells(opened, f"sweep {number}", np.zeros((2, 8)), 0.0).read())
        for number in range(40)
    ]
    opened.close()
    assert kept[0]
    assert kept[-1]
    assert not all(kept)


WRITER = """
import sys, numpy as np
from pathlib import Path
from patchwidgets.engine.store import CellStore, StoredCells
opened = CellStore(Path(sys.argv[1]))
cells = StoredCells(opened, "shared", np.zeros((2, 4)), 0.0)
for wave in range(150):
    cells.write({f"{sys.argv[2]}-{wave}-{i}": np.full((1, 4), wave + i) for i in range(20)})
opened.close()
"""


def test_two_processes_share_one_store(path):
    both = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    assert [one.wait(60) for one in both] == [0, 0]
    opened = store.CellStore(path)
    got = store.StoredCells(opened, "shared", np.zeros((2, 4)), 0.0).read()
    opened.close()
    assert len(got) == 2 * 150 * 20
    for name, numbers in got.items():
        _, wave, i = name.split("-")
        np.testing.assert_array_equal(numbers, np.full((1, 4), int(wave) + int(i)))
    assert store_file.content(path).sweeps == 1


def test_the_command_line_shows_and_clears_the_store(path, capsys):
    study = study_of(tiny("llama"), PAIRS)
    study.sweep("heads").wait()
    assert cli.main(["cache"]) == 0
    where, size = capsys.readouterr().out.splitlines()
    assert where == str(path)
    assert size.endswith("MB of 2000 MB: 12 cells of 1 sweeps, each on one group of prompts")
    assert cli.main(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"cleared {path}\n"
    assert store_file.content(path).cells == 0
    _garbage(path)
    assert cli.main(["cache"]) == 1
    said = (
        f"patchwidgets: The store of measured cells {path} cannot be read (file is not a "
        "database). Type `patchwidgets cache clear` to start a new one."
    )
    # A path that is longer than a line is broken anywhere.
    assert "".join(capsys.readouterr().err.split()) == "".join(said.split())
    cli.main(["cache", "clear"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reused(study.sweep("heads")) == 0
