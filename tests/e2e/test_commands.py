"""What the extension adds to JupyterLab: cards, commands, the list of studies, settings."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.explorer import Explorer
from tests.e2e.lab import Notebook, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

study = pw.Study("smollm2-135m", "ioi", n=2, metric=["logit_diff", "prob"])"""
CELLS = [STUDY, 'mlps = study.sweep("mlp")\nmlps', 'attn = study.sweep("attn")\nattn']
MLPS, ATTN = 1, 2


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "commands.ipynb", CELLS)
    opened = lab.open("commands.ipynb")
    opened.run(0, seconds=200)
    for cell in (MLPS, ATTN):
        opened.run(cell, seconds=60)
        Explorer(lab, opened.cell(cell)).wait_until_done()
    yield opened
    lab.close_all()


@pytest.fixture
def tidy(lab):
    """Close what a test opens."""
    before = set(paths(lab))
    yield
    lab.ask(
        """async (app, kept) => {
          for (const one of [...app.shell.widgets("main")]) {
            if (!one.context || kept.includes(one.context.path)) continue;
            await one.sessionContext?.shutdown();
            one.context.model.dirty = false;
            one.close();
          }
          app.shell.collapseRight();
          app.shell.collapseLeft();
        }""",
        list(before),
    )


def paths(lab):
    return lab.ask(
        """app => [...app.shell.widgets("main")].filter((one) => one.context)
          .map((one) => one.context.path)"""
    )


def wait_for_notebook(lab, path):
    lab.wait("(app, path) => app.shell.currentWidget?.context?.path === path", path, seconds=60)
    opened = Notebook(lab, path)
    opened.wait_until_idle()
    return opened


def sources(notebook):
    return notebook.ask("panel.content.widgets.map((cell) => cell.model.sharedModel.getSource())")


def palette(lab, words):
    """Choose a command from the palette as a person does."""
    lab.page.keyboard.press("Control+Shift+C")
    lab.page.locator(".lm-CommandPalette-input").fill(words)
    lab.page.locator(".lm-CommandPalette-item", has_text=words).first.click()


def open_panel(lab):
    lab.ask("app => app.shell.activateById('patchwidgets-studies')")
    panel = lab.page.locator("#patchwidgets-studies")
    panel.locator(".pw-listed-one").first.wait_for()
    return panel


def test_the_launcher_card_makes_a_notebook_that_runs(lab, tidy):
    (lab.root / "work").mkdir(exist_ok=True)
    lab.ask("app => app.commands.execute('launcher:create', {cwd: 'work'}).then(() => null)")
    card = lab.page.locator(".jp-LauncherCard:visible", has_text="Patching study")
    card.locator("img").wait_for()
    card.click()
    made = wait_for_notebook(lab, "work/study.ipynb")
    code = sources(made)
    assert code[1] == "import patchwidgets as pw"
    lines = [line for cell in code[1:] for line in cell.splitlines()]
    assert len(lines) <= 12
    made.run(1)
    made.run(2, seconds=200)
    made.run(3, seconds=60)
    view = Explorer(lab, made.cell(3))
    view.wait_until_done(200)
    made.run(4, seconds=60)
    assert "L23H3" in json.dumps(made.outputs()[4])


def test_a_second_notebook_leaves_the_first(lab, tidy):
    (lab.root / "taken").mkdir(exist_ok=True)
    (lab.root / "taken/study.ipynb").write_text("{}")
    lab.ask("app => void app.commands.execute('patchwidgets:new-study', {cwd: 'taken'})")
    wait_for_notebook(lab, "taken/study-1.ipynb")
    assert (lab.root / "taken/study.ipynb").read_text() == "{}"


def test_the_palette_opens_a_copy_of_a_tutorial(lab, notebook, tidy):
    palette(lab, "Open Tutorial Copy")
    dialog = lab.page.get_by_role("dialog")
    folder = Path(__file__).parents[2] / "notebooks"
    dialog.locator("select").wait_for()
    offered = dialog.locator("select option").all_text_contents()
    numbers = [f"{int(path.name[:2])}." for path in sorted(folder.glob("*.ipynb"))]
    assert [title.split()[0] for title in offered] == numbers
    dialog.locator("select").select_option(label="1. Your first patch")
    dialog.get_by_role("button", name="Open a copy").click()
    wait_for_notebook(lab, "01_first_patch.ipynb")
    original = folder / "01_first_patch.ipynb"
    copied = json.loads((lab.root / "01_first_patch.ipynb").read_text())
    assert copied["cells"] == json.loads(original.read_text())["cells"]


def test_the_launcher_card_opens_a_copy_of_a_tutorial(lab, tidy):
    (lab.root / "lessons").mkdir(exist_ok=True)
    lab.ask("app => app.commands.execute('launcher:create', {cwd: 'lessons'}).then(() => null)")
    card = lab.page.locator(".jp-LauncherCard:visible", has_text="Patching tutorial")
    card.locator("svg").wait_for()
    card.click()
    dialog = lab.page.get_by_role("dialog")
    dialog.locator("select").select_option(label="1. Your first patch")
    dialog.get_by_role("button", name="Open a copy").click()
    wait_for_notebook(lab, "lessons/01_first_patch.ipynb")
    original = Path(__file__).parents[2] / "notebooks" / "01_first_patch.ipynb"
    copied = json.loads((lab.root / "lessons/01_first_patch.ipynb").read_text())
    assert copied["cells"] == json.loads(original.read_text())["cells"]


def test_the_code_of_a_view_goes_into_a_new_cell_and_runs(lab, notebook):
    notebook.cell(MLPS)
    notebook.ask("void (panel.content.activeCellIndex = given[0])", MLPS)
    lab.ask("(app, id) => app.shell.activateById(id)", notebook.ask("panel.id"))
    palette(lab, "Insert Code for This View")
    notebook.wait("panel.content.widgets.length === 4")
    inserted = sources(notebook)[MLPS + 1]
    assert inserted.startswith("import patchwidgets as pw\n\nmodel = pw.load_model(")
    notebook.run(MLPS + 1, seconds=200)
    same = "bool((result.wait().numbers()[0] == mlps.numbers()[0]).all())"
    assert notebook.value(same) is True
    notebook.ask("app.commands.execute('notebook:delete-cell')")
    notebook.wait("panel.content.widgets.length === 3")


def test_the_context_menu_of_an_output_inserts_its_code(lab, notebook):
    notebook.cell(ATTN).locator(".pw-title").click(button="right")
    lab.page.locator(".lm-Menu-itemLabel", has_text="Insert Code for This View").click()
    notebook.wait("panel.content.widgets.length === 4")
    assert "study.sweep('attn')" in sources(notebook)[ATTN + 1]
    notebook.ask("app.commands.execute('notebook:delete-cell')")
    notebook.wait("panel.content.widgets.length === 3")


def test_the_panel_lists_the_studies_and_goes_to_one(lab, notebook, tidy):
    panel = open_panel(lab)
    entries = panel.locator(".pw-listed-one")
    lab.wait("() => document.querySelectorAll('.pw-listed-one').length === 2")
    texts = [re.sub(r"\s+", " ", text) for text in entries.all_text_contents()]
    assert all("smollm2-135m" in text for text in texts)
    assert "Which MLPs restore the answer?" in texts[0]
    assert [one.get_attribute("data-state") for one in entries.all()] == ["measured", "measured"]
    notebook.cell(0)
    entries.nth(1).click()
    notebook.wait(f"panel.content.activeCellIndex === {ATTN}")
    lab.wait("() => document.activeElement?.getAttribute('role') === 'grid'")
    assert violations_of(lab.page, "#patchwidgets-studies") == []


KEPT = """async app => {
  const {data} = await app.serviceManager.workspaces.fetch("default");
  return data["layout-restorer:data"].right.current === "patchwidgets-studies";
}"""


def test_the_panel_comes_back_with_its_studies_when_the_page_is_loaded_again(lab, notebook, tidy):
    open_panel(lab)
    notebook.save()
    lab.wait(KEPT)
    lab.reload()
    panel = lab.page.locator("#patchwidgets-studies")
    assert panel.is_visible()
    measured = panel.locator('.pw-listed-one[data-state="measured"]')
    measured.nth(1).wait_for(timeout=60_000)
    measured.nth(1).click()
    notebook.wait(f"panel.content.activeCellIndex === {ATTN}")


def test_the_panel_follows_what_is_measured_and_what_is_stored(lab, notebook, tidy):
    panel = open_panel(lab)
    state = "() => [...document.querySelectorAll('.pw-listed-one')].map((one) => one.dataset.state)"
    notebook.ask("app.commands.execute('notebook:move-cursor-down')")
    notebook.ask("void (panel.content.activeCellIndex = panel.content.widgets.length - 1)")
    notebook.ask("app.commands.execute('notebook:insert-cell-below')")
    sweep = 'slow = study.sweep("heads", site="q")\nslow'
    notebook.ask("void panel.content.activeCell.model.sharedModel.setSource(given[0])", sweep)
    notebook.run(3, seconds=60)
    lab.wait(f"() => ({state})().join() === 'measured,measured,measuring'", seconds=60)
    notebook.value("bool(slow.cancel().wait())")
    lab.wait(f"() => ({state})().join() === 'measured,measured,measured'")
    notebook.ask("panel.sessionContext.shutdown()")
    lab.wait(f"() => ({state})().join() === 'stored,stored,needs a kernel'")
    lab.use_theme("JupyterLab Dark")
    lab.page.wait_for_timeout(500)
    assert violations_of(lab.page, "#patchwidgets-studies") == []
    lab.use_theme("JupyterLab Light")
    assert panel.is_visible()


CHANGE = """async (app, values) => {
  const path = "patchwidgets:settings";
  for (const [name, value] of Object.entries(values)) {
    const all = await app.serviceManager.settings.fetch(path);
    const raw = {...JSON.parse(all.raw || "{}"), [name]: value};
    await app.serviceManager.settings.save(path, JSON.stringify(raw));
  }
}"""


@pytest.fixture
def settings(lab):
    """Return a function that changes settings and loads the page again."""

    def change(**values):
        lab.ask(CHANGE, values)
        lab.load()

    yield change
    change(palette="red-blue", metric="")


def test_a_setting_changes_the_colours_and_the_metric_of_what_is_drawn(lab, settings, tidy):
    write_notebook(lab.root / "settings.ipynb", CELLS[:2])
    opened = lab.open("settings.ipynb")
    opened.run(0, seconds=200)
    opened.run(1, seconds=60)
    view = Explorer(lab, opened.cell(1))
    view.wait_until_done()
    assert view.metric == "Logit difference"
    strongest, other = (name for name, *_ in view.peaks()[:2])
    logits = view.pixels(other)["most"]
    opened.save()

    def drawn_again(**values):
        settings(**values)
        again = lab.open("settings.ipynb")
        again.wait_until_live()
        return Explorer(lab, again.cell(1))

    view = drawn_again(metric="prob")
    assert view.metric == "Probability"
    assert view.pixels(other)["most"] != logits
    red = view.pixels(strongest)["most"]
    assert opened.value("mlps._shown.widget.metric") == ""
    view = drawn_again(palette="orange-purple")
    assert lab.page.evaluate("document.documentElement.dataset.pwPalette") == "orange-purple"
    assert view.metric == "Probability"
    orange = view.pixels(strongest)["most"]
    # At one lightness orange has more green than blue by far, and purple has less.
    assert abs(orange[1] - orange[2]) > abs(red[1] - red[2])
    assert orange != red
