"""One question from the first map to a checked circuit, by mouse and by keyboard, in one cell."""

import re

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

CELLS = [
    """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=2)""",
    "explored = study.explore()\nexplored",
    "pass",
]
EXPLORER, PASTED = 1, 2
HOPS = ["heads", "L20H0.v", "L17H1.k"]


@pytest.fixture(scope="module")
def notebook(lab):
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(lab.root / "explore.ipynb", CELLS)
    opened = lab.open("explore.ipynb")
    opened.run(0, seconds=200)
    opened.run(EXPLORER)
    yield opened
    opened.close()


@pytest.fixture
def view(notebook):
    found = Explorer(notebook.lab, notebook.cell(EXPLORER))
    found.wait_until_done()
    return found


def wait_for_circuit(view):
    """Wait until it is measured how much the circuit carries, and return that sentence."""
    lead = view.element.locator(".pw-circuit-lead")
    lead.wait_for(timeout=120_000)
    return lead.text_content()


def share_in(sentence):
    """Return the first percentage of a sentence."""
    (written,) = re.findall(r"(−?\d+)\s%", sentence)[:1]
    return float(written.replace("−", "-"))


def faithfulness(notebook):
    return notebook.value("100 * float(explored.circuit.wait().faithfulness().value)")


def test_by_mouse_from_the_first_map_to_a_checked_circuit(notebook, view):
    view.drill("L20H0", "v L20H0.v")
    strongest, _ = view.peaks()[0]
    assert strongest == "L17H4"
    view.drill(strongest, "k L17H1.k", place=1)
    assert view.trail == HOPS
    for left in (HOPS[:2], HOPS[:1]):
        view.element.get_by_role("button", name="back to the map before").click()
        notebook.comes_to("explored.widget.trail", left)
    for node in ("L20H0", "L23H3", "L17H4"):
        view.click(node)
        view.element.locator("button.pw-pin").click()
    notebook.comes_to("explored.widget.pins", ["L20H0", "L23H3", "L17H4"])
    view.element.get_by_role("button", name="Measure how much these 3 nodes carry").click()
    assert share_in(wait_for_circuit(view)) == pytest.approx(faithfulness(notebook), abs=0.51)
    view.element.screenshot(path=SCREENSHOTS / "explore.png")


def test_the_selected_cell_is_shown_pair_by_pair_with_what_its_head_attends_to(notebook, view):
    view.element.locator(".pw-peak", has_text="L23H3").first.click()
    pattern = view.element.locator(".pw-attention")
    pattern.first.wait_for(timeout=60_000)
    assert "L23H3" in (pattern.first.text_content() or "")
    effects = view.element.get_by_role("listbox", name="effect on every prompt pair")
    effects.focus()
    view.page.keyboard.press("End")
    view.page.keyboard.press("Enter")
    notebook.comes_to("explored.widget.prompt", 1)


def test_what_is_copied_measures_the_same(notebook, view):
    view.element.get_by_role("button", name="Copy as Python").click()
    code = notebook.lab.page.evaluate("navigator.clipboard.readText()")
    assert "study.circuit(" in code
    notebook.ask(
        "panel.content.widgets[given[0]].model.sharedModel.setSource(given[1])", PASTED, code
    )
    notebook.run(PASTED, seconds=120)
    same = "bool(result.effect().equals(explored.results['heads'].effect()))"
    assert notebook.value(same, seconds=120)
    again = notebook.value("100 * float(circuit.wait().faithfulness().value)", seconds=120)
    assert again == pytest.approx(faithfulness(notebook))


def test_by_keyboard_alone(notebook, view):
    page = view.page
    view.grids.first.focus()
    walk(view, "L20H0")
    page.keyboard.press("Enter")
    page.keyboard.press("v")
    view.wait_for_map("What feeds L20H0.v?")
    walk(view, "L17H4", place=1)
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    view.wait_for_map("What feeds L17H1.k?")
    assert view.trail == HOPS
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    notebook.comes_to("explored.widget.trail", HOPS[:1])
    for node in ("L20H0", "L29H1"):  # one is taken out, another put in
        walk(view, node)
        page.keyboard.press("p")
    notebook.comes_to("explored.widget.pins", ["L23H3", "L17H4", "L29H1"])
    tab_to(page, "Measure how much these 3 nodes carry")
    page.keyboard.press("Enter")
    assert share_in(wait_for_circuit(view)) == pytest.approx(faithfulness(notebook), abs=0.51)


def walk(view, name, place=0):
    """Go to a cell of a map, which has the focus, with the arrow keys."""
    layer, head = map(int, re.findall(r"\d+", name))
    view.page.keyboard.press("ArrowDown")
    for _ in range(60):
        spoken = view.grids.nth(place).get_by_role("gridcell").text_content()
        row, column = map(int, re.findall(r"\d+", spoken)[:2])
        if (row, column) == (layer, head):
            return
        if row == layer:
            key = "ArrowRight" if column < head else "ArrowLeft"
        else:
            key = "ArrowDown" if row < layer else "ArrowUp"
        view.page.keyboard.press(key)
    raise AssertionError(f"{name} was not reached: {view.spoken}")


def tab_to(page, label):
    """Press Tab until a button with this label has the focus."""
    for _ in range(80):
        if label in page.evaluate("document.activeElement.textContent ?? ''")[:80]:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {label!r}")


def test_another_direction_is_measured_when_it_is_asked_for(notebook, view):
    view.element.get_by_label("direction").select_option("noising")
    view.element.get_by_role("button", name=re.compile("Measure it")).click()
    view.wait_for_map("Which heads does the answer need?")
    view.wait_until_done()
    assert notebook.value("explored.results['noising: heads'].direction") == "noising"
    view.element.get_by_label("direction").select_option("denoising")
    view.wait_for_map("Which heads restore the answer?")


def test_both_directions_are_seen_side_by_side(notebook, view):
    compare = view.element.get_by_role("button", name="Compare methods")
    compare.click()
    compared = view.element.locator(".pw-beside")
    compared.get_by_role("table").first.wait_for(timeout=60_000)
    labels = "[one['label'] for one in explored.widget.header['comparison']['methods']]"
    notebook.comes_to(labels, ["denoising", "noising"])
    assert notebook.value("list(explored.results)")[-1] == "noising: heads"
    compare.click()
    view.wait_for_map("Which heads restore the answer?")


def test_a_reader_without_a_kernel_sees_it_all_and_loses_nothing(notebook, view):
    saved = notebook.save()
    received = notebook.lab.receive(saved)
    try:
        seen = Explorer(notebook.lab, received.cell(EXPLORER))
        seen.drill("L20H0", "v L20H0.v")
        seen.drill("L17H4", "k L17H1.k", place=1)
        assert seen.trail == HOPS
        seen.element.get_by_role("button", name="back to the map before").click()
        seen.element.get_by_label("direction").select_option("noising")
        seen.wait_for_map("Which heads does the answer need?")
        seen.element.get_by_role("tab", name="Residual").click()
        assert "study.sweep('residual'" in (
            seen.element.locator(".pw-unmeasured code").text_content() or ""
        )
        again = received.save()
        assert [cell["outputs"] for cell in again["cells"]] == [
            cell["outputs"] for cell in saved["cells"]
        ]
    finally:
        received.close()
