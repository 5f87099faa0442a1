"""What a view does while its kernel is shared, restarted, or has lost the model."""

import pytest

from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

CELLS = [
    'import patchwidgets as pw\n\nstudy = pw.Study("mini", "ioi", n=4)',
    'heads = study.sweep("heads").wait()\nheads',
]
REAL = [
    'import patchwidgets as pw\n\nstudy = pw.Study("smollm2-135m", "ioi", n=4)',
    'residual = study.sweep("residual")\nresidual',
]
SHOWN = 1
CHOSEN = "heads._shown.widget.selection"


@pytest.fixture
def notebook(lab):
    write_notebook(lab.root / "first.ipynb", CELLS)
    opened = lab.open("first.ipynb")
    opened.run(0, seconds=100)
    opened.run(SHOWN, seconds=60)
    view_of(opened).wait_until_done()
    yield opened
    opened.close()


def view_of(notebook, cell=SHOWN):
    return Explorer(notebook.lab, notebook.cell(cell))


def bring_to_front(notebook):
    notebook.ask("app.shell.activateById(panel.id)")


def test_two_notebooks_on_one_kernel_each_answer_clicks_whichever_is_closed(lab, notebook):
    write_notebook(lab.root / "second.ipynb", ["heads"])
    second = lab.open_beside(notebook, "second.ipynb")
    second.run(0)
    view_of(second, 0).click("L1H0")
    second.comes_to(CHOSEN, "L1H0")
    bring_to_front(notebook)
    first = view_of(notebook)
    first.element.locator(".pw-cell-name", has_text="L1H0").wait_for()

    second.leave()
    first.click("L2H3")
    notebook.comes_to(CHOSEN, "L2H3")
    first.choose("v L2H3.v")
    first.wait_for_map("What feeds L2H3.v?")
    first.wait_until_done()
    assert notebook.value("len(heads._shown.widget.trail)") == 2


def test_a_click_still_measures_after_the_names_of_model_and_study_are_deleted(lab, notebook):
    assert notebook.value("[globals().pop('study') is None, __import__('gc').collect() < 0]")
    view = view_of(notebook)
    view.drill("L1H0", "v L1H0.v")
    rows = notebook.value("len(heads.study.path(['L1H0.v']).table())")
    assert rows == notebook.value("heads.study.path(['L1H0.v']).progress.total")
    notebook.run(0, seconds=100)


def test_a_restart_while_it_measures_keeps_what_was_measured_and_says_so(lab):
    write_notebook(lab.root / "restarted.ipynb", REAL)
    opened = lab.open("restarted.ipynb")
    opened.run(0, seconds=200)
    opened.run(SHOWN)
    view = view_of(opened)
    filling = view.wait_for_colour()
    assert filling.done < filling.total
    opened.ask("panel.sessionContext.restartKernel()", seconds=60)
    opened.wait_until_idle()
    view.wait_for_progress("saved while measuring")
    assert view.element.get_by_role("button", name="Cancel").count() == 0

    opened.run(0, seconds=200)
    opened.run(SHOWN)
    again = view_of(opened)
    again.wait_until_done(seconds=200)
    assert opened.value("residual.progress.state") == "done"
    opened.close()
