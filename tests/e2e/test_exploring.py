"""A reader explores a real model in JupyterLab: sweeps, clicks, drills, cancels."""

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=4, metric=["logit_diff", "prob"])"""
CELLS = [
    STUDY,
    'heads = study.sweep("heads")',
    "heads",
    "heads",
    'roles = study.sweep("heads", positions="roles")\nroles',
    'residual = study.sweep("residual")\nresidual',
    'mlps = study.sweep("mlp")\nmlps',
]
SWEEP, HEADS, AGAIN, ROLES, RESIDUAL, MLPS = range(1, 7)


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "exploring.ipynb", CELLS)
    opened = lab.open("exploring.ipynb")
    opened.run(0, seconds=200)
    yield opened
    opened.close()


@pytest.fixture
def heads(notebook):
    """The explorer of a sweep that is done."""
    if not notebook.outputs()[HEADS]:
        notebook.run(SWEEP)
        notebook.run(HEADS)
    explorer_of(notebook, HEADS).wait_until_done()
    return explorer_of(notebook, HEADS)


def explorer_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def state(name, *traits):
    """Return Python for some traits of the widget behind a result."""
    widget = f"{name}._shown.widget"
    return f"[{', '.join(f'{widget}.{trait}' for trait in traits)}]"


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
    notebook.comes_to(state("heads", "selection", "trail"), ["", ["heads", "L20H0.v"]])
    view.wait_until_done()
    strongest, size = view.peaks()[0]
    table = 'study.path(["L20H0.v"]).table()[["node", "logit_diff_normalized"]]'
    assert notebook.value(f"{table}.iloc[0].tolist()") == [
        strongest,
        pytest.approx(size, abs=0.0051),
    ]

    view.click(strongest, place=1)
    notebook.comes_to(state("heads", "selection"), [strongest])
    view.choose(f"q {strongest}.q")
    view.wait_for_map(f"What feeds {strongest}.q?")
    view.wait_until_done()
    assert view.trail == ["heads", "L20H0.v", f"{strongest}.q"]
    view.element.get_by_role("button", name="Back").click()
    assert view.trail == ["heads", "L20H0.v"]
    notebook.comes_to(state("heads", "trail"), [["heads", "L20H0.v"]])


def test_pictures_to_look_at(notebook, heads):
    if heads.trail != ["heads", "L20H0.v"]:
        heads.drill("L20H0", "v L20H0.v")
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.lab.use_theme(theme)
        heads.click("L20H0")
        heads.page.screenshot(path=SCREENSHOTS / f"lab-{name}.png")
        heads.page.keyboard.press("Escape")
    heads.click("L17H4", place=1)
    heads.page.keyboard.press("Escape")
    heads.page.mouse.move(1, 1)
    heads.element.screenshot(path=SCREENSHOTS / "lab-path.png")


def test_the_keyboard_alone_drills_and_comes_back(notebook, heads):
    keyboard = heads.page.keyboard
    heads.grids.first.focus()
    keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        keyboard.press(key)
    assert heads.selected.startswith("L2H1 ")
    keyboard.press("Enter")
    keyboard.press("q")
    heads.wait_for_map("What feeds L2H1.q?")
    notebook.comes_to(state("heads", "trail"), [["heads", "L2H1.q"]])
    keyboard.press("Backspace")
    notebook.comes_to(state("heads", "selection", "trail"), ["L2H1", ["heads"]])
    heads.wait_until_done()


def test_keys_pressed_in_the_map_stay_in_the_map(notebook, heads):
    facts = "[panel.content.widgets.length, panel.content.activeCellIndex, panel.content.mode]"
    heads.click("L20H0")
    before = notebook.ask(facts)
    assert heads.page.evaluate("document.activeElement.role") == "grid"
    for key in ("x", "b", "d", "d", "j", "ArrowDown", "ArrowUp", "Enter", "ArrowDown", "Escape"):
        heads.page.keyboard.press(key)
    assert notebook.ask(facts) == before


def test_the_notebook_can_be_saved_with_the_focus_in_the_map(notebook, heads):
    heads.click("L20H0")
    notebook.ask("panel.context.model.dirty = true")
    heads.page.keyboard.press("Control+s")
    notebook.wait("!panel.context.model.dirty")


def test_two_outputs_of_one_result_are_linked(notebook, heads):
    notebook.run(AGAIN)
    explorer_of(notebook, AGAIN).click("L23H3")
    first = explorer_of(notebook, HEADS)
    first.element.locator(".pw-cell-name", has_text="L23H3").wait_for()
    first.element.get_by_role("button", name="Probability").click()
    second = explorer_of(notebook, AGAIN)
    second.element.locator('[aria-pressed="true"]', has_text="Probability").wait_for()
    notebook.comes_to(state("heads", "selection", "metric"), ["L23H3", "prob"])


def test_a_head_can_be_opened_while_another_map_is_measured(notebook, heads):
    notebook.run(ROLES)
    explorer_of(notebook, ROLES).wait_for_progress("measuring")
    heads = explorer_of(notebook, HEADS)
    heads.click("L1H0")
    heads.choose("q L1H0.q")
    heads.wait_for_map("What feeds L1H0.q?")
    assert notebook.value("roles.progress.state") == "running"
    assert heads.progress == "waiting for the model"
    assert notebook.value("roles.cancel() is roles")
    heads.wait_until_done()


def test_cancelling_leaves_the_rest_unmeasured_and_lets_the_next_sweep_run(notebook):
    notebook.run(RESIDUAL)
    assert notebook.run(MLPS) < 2
    explorer_of(notebook, MLPS).wait_for_progress("waiting for the model")
    view = explorer_of(notebook, RESIDUAL)
    view.wait_for_colour()
    view.element.get_by_role("button", name="Cancel").click()
    view.wait_for_progress("stopped after")
    explorer_of(notebook, MLPS).wait_until_done()
    states = notebook.value("[residual.progress.state, mlps.progress.state]")
    assert states == ["cancelled", "done"]
    assert notebook.value("len(model.list_hooks())") == 0

    table = "residual.table()[['node', 'status', 'logit_diff_effect']]"
    rows = notebook.value(f"{table}.fillna('nan').to_numpy().tolist()")
    left = [(node, effect) for node, status, effect in rows if status == "not measured"]
    assert {effect for _, effect in left} == {"nan"}
    assert 0 < len(left) < len(rows)
    view = explorer_of(notebook, RESIDUAL)
    for node in (left[0][0], left[-1][0]):
        pixels = view.pixels(node)
        assert "not measured" in view.tooltip()
        assert pixels["coloured"] == 0
        assert pixels["shades"] > 1
