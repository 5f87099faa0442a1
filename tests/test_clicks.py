"""Readers who click faster than anything can be measured or drawn, and clicks as a map ends."""

import threading
import time

import pytest
from bokeh.plotting import figure
from ipywidgets import Widget
from ipywidgets.widgets import widget as ipywidgets_widget

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.jobs import Job
from patchwidgets.views.detail import BUSY
from patchwidgets.widgets import heatmap
from patchwidgets.widgets._asked import Newest
from patchwidgets.widgets.bokeh_pane import BokehPane
from patchwidgets.widgets.explorer import MOST_PROBLEMS, LiveExplorer
from tests.families import PAIRS, study_of, tiny

SECONDS = 30
DETAIL = {"command": "detail", "map": "heads", "node": "L1H1", "prompt": 0}


@pytest.fixture
def study():
    yield study_of(tiny("llama"), PAIRS, store=False)
    Widget.close_all()


@pytest.fixture
def explorer(study):
    return LiveExplorer([study.sweep("heads").wait()])


def ended(threads):
    for thread in threads:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in threads)


def patterns_of(explorer, node):
    return [
        pattern
        for found, _ in list(explorer._details.values())
        for pattern in found.patterns
        if found.node == node
    ]


def test_of_what_is_asked_meanwhile_the_newest_is_done_in_one_thread():
    done, first, go_on = [], threading.Event(), threading.Event()

    def work(what):
        done.append((what, threading.get_ident()))
        first.set()
        go_on.wait(SECONDS)

    newest = Newest(work)
    newest.ask(0)
    assert first.wait(SECONDS)
    for what in range(1, 100):
        newest.ask(what)
    go_on.set()
    while len(done) < 2:
        time.sleep(0.01)
    assert [what for what, _ in done] == [0, 99]
    assert len({thread for _, thread in done}) == 1


def test_after_work_that_failed_the_next_is_done(caplog):
    done = threading.Event()

    def work(what):
        if what == "fails":
            raise RuntimeError("it fails")
        done.set()

    newest = Newest(work)
    newest.ask("fails")
    while "What a reader asked for failed." not in caplog.text:
        time.sleep(0.01)
    newest.ask("works")
    assert done.wait(SECONDS)


def test_clicks_while_the_model_is_busy_wait_in_one_thread_and_the_last_is_answered(study):
    explorer = LiveExplorer([study.sweep("heads").wait()])
    before = threading.active_count()
    with study._session.model.measuring():
        for turn in range(60):
            explorer._obey(DETAIL | {"node": f"L{turn % 3}H{turn % 4}"})
            time.sleep(0.002)
        assert threading.active_count() <= before + 2
    last = f"L{59 % 3}H{59 % 4}"
    deadline = time.monotonic() + SECONDS
    while not (patterns := patterns_of(explorer, last)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert patterns


def test_every_cell_that_was_promised_its_patterns_gets_them(study):
    explorer = LiveExplorer([study.sweep("heads").wait()])
    nodes = ["L0H1", "L1H2", "L2H3"]
    with study._session.model.measuring():
        for node in nodes:
            explorer._obey(DETAIL | {"node": node})
            deadline = time.monotonic() + SECONDS
            while ("heads", node) not in explorer._details and time.monotonic() < deadline:
                time.sleep(0.01)
        assert [one.note for one, _ in explorer._details.values()] == [BUSY] * 3
    deadline = time.monotonic() + SECONDS
    while not all(patterns_of(explorer, node) for node in nodes) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [bool(patterns_of(explorer, node)) for node in nodes] == [True] * 3


def test_a_promise_that_cannot_be_kept_is_given_up(study, monkeypatch):
    explorer = LiveExplorer([study.sweep("heads").wait()])
    look = study.detail

    def fails(result, node, prompt, *, wait):
        if wait and node == "L1H2":
            raise PatchwidgetsError("it cannot be looked at.")
        return look(result, node, prompt, wait=wait)

    monkeypatch.setattr(study, "detail", fails)
    with study._session.model.measuring():
        for node in ("L0H1", "L1H2"):
            explorer._obey(DETAIL | {"node": node})
            deadline = time.monotonic() + SECONDS
            while ("heads", node) not in explorer._details and time.monotonic() < deadline:
                time.sleep(0.01)
    deadline = time.monotonic() + SECONDS
    while explorer._problems == [] or not patterns_of(explorer, "L0H1"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert list(explorer._details) == [("heads", "L0H1")]
    assert explorer._problems == ["it cannot be looked at."]


def test_changes_while_a_picture_is_made_share_the_next_one(explorer, monkeypatch):
    pictures, go_on = [], threading.Event()
    picture = explorer._picture

    def slow():
        pictures.append(None)
        go_on.wait(SECONDS)
        return picture()

    monkeypatch.setattr(explorer, "_picture", slow)
    asking = [threading.Thread(target=explorer._draw) for _ in range(20)]
    for thread in asking:
        thread.start()
    while explorer._turns.__reduce__()[1][0] < 22:
        time.sleep(0.01)
    go_on.set()
    assert ended(asking)
    assert len(pictures) == 2


@pytest.mark.parametrize("way", ["it ends", "it is cancelled before its turn"])
def test_a_picture_that_is_made_as_a_map_ends_waits_for_nobody(study, monkeypatch, way):
    """Whoever draws holds the view; whoever measures tells the view before those who wait."""
    gate, drawing = threading.Event(), threading.Event()
    busy = study._session.model.worker.call(lambda: gate.wait(SECONDS))
    heads = study.sweep("heads")
    explorer = LiveExplorer([heads])
    picture = explorer._picture

    def while_it_ends():
        drawing.set()
        deadline = time.monotonic() + SECONDS
        while not heads.done and time.monotonic() < deadline:
            time.sleep(0.01)
        return picture()

    monkeypatch.setattr(explorer, "_picture", while_it_ends)
    drawer = threading.Thread(target=explorer._draw, daemon=True)
    drawer.start()
    assert drawing.wait(SECONDS)
    if way == "it ends":
        gate.set()
        ender = threading.Thread(target=heads.wait, daemon=True)
    else:
        ender = threading.Thread(target=heads.cancel, daemon=True)
    ender.start()
    assert ended([drawer, ender])
    gate.set()
    busy.result(SECONDS)
    assert explorer.widget.header["maps"][0]["progress"]["state"] == heads.progress.state


def test_a_page_is_heard_while_a_picture_of_another_view_is_made(explorer, monkeypatch):
    making, go_on = threading.Event(), threading.Event()

    def slow(*shown):
        making.set()
        go_on.wait(SECONDS)
        return {}

    monkeypatch.setattr("patchwidgets.widgets.widget.mime_bundle", slow)
    storing = threading.Thread(target=explorer._store)
    storing.start()
    assert making.wait(SECONDS)
    other = heatmap.HeatmapWidget([[1.0]])
    page = threading.Thread(target=other.set_state, args=({"selection": "x"},), daemon=True)
    page.start()
    heard = ended([page])
    go_on.set()
    assert heard
    assert ended([storing])


def test_a_closed_view_leaves_no_widget_behind(study):
    def made():
        views = [LiveExplorer([study.sweep("heads").wait()]).widget, heatmap.HeatmapWidget([[1.0]])]
        return [*views, BokehPane(figure())]

    for widget in made():
        widget.close()
    before = set(ipywidgets_widget._instances)
    for widget in made():
        widget.close()
    assert set(ipywidgets_widget._instances) == before


def test_a_job_that_has_ended_holds_on_to_no_listener():
    job = Job(lambda job: None, total=1)
    heard = []
    job.listen(heard.append)
    job.run()
    job.listen(heard.append)
    assert heard == [job]
    assert job._listeners == []


def test_sentences_on_failed_commands_are_shown_once_and_not_for_ever(explorer):
    for turn in range(20):
        explorer._complain(PatchwidgetsError(f"Problem {turn}."))
        explorer._complain(PatchwidgetsError(f"Problem {turn}."))
    assert explorer._problems == [f"Problem {turn}." for turn in range(20 - MOST_PROBLEMS, 20)]


def test_attention_goes_on_after_what_could_not_be_measured(study, monkeypatch, caplog):
    view = study.attention_view("L1H1")
    measured = view._measured
    monkeypatch.setattr(view, "_measured", lambda *_: 1 / 0)
    view.widget.selection = "L0H0"
    while "What a reader asked for failed." not in caplog.text:
        time.sleep(0.01)
    monkeypatch.setattr(view, "_measured", measured)
    view.widget.selection = "L2H2"
    deadline = time.monotonic() + SECONDS
    while view.widget.header["node"] != "L2H2" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert view.widget.header["node"] == "L2H2"
