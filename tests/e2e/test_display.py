"""Views in front ends that lack our extension: classic widgets, and the HTML of stored outputs."""

import pytest

from tests.e2e.conftest import listen
from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, PATIENCE, Lab, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.e2e.server import jupyter_lab

pytestmark = REAL_LAB

VIEW = "application/vnd.jupyter.widget-view+json"
STUDY = """import patchwidgets as pw

study = pw.Study(pw.load_model(), "ioi", n=4)
heads = study.sweep("heads").wait()"""
CELLS = [
    STUDY,
    'heads.show(display="stored")',
    'pw.display("widget")\nheads',
    'scatter = study.compare("mlp", metrics=["logit_diff", "prob"])'
    '.scatter("logit_diff", "prob")\nscatter',
]
STORED, CLASSIC, CHART = range(1, 4)
HEAD, OTHER = "L3H5", "L2H0"


@pytest.fixture(scope="module")
def bare(page, noise, tmp_path_factory):
    """JupyterLab without our extension, in a tab of its own."""
    with jupyter_lab(tmp_path_factory.mktemp("bare"), extension=False) as server:
        tab = page.context.browser.new_page(viewport={"width": 1120, "height": 1080})
        tab.set_default_timeout(20_000 * PATIENCE)
        listen(tab, noise)
        opened = Lab(tab, server)
        opened.load()
        yield opened
        tab.close()


def run(lab, name):
    write_notebook(lab.root / name, CELLS)
    notebook = lab.open(name)
    for cell in range(len(CELLS)):
        notebook.run(cell, seconds=120)
    return notebook


@pytest.fixture(scope="module")
def with_extension(lab):
    notebook = run(lab, "display.ipynb")
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def without_extension(bare):
    return run(bare, "display.ipynb")


@pytest.fixture(params=["with_extension", "without_extension"])
def notebook(request):
    return request.getfixturevalue(request.param)


def view_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def drawn_in(notebook, cell, kind):
    """Wait until a view is drawn by what JupyterLab gives this class."""
    notebook.cell(cell).locator(f".{kind} .pw-explorer").wait_for()


def test_a_classic_widget_answers_clicks_with_and_without_our_extension(notebook):
    view = view_of(notebook, CLASSIC)
    drawn_in(notebook, CLASSIC, "lm-Panel.jp-OutputArea-output")
    view.click(HEAD)
    notebook.comes_to("heads.widget.selection", HEAD)
    view.choose(f"q {HEAD}.q")
    view.wait_for_map(f"What feeds {HEAD}.q?")
    view.wait_until_done()
    assert f"{HEAD}.q" in notebook.value("list(study.results)")
    notebook.comes_to("heads.widget.trail", ["heads", f"{HEAD}.q"])


def test_it_stores_no_payload_of_ours_but_a_page_and_a_picture(notebook):
    (_, (stored,), (classic,), _) = notebook.outputs()
    assert set(stored["data"]) == {MIME, "text/html", "image/png", "text/plain"}
    assert set(classic["data"]) == {VIEW, "text/html", "image/png", "text/plain"}


def test_a_chart_is_live_without_our_extension(without_extension):
    from tests.e2e.chart import ChartOnPage

    chart = ChartOnPage(without_extension.lab.page, without_extension.cell(CHART))
    chart.wait_until_live()
    node = without_extension.value("scatter.table()['node'][0]")
    without_extension.value(f"scatter.widget.set_trait('selection', {node!r})")
    chart.wait_for(node)


def test_without_our_extension_a_stored_output_answers_clicks_of_its_own(without_extension):
    without_extension.run(STORED)  # with the map that was opened in the meantime
    assert_clickable(without_extension)


def test_a_reader_without_our_extension_clicks_too_and_one_who_trusts_nobody_sees_it(
    bare, without_extension
):
    without_extension.run(STORED)
    # What needs its kernel says so on the console without one.
    without_extension.ask(
        f"panel.content.model.sharedModel.deleteCellRange({CLASSIC}, {CHART + 1})"
    )
    document = without_extension.save()
    without_extension.close()
    trusted = bare.open("display.ipynb")
    assert_clickable(trusted)
    trusted.close()
    received = bare.receive(document)
    received.cell(STORED).locator("img").first.wait_for()
    assert view_of(received, STORED).element.count() == 0
    received.close()


def assert_clickable(notebook):
    view = view_of(notebook, STORED)
    drawn_in(notebook, STORED, "jp-RenderedHTML")
    view.drill(HEAD, f"q {HEAD}.q")
    notebook.lab.page.keyboard.press("Backspace")
    view.click(OTHER)
    view.choose(f"q {OTHER}.q")
    assert view.says.startswith(f"{OTHER}.q was not measured; run study.path(")
