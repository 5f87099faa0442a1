import base64
import logging
import re
import threading

import pytest
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.errors import UnknownNameError
from patchwidgets.widgets import heatmap, live
from patchwidgets.widgets.explorer import LiveExplorer
from patchwidgets.widgets.widget import PatchWidget
from tests import make_view_fixtures as fixtures
from tests.families import PAIRS, study_of, tiny

MIME = "application/vnd.patchwidgets.v1+json"
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def explorer():
    return fixtures.read("synthetic_explorer")


@pytest.fixture
def commands():
    return []


@pytest.fixture
def widget(explorer, commands):
    yield PatchWidget(*explorer, on_command=commands.append)
    Widget.close_all()


def send(widget, content):
    """Handle a custom message as ipywidgets does when one comes from the page."""
    widget._handle_msg(
        {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    )


def test_bundle_is_complete_and_has_no_widget_view(widget):
    bundle = widget.bundle()
    assert list(bundle) == [MIME, "text/html", "image/png", "text/plain"]
    assert bundle[MIME]["live_id"] == widget.model_id == widget.pw_id
    assert base64.b64decode(bundle["image/png"])[:4] == b"\x89PNG"
    assert bundle["text/plain"].startswith("Indirect object")


def test_displaying_the_widget_gives_the_bundle(widget):
    data, metadata = widget._repr_mimebundle_(include=None, exclude=None)
    assert data == widget.bundle()
    assert metadata == {}


def test_still_picture_and_text_follow_the_trail(widget):
    before = widget.bundle()
    widget.trail = ["heads", "L20H0.v"]
    after = widget.bundle()
    assert "What feeds L20H0.v?" in after["text/plain"]
    assert after["image/png"] != before["image/png"]


def test_other_front_ends_get_the_classic_view(widget):
    bundle = widget.widget_bundle()
    view = bundle[VIEW]
    assert view["model_id"] == widget.model_id
    assert list(bundle)[1:] == ["text/html", "image/png", "text/plain"]


def test_display_chooses_for_the_package_and_for_one_view(widget, explorer, monkeypatch):
    shown = []
    for module in (live, heatmap):
        name = "show" if module is live else "display"
        monkeypatch.setattr(module, name, lambda bundle, **how: shown.append((set(bundle), how)))
    results = [study_of(tiny("llama"), PAIRS, store=False).sweep("mlp").wait(), pw.heatmap([[1.0]])]

    def kinds():
        shown.clear()
        for one in results:
            one._ipython_display_()
        found = [*shown, (set(widget._repr_mimebundle_()[0]), {})]
        return {tuple(kind for kind in (MIME, VIEW) if kind in data) for data, _ in found}

    assert (pw.display(), kinds()) == ("stored", {(MIME,)})
    assert (pw.display("widget"), pw.display(), kinds()) == ("widget", "widget", {(VIEW,)})
    assert all("display_id" not in how for _, how in shown)
    results[0].show("stored")
    assert MIME in shown[-1][0]
    assert pw.display("stored") == "stored"
    results[0].show(display="widget")
    assert VIEW in shown[-1][0]
    message = "There is no display called 'html'. Known: `stored`, `widget`."
    for ask in (pw.display, results[0].show):
        with pytest.raises(UnknownNameError, match=re.escape(message)):
            ask("html")


def test_marimo_is_given_the_widget():
    result = study_of(tiny("llama"), PAIRS, store=False).sweep("mlp").wait()
    assert result._display_() is result.widget


def test_widgets_share_the_code(widget, explorer):
    other = PatchWidget(*explorer)
    assert other._runtime is widget._runtime
    assert other.get_state("_runtime")["_runtime"] == f"anywidget:{widget._runtime.model_id}"
    assert len(other._esm) < 1000 < 20_000 < len(other._runtime._esm)


def test_commands_reach_python(widget, commands):
    send(widget, {"command": "drill", "receiver": "L20H0.v"})
    send(widget, {"command": "cancel", "key": "heads"})
    assert commands == [
        {
            "command": "drill",
            "receiver": "L20H0.v",
            "sender": "",
            "setting": "",
            "form": "",
            "limit": 0,
        },
        {"command": "cancel", "key": "heads"},
    ]


@pytest.mark.parametrize("content", [{"command": "drill"}, {"command": "rm"}, [], "x"])
def test_bad_commands_are_ignored_with_a_warning(widget, commands, caplog, content):
    with caplog.at_level(logging.WARNING):
        send(widget, content)
    assert commands == []
    assert "Ignored a command that is none of ours" in caplog.text


def test_choices_of_the_page_reach_the_traits(widget):
    state = {"selection": "L9H6", "trail": ["heads"], "metric": "prob", "prompt": 1}
    state["estimates"] = False
    widget._handle_msg({"content": {"data": {"method": "update", "state": state}}})
    assert {name: getattr(widget, name) for name in state} == state


def test_show_sends_header_and_bytes_in_one_message(widget, monkeypatch):
    sent = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: sent.append(message))
    widget.show(*fixtures.read("synthetic_running"))
    assert [set(message["state"]) for message in sent] == [{"header"}]
    assert sent[0]["buffer_paths"] == [["block"]]


def test_threads_may_show_while_the_page_chooses(widget):
    pictures = [fixtures.read(name) for name in ("synthetic_running", "synthetic_positions")]
    seen, failures = [], []
    widget.observe(lambda change: seen.append(change["new"]), "selection")

    def run(work):
        try:
            for turn in range(60):
                work(turn)
        except Exception as error:
            failures.append(error)

    works = [
        lambda turn: widget.show(*pictures[turn % 2]),
        lambda turn: widget.show(*pictures[turn % 2]),
        lambda turn: widget.set_state({"selection": f"L{turn}H0", "prompt": turn}),
        lambda _: widget.bundle(),
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == [f"L{turn}H0" for turn in range(60)]


def test_estimates_are_drawn_before_the_first_cell_is_measured():
    study, begin, drawn = study_of(tiny("llama"), PAIRS, store=False), threading.Event(), []
    study._session.model.worker.call(begin.wait)
    result = study.sweep("heads", estimate="attribution", top=2)
    shown = LiveExplorer([result]).widget
    shown.observe(lambda change: drawn.append(change["new"]["maps"][0]), "header")
    begin.set()
    result.wait()
    seen = [(one["progress"]["done"], one["estimate"] is not None) for one in drawn]
    assert seen[0] == (0, True)
    assert seen[-1] == (2, True)
    progress = drawn[-1]["progress"]
    assert (progress["state"], progress["total"]) == ("done", 2)
    Widget.close_all()


def test_a_closed_widget_still_shows_what_it_holds(widget, explorer):
    Widget.close_all()
    widget.show(*fixtures.read("synthetic_running"))
    assert widget.bundle()[MIME]["live_id"] == ""
    assert "113 of 270" in widget.bundle()["text/plain"]
    assert widget.widget_bundle() == widget.bundle()


def test_a_widget_made_after_all_were_closed_has_a_runtime_again(widget, explorer):
    Widget.close_all()
    assert PatchWidget(*explorer)._runtime.comm is not None
