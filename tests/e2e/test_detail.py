"""A pattern, per-prompt effects and prompt pairs in JupyterLab: linked, measured anew, saved."""

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

CELLS = [
    """import patchwidgets as pw
from ipywidgets import jslink

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=3)
onward = study.paths_from("L20H0", receivers=["q"]).wait()
onward""",
    """effects = onward.effects_view("L23H7.q")
effects""",
    """pattern = study.attention_view("L20H0", prompt=0)
pattern""",
    """pairs = study.prompts_view()
pairs""",
    """jslink((onward.widget, "selection"), (effects.widget, "selection"))
jslink((onward.widget, "selection"), (pattern.widget, "selection"))
jslink((effects.widget, "prompt"), (pattern.widget, "prompt"))
jslink((effects.widget, "prompt"), (pairs, "prompt"));""",
]
MAP, EFFECTS, PATTERN, PAIRS, LINKS = range(5)


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "detail.ipynb", CELLS)
    opened = lab.open("detail.ipynb")
    for cell in range(len(CELLS)):
        opened.run(cell, seconds=400)
    yield opened
    opened.close()


def test_a_cell_that_is_selected_shows_its_effects_and_its_pattern(notebook):
    grid = notebook.cell(MAP).get_by_role("grid")
    grid.focus()
    notebook.lab.page.keyboard.press("ArrowDown")
    selected = notebook.value("onward.widget.selection")
    head = selected.removesuffix(".q")
    title = notebook.cell(EFFECTS).get_by_role("heading", level=2)
    title.get_by_text(f"L20H0 -> {selected}").wait_for()
    shown = notebook.cell(PATTERN).get_by_role("heading", level=2)
    shown.get_by_text(f"What {head} attends to").wait_for()
    pattern = notebook.value("study.patterns(pattern.widget.header['node'])[0, -1].max().item()")
    most = notebook.cell(PATTERN).locator(".pw-attended tbody td:nth-child(2)").all_text_contents()
    assert f"{round(100 * pattern)} %" in most


def test_a_pair_that_is_chosen_is_chosen_everywhere(notebook):
    strip = notebook.cell(EFFECTS).get_by_role("listbox")
    strip.focus()
    notebook.lab.page.keyboard.press("End")
    notebook.lab.page.keyboard.press("Enter")
    largest = notebook.value(
        "int(onward.effect().sel(layer=int(onward.widget.selection[1:3]), "
        "head=int(onward.widget.selection[4])).argmax())"
    )
    notebook.comes_to("effects.widget.prompt", largest)
    place = f"pair {largest + 1} of 3"
    notebook.cell(PAIRS).locator(".pw-place").get_by_text(place).wait_for()
    notebook.cell(PATTERN).locator(".pw-caption").get_by_text(place).wait_for()


def test_what_is_saved_is_what_is_shown(notebook):
    notebook.cell(PATTERN)
    node = notebook.value("pattern.widget.header['node']")
    data = f"panel.content.widgets[given[0]].model.toJSON().outputs[0].data['{MIME}']"
    notebook.wait(f"{data}.header.node === given[1]", PATTERN, node)
    saved = notebook.save()
    outputs = [cell["outputs"] for cell in saved["cells"]]
    assert [len(one) for one in outputs] == [1, 1, 1, 1, 0]
    assert outputs[PATTERN][0]["data"][MIME]["header"]["node"] == node
    assert outputs[PATTERN][0]["data"]["text/plain"][0].startswith(f"What {node} attends to")
    assert violations_of(notebook.lab.page, ".pw-frame") == []
    SCREENSHOTS.mkdir(exist_ok=True)
    notebook.lab.page.screenshot(path=SCREENSHOTS / "lab-detail.png")
