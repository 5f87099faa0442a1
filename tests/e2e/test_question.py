"""A student answers in JupyterLab, and the answer is in the file; a reader answers without one."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

heads = pw.Study("mini", "agreement", n=8).sweep("heads").wait()"""
PICK = 'heads.ask("Which head brings most of it back?", hints=["The third layer."])'
NUMBER = """share = lambda heads: heads.normalized().max()
heads.ask("How much?", right=share, within=0.1)"""
CELLS = [STUDY, PICK, NUMBER]
NODE, SHARE = 1, 2
GIVEN = (
    f"""panel.content.widgets[given[0]].model.toJSON().outputs[0]?.data["{MIME}"].header.given"""
)


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "question.ipynb", CELLS)
    opened = lab.open("question.ipynb")
    opened.run(0, seconds=200)
    for cell in (NODE, SHARE):
        opened.run(cell)
    yield opened
    opened.close()


def question(notebook, cell):
    return notebook.cell(cell).locator(".pw-question")


def answer(view, text):
    """Answer by keyboard alone."""
    field = view.locator(".pw-answer")
    field.fill("")
    field.focus()
    view.page.keyboard.type(text)
    view.page.keyboard.press("Enter")


def says(view, pattern):
    """Wait until the question says so: on a busy machine not at once."""
    expect(view.get_by_role("status").first).to_have_text(re.compile(pattern, re.DOTALL))


def score(view):
    return view.locator(".pw-score").text_content()


def test_a_wrong_answer_gets_a_hint_and_a_right_one_the_numbers(notebook):
    view = question(notebook, NODE)
    answer(view, "L0H7")
    says(view, r"^✕Not yet\. L0H7: normalized effect \+0\..*Hint 1 of 1: The third layer\.$")
    answer(view, "2.0")
    says(view, r"^✓Right\. L2H0: normalized effect \+0\.")
    assert notebook.ask("panel.content.mode") == "command"
    assert len(notebook.outputs()) == len(CELLS)
    notebook.comes_to(
        "[one.state for one in __import__('patchwidgets').widgets.question._asked_here.values()]",
        ["right", "open"],
    )


def test_the_score_is_seen_in_the_other_question_too(notebook):
    view = question(notebook, SHARE)
    view.get_by_text("1 of 2 right").wait_for()
    answer(view, "85 %")
    says(view, r"^✓Right\. Measured: 0\.8")
    question(notebook, NODE).get_by_text("2 of 2 right").wait_for()


def test_it_can_be_read_in_both_themes(notebook):
    view = question(notebook, NODE)
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme in ("Dark", "Light"):
        notebook.lab.use_theme(f"JupyterLab {theme}")
        view.page.wait_for_timeout(600)
        assert violations_of(view.page, ".pw-question") == []
        view.screenshot(path=SCREENSHOTS / f"lab-question-{theme.lower()}.png")


def test_the_answer_is_in_the_file_and_another_is_checked_without_a_kernel(lab, notebook):
    for cell, given in ((NODE, ["L0H7", "L2H0"]), (SHARE, ["0.85"])):
        notebook.wait(
            f"JSON.stringify({GIVEN}) === given[1]",
            cell,
            str(given).replace("'", '"').replace(", ", ","),
        )
    received = lab.receive(notebook.save())
    view = question(received, NODE)
    says(view, r"^✓Right\. L2H0")
    assert score(view) == "2 of 2 right"
    answer(view, "L0H3")
    says(view, r"^✕Not yet\. L0H3: normalized effect")
    received.close()
