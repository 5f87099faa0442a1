"""A short form of every attempt, and that each attempt sees what it looks for."""

import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from patchwidgets.results.measured import MEASURED, NOT_MEASURED, Snapshot
from tests.prove import files, interrupts, messages, mutation, numbers, report
from tests.prove.__main__ import PROOFS, write
from tests.prove._graft import graft
from tests.prove._mutants import mutants
from tests.prove._subject import Subject, wrong
from tests.prove._watch import LARGE, PACKAGE, watched

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [name for name, (_, _, short) in PROOFS.items() if short])
@pytest.mark.timeout(600)
def test_nothing_falls(name):
    prove, _, short = PROOFS[name]
    proof = prove(short, 0)
    assert proof.attempts >= short
    assert proof.fell == []
    if name == "interrupts":
        assert list(proof.tried) == list(interrupts.WAYS)


def test_what_work_leaves_behind_is_seen():
    subject = Subject()
    assert subject.changed() == []
    left = subject.model.original_model.register_forward_hook(lambda *_: None)
    assert subject.changed() == ["hooks"]
    left.remove()
    subject.model.train()
    assert "training mode" in subject.changed()
    subject.model.eval()
    with torch.no_grad():
        next(subject.model.parameters()).add_(1)
    assert subject.changed() == ["weights", "outputs"]


CASE = numbers.Case(
    family="llama",
    prompts={
        "clean": ["Mary went to the store", "Tom said that Anna went"],
        "corrupted": ["Mary went to the park", "Tom said that Sara went"],
        "answers": [" Mary", " Tom"],
        "wrong_answers": [" John", " Paul"],
        "roles": {"changed": [4, 3]},
    },
    options={"direction": "denoising", "prepend_bos": True, "metric": ["logit_diff"]},
    sweep="path",
    asked={"receivers": ["L2H1.v"], "form": "pinned"},
    cells=(0, 7),
    way="in other chunks",
)


@pytest.mark.parametrize("way", numbers.WAYS)
def test_a_case_is_measured_every_way(way):
    numbers.measure(replace(CASE, way=way))


@pytest.mark.parametrize("identity", numbers.IDENTITIES)
def test_what_must_hold_of_a_case_holds(identity):
    numbers.measure(replace(CASE, identity=identity))


def test_what_must_hold_and_does_not_is_seen(monkeypatch):
    off = lambda case: (np.zeros((1, 1, 1)), np.full((1, 1, 1), 1e-3))  # noqa: E731
    monkeypatch.setitem(numbers.IDENTITIES, CASE.identity, (off, ()))
    with pytest.raises(
        AssertionError, match=r"0\.001 apart from what it must be, as patching every"
    ):
        numbers.measure(CASE)


def test_a_number_that_is_not_that_of_a_whole_pass_is_seen(monkeypatch):
    right = numbers.Case.values

    def off(case, study):
        return right(case, study) + 1e-3 * (study._session.executor != "wavefront")

    monkeypatch.setattr(numbers.Case, "values", off)
    with pytest.raises(AssertionError, match=r"apart from whole forward passes"):
        numbers.measure(CASE)


def test_a_number_of_float64_may_be_off_by_its_own_rounding_only(monkeypatch):
    double = replace(CASE, family="gpt2", dtype="float64")
    numbers.measure(double)
    off = lambda case: case.values(case.study()) + 1e-8  # noqa: E731
    monkeypatch.setitem(numbers.WAYS, CASE.way, (off, ()))
    with pytest.raises(AssertionError, match=r"1e-08 apart from in other chunks"):
        numbers.measure(double)


def test_what_should_not_matter_and_does_is_seen(monkeypatch):
    off = lambda case: case.values(case.study()) + 1e-3  # noqa: E731
    monkeypatch.setitem(numbers.WAYS, CASE.way, (off, ()))
    with pytest.raises(AssertionError, match=r"apart from in other chunks"):
        numbers.measure(CASE)


def test_a_case_that_falls_is_written_whole(monkeypatch):
    def off(case):
        raise AssertionError("0.1 apart")

    monkeypatch.setattr(numbers, "measure", off)
    (said,) = numbers.prove(3, 0).fell
    assert said.startswith("AssertionError: 0.1 apart")
    assert "Case(family=" in said


def test_wrong_numbers_are_seen():
    values = np.array([[[1.0, 2.0], [3.0, np.nan]]])
    status = np.array([MEASURED, NOT_MEASURED], dtype=np.uint8)
    ends = np.zeros((1, 2))
    whole = Snapshot(np.array([[[1.0, 2.0], [3.0, 4.0]]]), status, ends, ends)
    assert wrong(Snapshot(values, status, ends, ends), whole, exact=True, complete=False) == []
    assert wrong(Snapshot(values, status, ends, ends), whole, exact=True, complete=True) == [
        "numbers missing"
    ]
    shifted = Snapshot(values + 1e-3, status, ends, ends)
    assert wrong(shifted, whole, exact=False, complete=False) == [
        "numbers that are wrong by up to 0.001"
    ]
    hidden = Snapshot(values, np.full(2, MEASURED, dtype=np.uint8), ends, ends)
    assert wrong(hidden, whole, exact=True, complete=False) == [
        "cells that are called measured and have no number"
    ]


def test_a_reader_that_crashes_is_seen():
    def crashes(path):
        raise KeyError("values")

    problems, opened = files._attempt(files.Path("none.json"), crashes)
    assert not opened
    assert problems[0].startswith("it raised KeyError at test_prove.py:")


def test_what_a_reader_must_not_do_is_seen(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("1")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "one.json").write_text("{}")
    with watched(inside) as quiet:
        (inside / "one.json").read_text()
    assert quiet.seen == []
    runs = compile("def run(text):\n    exec(text)", str(PACKAGE / "made_up.py"), "exec")
    made: dict[str, Any] = {}
    exec(runs, made)
    with watched(inside) as watch:
        other.read_text()
        made["run"]("one = 1")
        pickle.loads(pickle.dumps(Path("one")))
        kept = bytearray(LARGE + 1)
    del kept
    assert [one.split(" was")[0] for one in watch.seen[:-1]] == [
        str(other),
        "exec",
        *["pickle.find_class"] * (len(watch.seen) - 3),
    ]
    assert len(watch.seen) > 3
    assert watch.seen[-1] == f"it took {LARGE / 1e6:.0f} MB"


def test_a_widget_that_is_harmed_is_seen(monkeypatch):
    def harmed(self, command):
        raise RuntimeError("harmed")

    monkeypatch.setattr("patchwidgets.widgets.explorer.LiveExplorer._carry_out", harmed)
    assert messages.prove(40, 0).fell


def test_faults_that_nothing_can_see_are_none():
    source = """
from typing import TYPE_CHECKING
ROWS = 32
if TYPE_CHECKING:
    LEAST = (3, 4)
def pairs(a: Literal[1], b):
    c = list(zip(a, b, strict=True))
    return None
"""
    assert mutants(source) == []


def test_a_fault_is_reached_by_its_statement_and_on_import_by_what_it_makes():
    source = "N = [\n 3\n]\ndef more(n=1):\n if n:\n  n = f(\n  5)\n g = lambda: 7\n"
    found = {one.fault: (one.on_import, one.reached_by) for one in mutants(source)}
    assert found == {
        "3: 4": (True, range(1, 9)),
        "1: 2": (True, range(4, 9)),
        "if n: never": (False, range(5, 6)),
        "5: 6": (False, range(6, 8)),
        "7: 8": (False, range(8, 9)),
    }


def test_another_text_is_run_by_whoever_holds_a_function(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    text = "STEP = 1\nclass Counts:\n    def next(self, n):\n        return n + 1\n"
    (tmp_path / "grafted.py").write_text(text)
    import grafted  # pyright: ignore[reportMissingImports]

    held = grafted.Counts().next
    graft("grafted", text.replace("n + 1", "n - 1"))
    assert held(5) == 4
    with pytest.raises(LookupError, match=r"Nobody holds Counts\.next\."):
        graft("grafted", text.replace("n + 1", "n - 2"))  # it holds another one by now
    with pytest.raises(ValueError, match="argument 2 is longer"):
        graft("grafted", text + "more = lambda: 1\n")


@pytest.mark.timeout(600)
def test_tests_see_a_fault_and_nothing_where_there_is_none(monkeypatch, tmp_path):
    calls = tmp_path / "calls.jsonl"
    test = "tests/engine/test_threads.py::test_every_task_is_done_once_with_its_place"
    lines = {file: list(range(1, 300)) for file in ("threads.py", "estimating.py")}
    calls.write_text(json.dumps({"test": test, "seconds": 0.1, "lines": lines}) + "\n")
    monkeypatch.setenv("PATCHWIDGETS_CALLS", str(calls))
    found = {str(fault): fault for fault in mutation.faults()}
    wanted = {
        "threads.py:56 in side_by_side: if threads == 1: never": None,
        "threads.py:104 in _Crew.next: if isinstance(made, BaseException): never": None,
        "threads.py:106 in _Crew.next: return: nothing": test,
        "estimating.py:30 in the module: 5: 6": None,
    }
    assert mutation.seen_by([found[name] for name in wanted]) == list(wanted.values())


def test_a_test_that_fails_without_a_fault_sees_none(monkeypatch):
    test = "tests/engine/test_threads.py::test"
    calls = {test: {"test": test, "seconds": 0.1, "lines": {"threads.py": [56]}}}
    monkeypatch.setattr(mutation, "_calls", lambda: calls)
    monkeypatch.setattr(mutation, "_run", lambda jobs, on_import: [test] * len(jobs))
    drawn = [fault for fault in mutation.faults() if str(fault).startswith("threads.py:56 ")]
    with pytest.raises(RuntimeError, match=f"These fail in an engine without a fault: {test}"):
        mutation.seen_by(drawn)


def test_tests_that_are_likely_to_see_a_fault_are_run_first():
    fault = next(one for one in mutation.faults() if str(one).startswith("threads.py:56 "))
    own, other = "tests/engine/test_threads.py", "tests/engine/test_flight.py"
    calls = {f"{own}::test[{k}]": (15.0, [56]) for k in range(5)}
    calls |= {f"{other}::test_{k}": (1.0, [56]) for k in range(50)}
    calls |= {f"{other}::elsewhere": (0.1, [1]), f"{other}::rare": (18.0, [56, 57])}
    ran = {
        test: {"seconds": took, "lines": {"threads.py": at}} for test, (took, at) in calls.items()
    }
    first, *rest = mutation._job(fault, ran)["tests"]
    assert first == f"{other}::rare"  # nobody else runs line 57
    others = sorted(f"{other}::test_{k}" for k in range(50))
    assert rest == [*others[:2], f"{own}::test[0]", *others[2:20]]


def test_faults_are_small_and_each_in_its_place():
    source = "def half(n):\n    if n > 0:\n        return n - 1\n    return 0\n"
    found = [(one.line, one.function, one.fault) for one in mutants(source)]
    assert found == [
        (2, "half", "0: 1"),
        (2, "half", "if n > 0: never"),
        (2, "half", "n > 0: GtE"),
        (3, "half", "1: 2"),
        (3, "half", "n - 1: Add"),
        (3, "half", "return: nothing"),
        (4, "half", "0: 1"),
        (4, "half", "return: nothing"),
    ]
    assert mutants(source)[2].source == source.replace("n > 0", "n >= 0").rstrip()


def test_the_tests_that_the_changelog_names_are_there():
    root = Path(__file__).parents[2]
    named = re.findall(r"`((?:tests|js)/[^`]+)`", (root / "CHANGELOG.md").read_text())
    assert len(named) > 60
    for file, _, test in (one.partition("::") for one in named):
        assert (root / file).is_file(), file
        assert not test or f"def {test}(" in (root / file).read_text(), test


def test_the_page_shows_what_committed_runs_found():
    assert report.written(report.README.read_text()) == report.README.read_text()


def test_a_run_takes_the_place_of_the_last_of_its_name(tmp_path):
    path = tmp_path / "proofs.json"
    first = {"name": "kills", "seed": 0}
    write(path, [{"name": "supply", "seed": 0}, first])
    write(path, [{"name": "supply", "seed": 1}])
    assert json.loads(path.read_text()) == [first, {"name": "supply", "seed": 1}]
