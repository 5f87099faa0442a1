"""Questions: what is right comes from what was measured, and the answer stays with the notebook."""

import re
import threading
import time

import pytest
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError, UnknownNameError
from patchwidgets.jobs import Job
from patchwidgets.reports.html import fragment
from patchwidgets.views._answered import is_right, state_of
from patchwidgets.views._question import WAITING
from patchwidgets.widgets import question as widgets
from tests.make_question_fixtures import asked, measured, shown

MIME = "application/vnd.patchwidgets.v1+json"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test has a score of its own."""
    monkeypatch.setattr(widgets, "_asked_here", {})
    yield
    Widget.close_all()


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.02)


def header(asked):
    return asked.widget.bundle()[MIME]["header"]


def give(asked, answer):
    asked.widget.set_state({"given": [*asked.widget.given, answer]})
    until(lambda: header(asked)["given"] == asked.widget.given)


def running():
    """Return a result whose job waits to be told to go on, and how to tell it."""
    result, go_on = measured(), threading.Event()

    def work(job):
        go_on.wait(20)
        job.check()

    job = Job(work, total=6)
    result.attach(job)
    threading.Thread(target=job.run, daemon=True).start()
    return result, go_on


def test_the_right_node_is_the_largest_effect_towards_the_source():
    answers = {one["text"]: one for one in header(measured().ask("Which?"))["answers"]}
    assert [text for text, one in answers.items() if one["right"]] == ["L1H1"]
    assert answers["L1H0"]["response"] == (
        "L1H0: normalized effect −0.100, the 3rd largest of 6, not detected at 2 SD."
    )
    assert answers["L1H0"]["share"] == pytest.approx(-0.125)
    assert answers["L2H1"]["cell"] == 5


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("L0H1", {"L0H1"}),
        (["L0H1", "L1H1"], {"L0H1", "L1H1"}),
        (lambda heads: heads.table()["node"].head(2), {"L1H1", "L0H1"}),
    ],
)
def test_the_teacher_may_say_which_nodes_are_right(right, expected):
    answers = header(measured().ask("Which?", right=right))["answers"]
    assert {one["text"] for one in answers if one["right"]} == expected


def test_functions_get_everything_the_question_is_about():
    one, other = measured(), measured()
    question = pw.ask(
        "Are they alike?",
        one,
        other,
        choices={"Yes.": lambda a, b: f"{len(a.plan.names) + len(b.plan.names)} heads.", "No.": ""},
        right=lambda a, b: "Yes." if a is one and b is other else "No.",
        because=lambda a, b: f"seed {a.provenance['model']}",
    )
    assert header(question)["solution"] == "Yes."
    assert header(question)["answers"][0]["response"] == "12 heads."
    assert header(question)["because"] == "seed synthetic"


def test_an_answer_is_scored_in_every_question_and_kept_in_the_output():
    node, number = measured().ask("Which?"), measured().ask("How much?", right=0.8, within=0.1)
    give(node, "L0H1")
    assert header(number)["steps"] == [{"id": "0", "state": "open"}, {"id": "1", "state": "open"}]
    give(node, "L1H1")
    right = [{"id": "0", "state": "right"}, {"id": "1", "state": "open"}]
    until(lambda: header(number)["steps"] == right)
    assert header(node)["given"] == ["L0H1", "L1H1"]
    assert node.state == "right"


def test_the_same_question_asked_again_starts_anew():
    give(measured().ask("Which?"), "L1H1")
    again = measured().ask("Which?")
    assert header(again)["given"] == []
    assert header(again)["steps"] == [{"id": "0", "state": "open"}]


def test_an_answer_given_before_the_measurement_waits_for_it():
    result, go_on = running()
    question = result.ask("Which?")
    assert header(question)["waiting"] == WAITING
    assert [one["text"] for one in header(question)["answers"]][:2] == ["L0H0", "L0H1"]
    assert not any(one["response"] for one in header(question)["answers"])
    give(question, "L1H1")
    assert question.state == "open"
    go_on.set()
    until(lambda: header(question)["waiting"] == "")
    assert question.state == "right"
    assert header(question)["given"] == ["L1H1"]


def test_a_stopped_measurement_says_so_and_no_verdict():
    result, go_on = running()
    question = result.ask("Which?")
    result.cancel()
    go_on.set()
    until(lambda: "stopped" in header(question)["waiting"])
    give(question, "L1H1")
    assert header(question)["waiting"] == (
        "The measurement was stopped at 6 of 6, so no answer can be checked. Run the cell that "
        "measures it again, then this one."
    )
    assert (question.state, header(question)["solution"]) == ("open", "")


def test_a_teachers_function_that_fails_later_says_why():
    result, go_on = running()
    question = result.ask("How much?", right=lambda heads: heads.normalized("x"), within=1)
    go_on.set()
    until(lambda: "cannot be computed" in header(question)["waiting"])
    assert "There is no metric called 'x'" in header(question)["waiting"]


def test_text_and_page_ask_and_keep_the_answer_behind_a_click():
    bundle = pw.ask("Why?", choices=["Chance.", "Order."], right="Order.").widget.bundle()
    assert list(bundle) == [MIME, "text/html", "text/plain"]
    assert bundle["text/plain"] == "Why?\nChoose one:\n  ( ) Chance.\n  ( ) Order."
    assert (
        "<details><summary>Show the answer</summary><p>Order.</p></details>"
        in (bundle["text/html"])
    )
    assert len(bundle["text/html"]) < 20_000


def test_hostile_texts_are_text_in_the_page():
    html = fragment(shown(asked("choice")), b"")
    assert len(re.findall(r"<script", html)) == 2
    assert "<img" not in html
    assert "&lt;img src=x" in html


def test_the_page_and_python_agree_on_what_is_near_enough():
    number = shown(asked("number"))
    assert [is_right(number, text) for text in ("0.7", "0.9", "0.91", "x")] == [
        *(True, True, False, False)
    ]
    for given, after, state in [
        (["0.1", "0.8"], -1, "right"),
        (["0.1", "0.8"], 1, "shown"),
        (["0.8"], 1, "right"),
        ([], -1, "open"),
    ]:
        assert state_of(shown(asked("number"), given=given, shown=after)) == state


@pytest.mark.parametrize(
    ("ask", "kind", "text"),
    [
        (
            lambda: pw.ask("Which?"),
            PatchwidgetsError,
            "A question without `choices` and `within` asks for a node of a map, and nothing has "
            "none. Give a result first, such as `pw.ask(question, study.sweep('heads'))`, or give "
            "`choices=` or `within=`. If `heads` is not made yet, run the cells above first.",
        ),
        (
            lambda: pw.ask(" ", choices=["a", "b"], right="a"),
            PatchwidgetsError,
            "The question is ' '. Give a text that ends in a question mark, such as "
            '`heads.ask("Which head brings most of the answer back?")`.',
        ),
        (
            lambda: pw.ask("Why?", choices=["a", "b"]),
            PatchwidgetsError,
            "The question 'Why?' has no right answer. Give `right=`: the answer, or a function of "
            "the result that returns it.",
        ),
        (
            lambda: pw.ask("Why?", choices=["a"], right="a"),
            PatchwidgetsError,
            "`choices` is ['a'], and there is nothing to choose from. Give at least two texts, "
            'such as `choices=["early", "late"]`.',
        ),
        (
            lambda: pw.ask("Why?", choices=["a", "b"], within=1, right="a"),
            PatchwidgetsError,
            "A question has `choices` or `within`, not both: with `choices` the reader picks one, "
            "with `within` types a number. Leave one of them out.",
        ),
        (
            lambda: pw.ask("How much?", within=-1, right=1),
            PatchwidgetsError,
            "`within` is -1, and says how far from the right number an answer may be. Give 0 or a "
            "positive number, such as `within=0.1`.",
        ),
        (
            lambda: pw.ask("How much?", within=1, right="much"),
            PatchwidgetsError,
            "`right` came to 'much', and with `within` a number is asked for. Give a number, or a "
            "function of the result that returns one, such as "
            "`right=lambda heads: heads.normalized().sel(layer=2, head=0)`.",
        ),
        (
            lambda: pw.ask("Why?", choices=["early", "late"], right="earlly"),
            UnknownNameError,
            "There is no choice called 'earlly'. Did you mean `early`? Known: `early`, `late`.",
        ),
        (
            lambda: measured().ask("Which?", right="L9H9"),
            UnknownNameError,
            "There is no node of this map called 'L9H9'. Did you mean `L2H1`? Known: `L0H0`, "
            "`L0H1`, `L1H0`, `L1H1`, `L2H0`, `L2H1`.",
        ),
    ],
)
def test_what_cannot_be_asked_says_what_to_type(ask, kind, text):
    with pytest.raises(kind, match=f"^{re.escape(text)}$"):
        ask()
    assert not widgets._asked_here
