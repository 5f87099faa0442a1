"""Saved notebooks in Notebook 7: the same renderer, without the parts of JupyterLab it lacks."""

from importlib.util import find_spec

import pytest

from tests.e2e.conftest import SCREENSHOTS, listen
from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, PATIENCE, Lab, Notebook, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.e2e.server import jupyter_lab

pytestmark = [
    *REAL_LAB,
    pytest.mark.skipif(find_spec("notebook") is None, reason="un-skip with `pip install notebook`"),
]

CELLS = [
    'import patchwidgets as pw\n\nstudy = pw.Study(pw.load_model(), "ioi", n=4)',
    'heads = study.sweep("heads")\nheads',
    'study.bake(top=1).wait()\nstudy.save("mini.study.json").name',
]
STUDY, HEADS, SAVE = range(3)
HEAD, OTHER = "L3H5", "L2H0"


class Classic(Lab):
    """A browser tab with Notebook 7 in it: one document a page."""

    def visit(self, path: str) -> None:
        self.page.goto(f"{self._url}/{path}")
        self.page.wait_for_function("window.jupyterapp?.restored", timeout=60_000)

    def open(self, path: str, *, kernel: bool = True) -> Notebook:
        self.visit(f"notebooks/{path}")
        notebook = Notebook(self, path)
        notebook.wait("panel?.context?.isReady && panel.content.widgets.length", seconds=60)
        if kernel:
            notebook.wait_until_idle()
        return notebook


@pytest.fixture(scope="module")
def classic(page, noise, tmp_path_factory):
    with jupyter_lab(tmp_path_factory.mktemp("notebook7"), "notebook") as server:
        tab = page.context.browser.new_page(viewport={"width": 1120, "height": 1080})
        tab.set_default_timeout(20_000 * PATIENCE)
        listen(tab, noise)
        yield Classic(tab, server)
        tab.close()


@pytest.fixture(scope="module")
def notebook(classic):
    write_notebook(classic.root / "seven.ipynb", CELLS)
    opened = classic.open("seven.ipynb")
    for cell in (STUDY, HEADS):
        opened.run(cell, seconds=120)
    view_of(opened, HEADS).wait_until_done()
    return opened


def view_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def test_a_map_is_drawn_by_our_renderer_and_answers_clicks(notebook):
    notebook.cell(HEADS).locator(".pw-output .pw-explorer").wait_for()
    view = view_of(notebook, HEADS)
    view.drill(HEAD, f"q {HEAD}.q")
    notebook.comes_to("heads.widget.trail", ["heads", f"{HEAD}.q"])
    SCREENSHOTS.mkdir(exist_ok=True)
    notebook.lab.page.screenshot(path=SCREENSHOTS / "notebook7.png")


def test_single_letters_stay_in_the_map(notebook):
    view = view_of(notebook, HEADS)
    view.grids.first.focus()
    for key in "xdab":
        notebook.lab.page.keyboard.press(key)
    assert notebook.ask("panel.content.widgets.length") == len(CELLS)


def test_the_code_of_a_view_goes_into_a_new_cell(notebook):
    view_of(notebook, HEADS).grids.first.focus()
    notebook.lab.ask("app => app.commands.execute('patchwidgets:insert-code')")
    source = notebook.ask("panel.content.activeCell.model.sharedModel.getSource()")
    assert 'study.sweep("heads")' in source.replace("'", '"')
    notebook.ask("app.commands.execute('notebook:delete-cell')")


def test_a_saved_notebook_is_clickable_when_it_is_opened_again(classic, notebook):
    notebook.wait(f"""panel.content.widgets[{HEADS}].model.toJSON().outputs[0].data["{MIME}"]
      .header.maps.some(({{key, progress}}) => key === "{HEAD}.q" && progress.state === "done")""")
    document = notebook.save()
    again = classic.open("seven.ipynb")
    again.ask("panel.sessionContext.shutdown()")
    view = view_of(again, HEADS)
    view.drill(HEAD, f"q {HEAD}.q")
    classic.page.keyboard.press("Backspace")
    view.click(OTHER)
    view.choose(f"q {OTHER}.q")
    assert view.says.startswith(f"{OTHER}.q was not measured; run study.path(")
    assert again.save()["cells"][HEADS]["outputs"] == document["cells"][HEADS]["outputs"]


def test_a_study_file_opens_in_our_viewer(classic, notebook):
    again = classic.open("seven.ipynb")
    again.run(STUDY, seconds=120)
    again.run(HEADS)
    again.run(SAVE, seconds=120)
    classic.visit("edit/mini.study.json?factory=Patching study")
    classic.page.locator(".pw-document .pw-grid").first.wait_for()
    view = Explorer(classic, classic.page.locator(".pw-document"))
    view.click(HEAD)
    assert view.selected.startswith(f"{HEAD} ")
    classic.page.screenshot(path=SCREENSHOTS / "notebook7-study.png")


def test_the_list_of_files_has_our_type_and_opens_it(classic, notebook):
    classic.visit("tree")
    item = classic.page.locator(".jp-DirListing-item", has_text="mini.study.json")
    item.wait_for()
    with classic.page.context.expect_page() as opened:
        item.dblclick()
    opened.value.locator(".pw-document .pw-grid").first.wait_for()
    opened.value.screenshot(path=SCREENSHOTS / "notebook7-tree.png")
    opened.value.close()
