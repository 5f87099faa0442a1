"""What happens to a view when kernels are shared, restarted or emptied while it is shown."""

import pytest

from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, Notebook, write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

model = pw.load_model()
study = pw.Study(model, "ioi", n=4)
heads = study.sweep("heads").wait()"""
CELLS = [
    STUDY,
    "heads",
    'long = pw.Study(model, "ioi", n=400, store=False).sweep("heads", site="q")\nlong',
]
STUDIED, HEADS, LONG = range(3)
HEAD, OTHER = "L3H5", "L3H3"


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "kernels.ipynb", CELLS)
    opened = lab.open("kernels.ipynb")
    for cell in (STUDIED, HEADS):
        opened.run(cell, seconds=120)
    yield opened
    lab.close_all()


def view_of(notebook, cell=HEADS):
    return Explorer(notebook.lab, notebook.cell(cell))


def activate(notebook):
    notebook.ask("app.shell.activateById(panel.id)")


def test_two_notebooks_on_one_kernel_show_one_result(lab, notebook):
    write_notebook(lab.root / "second.ipynb", ["heads"])
    kernel = notebook.ask("panel.sessionContext.session.kernel.id")
    lab.ask(
        "(app, path, id) => { void app.commands.execute('docmanager:open',"
        " {path, factory: 'Notebook', kernel: {id}}); }",
        "second.ipynb",
        kernel,
    )
    second = Notebook(lab, "second.ipynb")
    lab.wait(
        "(app, path) => [...app.shell.widgets('main')].find((one) => one.context?.path === path)"
        "?.context.isReady",
        "second.ipynb",
    )
    second.wait_until_idle()
    second.run(0)
    view_of(second, 0).click(HEAD)
    notebook.comes_to("heads.widget.selection", HEAD)
    view_of(second, 0).choose(f"q {HEAD}.q")
    view_of(second, 0).wait_for_map(f"What feeds {HEAD}.q?")
    activate(notebook)
    assert view_of(notebook).trail == ["heads", f"{HEAD}.q"]
    second.ask("(panel.context.model.dirty = false, panel.close())")
    view_of(notebook).click(OTHER)
    notebook.comes_to("heads.widget.selection", OTHER)
    lab.page.keyboard.press("Escape")


def test_a_model_that_is_deleted_is_kept_by_what_is_shown_of_it(notebook):
    activate(notebook)
    code = 'exec("del model, study, heads; import gc; gc.collect(); gone = True")'
    assert notebook.value(code) is None
    view = view_of(notebook)
    view.drill(OTHER, f"k {OTHER}.k")
    assert view.says == f"opened {OTHER}.k"


def test_a_kernel_that_is_restarted_during_a_sweep_leaves_what_was_measured(notebook):
    notebook.run(STUDIED, seconds=120)
    notebook.run(LONG, seconds=120)
    view = view_of(notebook, LONG)
    view.wait_for_colour()
    measured = f"""panel.content.widgets[{LONG}].model.toJSON().outputs[0].data["{MIME}"]
      .header.maps[0].progress"""
    notebook.ask("panel.sessionContext.restartKernel()", seconds=60)
    notebook.wait_until_idle()
    kept = notebook.ask(measured)
    assert kept["done"] < kept["total"]
    view.click("L0H0")
    assert view.selected.startswith("L0H0")
    notebook.run(STUDIED, seconds=120)
    notebook.run(HEADS)
    view_of(notebook).click(HEAD)
    notebook.comes_to("heads.widget.selection", HEAD)
