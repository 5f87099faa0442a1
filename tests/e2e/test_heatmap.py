"""A reader's own array in JupyterLab: linked, updated, saved, on the whole screen, and reopened."""

import csv

import pytest

from patchwidgets.views._words import number
from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

CELLS = [
    """import threading

import patchwidgets as pw
from ipywidgets import jslink

model = pw.load_model("smollm2-135m")
mlps = pw.Study(model, "ioi", n=2).sweep("mlp").wait()""",
    "drawn = pw.heatmap(mlps.normalized(), title='My array')\ndrawn",
    "mlps",
    "linked = jslink((drawn, 'selection'), (mlps.widget, 'selection'))",
    "threading.Thread(target=drawn.show, args=(10 * mlps.normalized(),)).start()",
]
STUDY, DRAWN, MLPS, LINK, SEND = range(5)


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "heatmap.ipynb", CELLS)
    opened = lab.open("heatmap.ipynb")
    opened.run(STUDY, seconds=200)
    for cell in (DRAWN, MLPS, LINK):
        opened.run(cell)
    yield opened
    opened.close()


def view_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def selections(notebook):
    return notebook.value("[drawn.selection, mlps.widget.selection]")


def soon(notebook, read, expected):
    """Wait until something is read as it should be."""
    for _ in range(200):
        if read() == expected:
            return
        notebook.lab.page.wait_for_timeout(50)
    raise AssertionError(f"{read()!r} where {expected!r} should be")


def test_a_map_of_an_array_and_a_result_select_the_same(notebook):
    view_of(notebook, DRAWN).click("L5.mlp_out")
    soon(notebook, lambda: selections(notebook), ["L5.mlp_out"] * 2)
    shown = view_of(notebook, MLPS)
    shown.element.locator(".pw-cell-name", has_text="L5.mlp_out").wait_for()
    view_of(notebook, MLPS).click("L7.mlp_out")
    soon(notebook, lambda: selections(notebook), ["L7.mlp_out"] * 2)
    assert view_of(notebook, DRAWN).spoken.startswith("L7.mlp_out, ")


def test_what_a_thread_shows_is_drawn_and_stored(notebook):
    end = notebook.value("float(abs(10 * mlps.normalized()).max())")
    notebook.run(SEND)
    top = view_of(notebook, DRAWN).element.locator(".pw-scale-numbers span").first
    soon(notebook, top.text_content, f"+{number(end)}")

    def stored():
        (output,) = notebook.outputs()[DRAWN]
        texts = "".join(output["data"]["text/plain"]).split()
        return f"{end:.3f}" in [text.lstrip("+-") for text in texts]

    soon(notebook, stored, True)


def test_a_map_is_saved_and_fills_the_screen(notebook, tmp_path):
    view = view_of(notebook, DRAWN)
    page, grid = view.page, view.grids.first
    grid.focus()
    page.keyboard.press("m")
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="CSV", exact=True).click()
    assert waiting.value.suggested_filename == "My-array.csv"
    waiting.value.save_as(tmp_path / "map.csv")
    lines = list(csv.reader((tmp_path / "map.csv").read_text("utf-8").splitlines()))
    assert [line[0] for line in lines[1:3]] == ["L0.mlp_out", "L1.mlp_out"]
    cells = notebook.ask("panel.content.widgets.length")
    grid.focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.matches('.pw-array-map')")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.fullscreenElement")
    assert notebook.ask("panel.content.widgets.length") == cells


def test_it_stays_alive_without_a_kernel(notebook, lab):
    document = notebook.save()
    received = lab.receive(document)
    view = Explorer(lab, received.cell(DRAWN))
    view.click("L3.mlp_out")
    assert view.spoken.startswith("L3.mlp_out, ")
    assert MIME in received.outputs()[DRAWN][0]["data"]
    received.close()
