"""Commands of a reader that all have to be carried out: in few threads, and none waits for ever."""

import threading
import time

import pytest
from ipywidgets import Widget

from patchwidgets.widgets._asked import Few
from patchwidgets.widgets.explorer import LiveExplorer
from patchwidgets.widgets.live import AT_ONCE
from tests.families import PAIRS, study_of, tiny

SECONDS = 30


def until(holds):
    deadline = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_all_that_is_asked_is_done_in_order_in_few_threads():
    done, go_on = [], threading.Event()

    def work(what):
        go_on.wait(SECONDS)
        done.append((what, threading.get_ident()))

    few = Few(work, threads=1)
    for what in range(100):
        few.ask(what)
    go_on.set()
    assert until(lambda: len(done) == 100)
    assert [what for what, _ in done] == list(range(100))
    assert len({thread for _, thread in done}) == 1


def test_work_that_waits_does_not_keep_the_next_from_beginning():
    done, go_on = [], threading.Event()

    def work(what):
        if what == "waits":
            go_on.wait(SECONDS)
        done.append(what)

    few = Few(work, threads=2)
    few.ask("waits")
    few.ask("does not")
    assert until(lambda: done == ["does not"])
    go_on.set()
    assert until(lambda: done == ["does not", "waits"])


def test_what_is_asked_again_before_it_began_is_done_once_in_its_later_turn():
    done, begun, go_on = [], threading.Event(), threading.Event()

    def work(what):
        begun.set()
        go_on.wait(SECONDS)
        done.append(what)

    few = Few(work, threads=1)
    few.ask("first")
    assert begun.wait(SECONDS)
    for what in ("heads", "mlp", "heads", "mlp", "heads"):
        few.ask(what)
    go_on.set()
    assert until(lambda: done == ["first", "mlp", "heads"])


def test_its_threads_end_and_it_works_again():
    done, before = [], threading.active_count()
    few = Few(done.append, threads=4)
    for turn in range(2):
        for what in range(50):
            few.ask((turn, what))
        assert until(lambda turn=turn: len(done) == 50 * (turn + 1))
        assert until(lambda: threading.active_count() <= before)


def test_after_work_that_failed_the_next_is_done(caplog):
    done = []

    def work(what):
        if what == "fails":
            raise RuntimeError("it fails")
        done.append(what)

    few = Few(work, threads=1)
    few.ask("fails")
    few.ask("works")
    assert until(lambda: done == ["works"])
    assert "What a reader asked for failed." in caplog.text


@pytest.fixture
def explorer():
    study = study_of(tiny("llama"), PAIRS, store=False)
    yield LiveExplorer([study.sweep("heads").wait()])
    Widget.close_all()


def test_a_cancel_waits_for_no_other_command(explorer, monkeypatch):
    go_on, cancelled, begun = threading.Event(), [], []

    def waits(command):
        begun.append(command)
        go_on.wait(SECONDS)

    monkeypatch.setattr(explorer, "_drill", waits)
    monkeypatch.setattr(explorer, "_cancel", cancelled.append)
    before = threading.active_count()
    for turn in range(10 * AT_ONCE):
        explorer._obey({"command": "drill", "receiver": f"L1H{turn}"})
    assert until(lambda: len(begun) == AT_ONCE)
    assert threading.active_count() <= before + AT_ONCE
    explorer._obey({"command": "cancel", "key": "heads"})
    assert until(lambda: cancelled == ["heads"])
    assert len(begun) == AT_ONCE
    go_on.set()
    assert until(lambda: len(begun) == 10 * AT_ONCE)


def test_what_maps_take_is_found_out_in_one_thread_however_many_end(explorer, monkeypatch):
    full = explorer._results[0].study.explore()
    full.results["heads"].wait()
    assert until(lambda: not full._learning._working)
    begun, go_on, before = [], threading.Event(), threading.active_count()

    def waits():
        begun.append(None)
        go_on.wait(SECONDS)
        yield

    monkeypatch.setattr(full._asks, "estimate_costs", waits)
    for _ in range(50):
        full._learn_costs()
    assert until(lambda: len(begun) == 1)
    assert threading.active_count() <= before + 1
    go_on.set()
    assert until(lambda: len(begun) == 2)
