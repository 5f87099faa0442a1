"""One question from running the cells to pasting the code of the answer, without a pointer."""

import re

import pytest

from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

CELLS = [
    """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=2)""",
    "explored = study.explore()\nexplored",
]
EXPLORER, PASTED = 1, 2
HOPS = ["heads", "L20H0.v", "L17H1.k"]
NODES = ["L20H0", "L23H3", "L17H4"]

POINTED = """() => {
  window.pointed = 0;
  for (const kind of ["pointerdown", "mousedown", "touchstart", "wheel"])
    window.addEventListener(kind, () => { window.pointed += 1; }, true);
}"""

FOCUS = """() => {
  const {role, textContent, ariaLabel} = document.activeElement;
  return `${role ?? ""} ${ariaLabel ?? ""} ${(textContent ?? "").slice(0, 80)}`;
}"""


@pytest.fixture(scope="module")
def notebook(lab):
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(lab.root / "keyboard.ipynb", CELLS)
    opened = lab.open("keyboard.ipynb")
    yield opened
    opened.close()


def test_by_keyboard_alone(notebook):
    page, press = notebook.lab.page, notebook.lab.page.keyboard.press
    page.evaluate(POINTED)
    press("Shift+Enter")
    press("Control+Enter")
    page.locator(".pw-grid").wait_for(timeout=200_000)
    view = Explorer(notebook.lab, page.locator(".jp-Notebook"))
    view.wait_until_done()

    tab_to(page, "grid Which heads restore the answer?")
    walk(view, "L20H0")
    press("Enter")
    press("v")
    view.wait_for_map("What feeds L20H0.v?")
    view.wait_until_done()
    strongest, _ = view.peaks()[0]
    assert strongest == "L17H4"
    walk(view, strongest, place=1)
    press("Enter")
    press("k")
    view.wait_for_map("What feeds L17H1.k?")
    view.wait_until_done()
    assert view.trail == HOPS
    for left in (HOPS[:2], HOPS[:1]):
        press("Backspace")
        notebook.comes_to("explored.widget.trail", left)
    for node in NODES:
        walk(view, node)
        press("p")
    notebook.comes_to("explored.widget.pins", NODES)
    tab_to(page, "Measure how much these 3 nodes carry")
    press("Enter")
    share = view.wait_for_share()
    faithfulness = notebook.value("float(explored.circuit.wait().faithfulness().value)")
    assert share == pytest.approx(100 * faithfulness, abs=0.51)

    tab_to(page, "Copy as Python", key="Shift+Tab")
    press("Enter")
    view.element.get_by_role("status").filter(has_text="copied").wait_for()
    tab_to(page, "Code Cell Content with Output", key="Shift+Tab")
    press("b")  # JupyterLab's key for a cell below
    press("Enter")
    press("Control+v")
    notebook.wait(f"panel.content.widgets[{PASTED}].model.sharedModel.getSource()")
    press("Control+Enter")
    effects = "bool(result.effect().equals(explored.results['heads'].effect()))"
    notebook.comes_to(f"'circuit' in globals() and {effects}", True, seconds=120)
    again = notebook.value("float(circuit.wait().faithfulness().value)", seconds=120)
    assert again == pytest.approx(faithfulness)
    assert page.evaluate("window.pointed") == 0


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


def tab_to(page, said, key="Tab"):
    """Press Tab until what has the focus is said to be this."""
    heard = []
    for _ in range(80):
        heard.append(page.evaluate(FOCUS))
        if said in heard[-1]:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {said!r}: {heard}")
