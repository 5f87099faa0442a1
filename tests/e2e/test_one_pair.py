"""One prompt pair alone in every map: by mouse, by keyboard, from Python, and without a kernel."""

import re

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import EXPLORER, Explorer, explorer_of, exploring
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

CELLS = [
    """import patchwidgets as pw

model = pw.load_model()
study = pw.Study(model, "agreement", n=6)""",
    "explored = study.explore()\nexplored",
    "pass",
    """from ipywidgets import Checkbox, jslink

box = Checkbox(description="one pair")
linked = jslink((box, "value"), (explored.widget, "alone"))
box""",
]
PASTED, LINKED = 2, 3
HEAD = "L2H0"
MEAN = "Which heads restore the answer?"


@pytest.fixture(scope="module")
def notebook(lab):
    with exploring(lab, "one_pair.ipynb", CELLS) as opened:
        yield opened


@pytest.fixture
def view(notebook):
    return explorer_of(notebook)


def number_of(view):
    """Return the normalized effect that the panel has of the selected cell, and its note."""
    line = view.element.locator(".pw-cell .pw-line", has_text="normalized").first
    value, note = re.split(r" {2}", (line.text_content() or "").removeprefix("normalized"))
    return float(value.replace("−", "-")), note


def in_python(notebook, pair, key="heads"):
    """Return what Python says of the head on one pair."""
    one = f"explored.results[{key!r}].on_pair({pair})"
    return notebook.value(f"{one}.normalized().sel(layer=2, head=0).item()")


def wait_for(view, pair):
    view.wait_for_map(f"{MEAN} · pair {pair} alone")


def test_a_pair_is_chosen_by_mouse(notebook, view):
    view.wait_for_map(MEAN)
    assert notebook.value("explored.widget.header['pair_maps']") == []
    view.click(HEAD)
    assert "95 %" in number_of(view)[1]
    view.element.locator(".pw-pair-line").nth(1).click()
    wait_for(view, 2)
    assert number_of(view) == (pytest.approx(in_python(notebook, 1), abs=0.006), "pair 2 alone")
    assert view.says == "the maps show pair 2 alone"
    view.point_at(HEAD)
    assert "pair 2 alone" in view.tooltip()
    notebook.comes_to("[explored.widget.prompt, explored.widget.alone]", [1, True])
    assert violations_of(notebook.lab.page, ".pw-explorer") == []
    SCREENSHOTS.mkdir(exist_ok=True)
    view.element.screenshot(path=SCREENSHOTS / "one-pair.png")


def test_a_pair_is_chosen_by_keyboard(notebook, view):
    keyboard = view.page.keyboard
    view.element.get_by_role("button", name="All 6 pairs (mean)").focus()
    keyboard.press("Enter")
    notebook.comes_to("explored.widget.alone", False)
    assert "95 %" in number_of(view)[1]
    for _ in range(4):  # one pair, then the first, second and third line
        keyboard.press("Tab")
    keyboard.press("Enter")
    wait_for(view, 3)
    assert number_of(view)[0] == pytest.approx(in_python(notebook, 2), abs=0.006)
    assert view.page.evaluate("document.activeElement.textContent") == "One pair"
    view.element.get_by_role("button", name="previous pair").focus()
    keyboard.press("Enter")
    wait_for(view, 2)


def test_what_feeds_a_head_is_drawn_on_that_pair_and_copied(notebook, view):
    view.drill(HEAD, f"v {HEAD}.v")
    view.wait_for_map(f"What feeds {HEAD}.v? · pair 2 alone")
    strongest, value = view.peaks()[0]
    shown = (
        f"explored.results['{HEAD}.v'].on_pair(1).table()"
        f".set_index('node')['logit_diff_normalized']['{strongest}'].item()"
    )
    assert value == pytest.approx(notebook.value(shown), abs=0.006)
    view.element.get_by_role("button", name="Copy as Python").click()
    code = notebook.lab.page.evaluate("navigator.clipboard.readText()")
    assert "result_alone = result.on_pair(1)" in code
    notebook.ask(
        "panel.content.widgets[given[0]].model.sharedModel.setSource(given[1])", PASTED, code
    )
    notebook.run(PASTED, seconds=120)
    same = "[bool(one.on_pair(1).effect().equals(alone.effect())) for one, alone in zip({})]"
    both = f"[explored.results['heads'], explored.results['{HEAD}.v']], [result_alone, paths_alone]"
    assert notebook.value(same.format(both), seconds=120) == [True, True]
    view.element.get_by_role("button", name="back to the map before").click()


def test_a_pair_is_chosen_from_python(notebook, view):
    notebook.value("setattr(explored.widget, 'prompt', 3)")
    wait_for(view, 4)
    view.element.get_by_role("grid").wait_for()
    assert number_of(view)[0] == pytest.approx(in_python(notebook, 3), abs=0.006)


def test_a_reader_without_a_kernel_sees_the_chosen_pairs_and_what_to_run_for_others(notebook, view):
    notebook.comes_to("len(explored.widget.header['pair_maps'])", 4)
    expected = in_python(notebook, 1)
    saved = notebook.save()
    received = notebook.lab.receive(saved)
    try:
        seen = Explorer(notebook.lab, received.cell(EXPLORER))
        lines = seen.element.locator(".pw-pair-line")
        marked = ["map here" in text for text in lines.all_text_contents()]
        assert marked == [False, True, True, True, False]
        lines.nth(1).click()
        wait_for(seen, 2)
        seen.click(HEAD)
        assert number_of(seen)[0] == pytest.approx(expected, abs=0.006)
        seen.element.get_by_role("button", name="previous pair").click()
        missing = seen.element.locator(".pw-missing-pair")
        assert missing.text_content() == (
            "The map of pair 1 is not in this file. With a kernel, this gives it:"
            "study.sweep('heads').on_pair(0)"
        )
        assert seen.grids.count() == 0
        again = received.save()
        assert [cell["outputs"] for cell in again["cells"]] == [
            cell["outputs"] for cell in saved["cells"]
        ]
    finally:
        received.close()


def test_another_widget_that_is_linked_chooses_between_one_pair_and_the_mean(notebook, view):
    notebook.value("setattr(explored.widget, 'alone', True)")
    wait_for(view, 4)
    notebook.run(LINKED)
    view.element.get_by_role("grid", name=f"{MEAN} layer by head", exact=True).wait_for()
    notebook.cell(LINKED).get_by_role("checkbox").check()
    wait_for(view, 4)
    notebook.comes_to("explored.widget.alone", True)
    view.element.get_by_role("button", name="All 6 pairs (mean)").click()
    notebook.cell(LINKED).get_by_role("checkbox", checked=False).wait_for()
