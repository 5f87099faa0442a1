"""A reader explores a real model in JupyterLab: sweeps, clicks, drills, cancels."""

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.test_html_page import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]

STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=4, metric=["logit_diff", "prob"])"""
CELLS = [
    STUDY,
    'heads = study.sweep("heads")',
    "heads",
    "heads",
    'roles = study.sweep("heads", positions="roles")\nroles',
    'mlps = study.sweep("mlp")\nmlps',
]
SWEEP, HEADS, AGAIN, ROLES, MLPS = range(1, 6)


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "exploring.ipynb", CELLS)
    opened = lab.open("exploring.ipynb")
    opened.run(0, seconds=200)
    yield opened
    opened.close()


def explorer_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def state(notebook, name, *traits):
    widget = f"{name}._shown.widget"
    return notebook.value(f"[{', '.join(f'{widget}.{trait}' for trait in traits)}]")


def test_a_reader_clicks_through_a_model(notebook):
    took = notebook.run(SWEEP) + notebook.run(HEADS)
    view = explorer_of(notebook, HEADS)
    filling = view.wait_for_colour()
    assert 0 < filling.done < filling.total == 270
    assert took < 2
    view.wait_until_done()
    assert notebook.value("heads.progress[:3]") == ["done", 270, 270]

    view.click("L20H0")
    assert view.selected.startswith("L20H0 ")
    view.choose("v L20H0.v")
    view.wait_for_map("What feeds L20H0.v?")
    assert state(notebook, "heads", "selection", "trail") == ["", ["heads", "L20H0.v"]]
    view.wait_until_done()
    strongest, size = view.peaks()[0]
    table = 'study.path(["L20H0.v"]).table()[["node", "logit_diff_normalized"]]'
    assert notebook.value(f"{table}.iloc[0].tolist()") == [
        strongest,
        pytest.approx(size, abs=0.0051),
    ]

    view.click(strongest, place=1)
    assert state(notebook, "heads", "selection") == [strongest]
    view.choose(f"q {strongest}.q")
    view.wait_for_map(f"What feeds {strongest}.q?")
    view.wait_until_done()
    assert view.trail == ["heads", "L20H0.v", f"{strongest}.q"]
    view.element.get_by_role("button", name="Back").click()
    assert view.trail == ["heads", "L20H0.v"]
    assert state(notebook, "heads", "trail") == [["heads", "L20H0.v"]]


def test_pictures_to_look_at(notebook):
    lab, view = notebook.lab, explorer_of(notebook, HEADS)
    if view.trail != ["heads", "L20H0.v"]:
        pytest.skip("needs the test before it")
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        lab.use_theme(theme)
        view.click("L20H0")
        view.page.screenshot(path=SCREENSHOTS / f"lab-{name}.png")
    view.click("L17H4", place=1)
    view.page.keyboard.press("Escape")
    view.element.screenshot(path=SCREENSHOTS / "lab-path.png")


def test_the_keyboard_alone_drills_and_comes_back(notebook):
    view = explorer_of(notebook, HEADS)
    keyboard = view.page.keyboard
    view.grids.first.focus()
    keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        keyboard.press(key)
    assert view.selected.startswith("L2H1 ")
    keyboard.press("Enter")
    keyboard.press("q")
    view.wait_for_map("What feeds L2H1.q?")
    assert state(notebook, "heads", "trail") == [["heads", "L2H1.q"]]
    keyboard.press("Backspace")
    assert state(notebook, "heads", "selection", "trail") == ["L2H1", ["heads"]]
    view.wait_until_done()


def test_keys_pressed_in_the_map_stay_in_the_map(notebook):
    view = explorer_of(notebook, HEADS)
    facts = "[panel.content.widgets.length, panel.content.activeCellIndex, panel.content.mode]"
    view.click("L20H0")
    before = notebook.ask(facts)
    assert view.page.evaluate("document.activeElement.role") == "grid"
    for key in ("x", "b", "d", "d", "j", "ArrowDown", "ArrowUp", "Enter", "ArrowDown", "Escape"):
        view.page.keyboard.press(key)
    assert notebook.ask(facts) == before


def test_the_notebook_can_be_saved_with_the_focus_in_the_map(notebook):
    view = explorer_of(notebook, HEADS)
    view.click("L20H0")
    notebook.ask("panel.context.model.dirty = true")
    view.page.keyboard.press("Control+s")
    notebook.wait("!panel.context.model.dirty")


def test_two_outputs_of_one_result_are_linked(notebook):
    notebook.run(AGAIN)
    explorer_of(notebook, AGAIN).click("L23H3")
    first = explorer_of(notebook, HEADS)
    assert first.selected.startswith("L23H3 ")
    first.element.get_by_role("button", name="Probability").click()
    second = explorer_of(notebook, AGAIN)
    second.element.locator('[aria-pressed="true"]', has_text="Probability").wait_for()
    assert state(notebook, "heads", "selection", "metric") == ["L23H3", "prob"]


def test_a_head_can_be_opened_while_another_map_is_measured(notebook):
    notebook.run(ROLES)
    heads = explorer_of(notebook, HEADS)
    heads.click("L1H0")
    heads.choose("q L1H0.q")
    heads.wait_for_map("What feeds L1H0.q?")
    assert notebook.value("roles.progress.state") == "running"
    assert heads.progress == "waiting for the model"
    notebook.value("[roles.cancel()][0] is None")
    heads.wait_until_done()


def test_cancelling_leaves_the_rest_unmeasured_and_lets_the_next_sweep_run(notebook):
    notebook.run(ROLES)
    assert notebook.run(MLPS) < 2
    explorer_of(notebook, MLPS).wait_for_progress("waiting for the model")
    roles = explorer_of(notebook, ROLES)
    roles.wait_for_colour()
    roles.element.get_by_role("button", name="Cancel").click()
    roles.wait_for_progress("stopped after")
    explorer_of(notebook, MLPS).wait_until_done()
    assert notebook.value("[roles.progress.state, mlps.progress.state]") == ["cancelled", "done"]
    assert notebook.value("len(model.list_hooks())") == 0

    table = notebook.value("roles.table()[['node', 'status', 'logit_diff_effect']].to_dict('list')")
    left = [n for n, status in zip(table["node"], table["status"]) if status == "not measured"]
    print(left[:3], left[-3:], table)
    explorer_of(notebook, ROLES).element.screenshot(path="/tmp/roles.png")
