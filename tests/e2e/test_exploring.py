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
    assert took < 2
    assert 0 < filling.done < filling.total == 270
    view.wait_until_done()
    assert notebook.value("heads.progress.state") == "done"

    view.click("L20H0")
    assert view.selected.startswith("L20H0 ")
    assert state(notebook, "heads", "selection", "trail") == ["L20H0", []]
    view.choose("v L20H0.v")
    view.wait_for_map("What feeds L20H0.v?")
    assert state(notebook, "heads", "trail") == [["heads", "L20H0.v"]]
    view.wait_until_done()
    strongest, size = view.peaks()[0]
    table = 'study.path(["L20H0.v"]).table()[["node", "logit_diff_normalized"]]'
    assert [strongest, pytest.approx(size, abs=0.006)] == notebook.value(f"{table}.iloc[0].tolist()")

    view.drill(strongest, f"q {strongest}.q", place=1)
    assert view.trail == ["heads", "L20H0.v", f"{strongest}.q"]
    view.element.get_by_role("button", name="Back").click()
    assert view.trail == ["heads", "L20H0.v"]
    assert state(notebook, "heads", "trail") == [["heads", "L20H0.v"]]
